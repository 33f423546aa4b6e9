// OSC packets as bytes and back. What encode() writes, decode() gives back; what decode() gives,
// encode() writes byte for byte, unless it came sloppy.
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <roomwire/error.hpp>
#include <string_view>

#include "osc/message.hpp"
#include "osc/refusal.hpp"

namespace roomwire::osc {

/// Appends the packet to `out`. Fails, with `out` as it was, with invalid_input when an address
/// has an address_fault or a text contains NUL, and with limit beyond the bounds of message.hpp or
/// `max_size` bytes.
Result<void> encode(const Packet& packet, Bytes& out, std::size_t max_size = max_datagram_size);
Result<void> encode(const Message& message, Bytes& out, std::size_t max_size = max_datagram_size);

/// What is not as OSC says and has one meaning all the same. It is read; each was seen in the
/// field.
enum class Sloppy {
  padding,      ///< Old bytes instead of zeros, as sclang 3.13 pads blobs.
  end_cut,      ///< The padding at the end of a message is missing.
  left_over,    ///< Bytes behind the last argument or element, which belong to nothing.
  odd_element,  ///< A bundle's element whose size is no multiple of 4.
  no_slash,     ///< An address as `node` of the Behringer X32. It needs type tags behind it.
};
constexpr std::size_t sloppy_count = 5;
std::string_view in_words(Sloppy sloppy);

struct Decoded {
  /// What could be read. Of a bundle, the elements that are good: a bundle of which none is left
  /// is left out itself, unless it came empty.
  std::optional<Packet> packet;
  /// A message without type tags, as old programs send it, is accepted without arguments; if it
  /// had some, that is noted here.
  Refusals refused;
  /// By Sloppy: what the packet was read in spite of.
  std::bitset<sloppy_count> sloppy;
};

/// One whole packet: a datagram, or what framing.hpp took off a stream.
Decoded decode(ByteView bytes, std::size_t max_size = max_datagram_size);

}  // namespace roomwire::osc
