// OSC packets as bytes and back. What decode() gives, encode() writes again byte for byte, and the
// other way round.
#pragma once

#include <cstddef>
#include <optional>
#include <roomwire/error.hpp>

#include "osc/message.hpp"
#include "osc/refusal.hpp"

namespace roomwire::osc {

/// Appends the packet to `out`. Fails, with `out` as it was, with invalid_input when an address
/// does not begin with / or a text contains NUL, and with limit beyond the bounds of message.hpp
/// or `max_size` bytes.
Result<void> encode(const Packet& packet, Bytes& out, std::size_t max_size = max_datagram_size);
Result<void> encode(const Message& message, Bytes& out, std::size_t max_size = max_datagram_size);

struct Decoded {
  /// What could be read. Of a bundle, the elements that are good: a bundle of which none is left
  /// is left out itself, unless it came empty.
  std::optional<Packet> packet;
  /// A message without type tags, as old programs send it, is accepted without arguments; if it
  /// had some, that is noted here.
  Refusals refused;
};

/// One whole packet: a datagram, or what framing.hpp took off a stream. Padding must be there and
/// zero, and nothing may be left over (liblo is as strict).
Decoded decode(ByteView bytes, std::size_t max_size = max_datagram_size);

}  // namespace roomwire::osc
