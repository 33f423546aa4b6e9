// What the parts of a connection say to each other: the words of ICE and DTLS, and no class that
// does something.
#pragma once

#include <string>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "rtc/candidate.hpp"

namespace roomwire::rtc {

struct IceCredentials {
  std::string ufrag;     ///< 4 to 256 characters
  std::string password;  ///< 22 to 256 characters
  static IceCredentials draw(Entropy& entropy);
  bool operator==(const IceCredentials&) const = default;
};

enum class IceRole { controlling, controlled };

/// The addresses that data goes between.
struct IcePair {
  Endpoint local;  ///< One of our sockets (the base of the local candidate).
  Endpoint remote;
  CandidateType local_type = CandidateType::host;
  CandidateType remote_type = CandidateType::host;
  bool operator==(const IcePair&) const = default;
};

enum class IceState {
  waiting,       ///< No credentials of the peer yet, or no candidate answers so far.
  connected,     ///< A pair is selected. May be said again with another pair.
  disconnected,  ///< Nothing heard on the selected pair for 5 s; may recover.
  failed,        ///< No pair worked within the time limit, or consent was lost. For good.
};

/// The hash of a certificate (RFC 8122 section 5).
struct Fingerprint {
  std::string algorithm;  ///< `sha-256`, lower case
  Bytes digest;

  /// `sha-256 AB:CD:…`, as after `a=fingerprint:`.
  std::string to_string() const;
  bool operator==(const Fingerprint&) const = default;
};

/// Who opens the DTLS connection (RFC 8842 section 5, RFC 4145 section 4).
enum class DtlsSetup { actpass, active, passive };

enum class DtlsRole { client, server };

}  // namespace roomwire::rtc
