// STUN Binding messages (RFC 8489) with ICE's attributes (RFC 8445 section 16): parse, serialise.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/entropy.hpp"

namespace roomwire::rtc {

/// RFC 8489 section 5: the two class bits.
enum class StunClass : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

using StunTransactionId = std::array<std::uint8_t, 12>;

StunTransactionId draw_transaction_id(Entropy& entropy);

struct StunError {
  std::uint16_t code = 0;  ///< 300 to 699
  std::string reason;
  bool operator==(const StunError&) const = default;
};

/// RFC 8489 section 14.8, RFC 8445 section 16.2.
constexpr std::uint16_t stun_bad_request = 400;
constexpr std::uint16_t stun_unauthenticated = 401;
constexpr std::uint16_t stun_unknown_attribute = 420;
constexpr std::uint16_t stun_role_conflict = 487;

/// A message of the method Binding. Of an attribute that comes twice, the first counts.
struct StunMessage {
  StunClass kind = StunClass::request;
  StunTransactionId transaction{};
  std::optional<std::string> username;
  std::optional<std::uint32_t> priority;
  bool use_candidate = false;
  /// The tie-breakers of ICE-CONTROLLING and ICE-CONTROLLED.
  std::optional<std::uint64_t> controlling;
  std::optional<std::uint64_t> controlled;
  /// XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS where there is none. Written as XOR-MAPPED-ADDRESS.
  std::optional<Endpoint> mapped_address;
  std::optional<StunError> error;
  /// The attribute UNKNOWN-ATTRIBUTES of an error 420.
  std::vector<std::uint16_t> unknown_attributes;
  std::string software;

  // What parse() found; serialise() looks at none of it.
  /// Comprehension-required attributes (below 0x8000) that this codec does not know, each once. A
  /// request with some is answered with error 420, any other message is to be dropped. At most 16.
  std::vector<std::uint16_t> not_understood;
  /// A right FINGERPRINT was there (a wrong one makes parse() fail).
  bool has_fingerprint = false;
  /// Where MESSAGE-INTEGRITY begins in the packet; nothing when there is none.
  std::optional<std::size_t> integrity_offset;

  /// One whole datagram. Nothing when it is malformed, of another method than Binding, or its
  /// FINGERPRINT is wrong. Attributes behind MESSAGE-INTEGRITY, which no one vouches for, are
  /// ignored, FINGERPRINT excepted.
  static std::optional<StunMessage> parse(ByteView packet);

  /// Whether `packet`, which this message was parsed from, was signed with `key` (of short-term
  /// credentials: the password). False when it was not signed at all.
  bool has_integrity(ByteView packet, std::string_view key) const;

  /// With MESSAGE-INTEGRITY when there is a `key`, and always with FINGERPRINT. The texts must
  /// keep to their limits: username 508 bytes, software and reason 763 bytes.
  Bytes serialise(std::optional<std::string_view> key) const;

  bool operator==(const StunMessage&) const = default;
};

/// Whether a datagram of a shared socket is STUN at all (RFC 7983: its first byte is 0 to 3,
/// DTLS's 20 to 63), by that byte, the magic cookie and the length. It may still be malformed.
bool looks_like_stun(ByteView datagram);

/// Reads without parsing the rest, to find whom a datagram is for. Only for what looks_like_stun.
StunClass stun_class(ByteView packet);
StunTransactionId stun_transaction(ByteView packet);
/// The receiver's ufrag: of a request's USERNAME "receiver:sender" what stands before the colon
/// (RFC 8445 section 7.2.2). Views into `packet`; nothing in any other kind of message.
std::optional<std::string_view> stun_receiver_ufrag(ByteView packet);

/// The question to a STUN server of what address it sees us at.
Bytes stun_server_request(const StunTransactionId& transaction);
/// The server's answer to it; nothing when `packet` is no success response with an address in it.
/// The caller has compared transaction and source.
std::optional<Endpoint> stun_server_answer(ByteView packet);

}  // namespace roomwire::rtc
