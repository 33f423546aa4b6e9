// ICE candidates and their one line of SDP (RFC 8839 section 5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"

namespace roomwire::rtc {

enum class CandidateType { host, server_reflexive, peer_reflexive, relayed };

struct Candidate {
  std::string foundation;
  std::uint32_t priority = 0;
  CandidateType type = CandidateType::host;
  /// Of our own with its scope, of the peer's without.
  Endpoint endpoint;
  /// An mDNS name (`….local`) in place of the address, which is then 0.0.0.0.
  std::string mdns_name;
  /// For reflexive and relayed ones: the address that it was learned from.
  std::optional<Endpoint> related;

  /// The text after `a=` and without line end: `candidate:…`. A leading `a=` is tolerated.
  /// Nothing when it is malformed, not UDP, or not component 1: such candidates are of no use.
  static std::optional<Candidate> parse(std::string_view line);
  std::string to_string() const;
  bool operator==(const Candidate&) const = default;
};

/// RFC 8445 section 5.1.2.1, with component 1. `local_preference` 0 to 65535.
std::uint32_t candidate_priority(CandidateType type, std::uint16_t local_preference);

/// RFC 8445 section 5.1.1.3: the same for candidates of one type, base address and STUN server.
std::string candidate_foundation(CandidateType type, const IpAddress& base,
                                 const std::optional<IpAddress>& server = std::nullopt);

}  // namespace roomwire::rtc
