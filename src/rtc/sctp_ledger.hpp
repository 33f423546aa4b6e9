// Follows what SCTP does with the data given to it, by reading the packets that pass: usrsctp
// does not tell. It reads the headers of our own packets and of authenticated ones only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.hpp"

namespace roomwire::rtc {

/// What precedes the chunks of an SCTP packet, in bytes (RFC 9260 section 3.1).
inline constexpr std::size_t sctp_common_header = 12;

/// Marks a packet's data as to be acknowledged at once (the I bit, RFC 7053).
void request_sack(std::span<std::uint8_t> packet);

class SctpLedger {
 public:
  /// The stack took `bytes` of messages.
  void note_accepted(std::size_t bytes) { unsent_ += bytes; }
  void note_outgoing(ByteView packet);
  void note_incoming(ByteView packet);

  /// Bytes that were never put into a packet so far.
  std::size_t unsent() const { return unsent_; }
  /// Packets with data that left since the peer last acknowledged anything.
  std::size_t packets_since_sack() const { return packets_since_sack_; }
  /// Packets with data that came since we last acknowledged anything.
  std::size_t packets_to_acknowledge() const { return packets_to_acknowledge_; }
  /// Everything was sent, and the peer has it.
  bool all_acknowledged() const;

 private:
  std::size_t unsent_ = 0;
  std::size_t packets_since_sack_ = 0;
  std::size_t packets_to_acknowledge_ = 0;
  std::optional<std::uint32_t> last_sent_;          ///< TSN
  std::optional<std::uint32_t> last_acknowledged_;  ///< TSN, cumulative
};

}  // namespace roomwire::rtc
