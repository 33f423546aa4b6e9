// What the tests of this layer share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "dmx/message.hpp"
#include "dmx/universe.hpp"

namespace roomwire::dmx {

/// Hex digits of `count` bytes of 0.
inline std::string zeros(std::size_t count) {
  return std::string(2 * count, '0');
}

/// A text in a field of `size` bytes, in hex.
inline std::string field(std::string_view text, std::size_t size) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) +
         zeros(size - text.size());
}

inline Bytes bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

template <class Packet>
std::string encoded(const Packet& packet) {
  Bytes bytes;
  encode(packet, bytes);
  return to_hex(bytes);
}

inline PortAddress port_address(std::string_view text) {
  return PortAddress::parse(text).value();
}
inline SacnUniverse sacn_universe(std::uint32_t number) {
  return SacnUniverse::from_number(number).value();
}

/// Time::min() would overflow; a clock starts anywhere.
inline Time at(Duration time) {
  return Time{} + 1h + time;
}

/// {"channel":slot,"value":value}
inline Update named(std::size_t slot, std::uint8_t value) {
  Update update;
  update.values[slot] = value;
  update.given.set(slot);
  update.named.set(slot);
  return update;
}

}  // namespace roomwire::dmx
