// What a universe is, and what Art-Net, sACN and a room call it.
#pragma once

#include <array>
#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/error.hpp>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>

namespace roomwire::dmx {

/// Of a DMX512 packet (ANSI E1.11). A slot counts from 0 in this code; people and fixtures count
/// channels from 1.
constexpr std::size_t slot_count = 512;

using Slots = std::array<std::uint8_t, slot_count>;
using SlotSet = std::bitset<slot_count>;

/// The levels that one packet carries.
struct Frame {
  Slots slots{};
  /// How many of them were sent, 1 to 512; those behind are 0 here.
  std::uint16_t size = slot_count;

  ByteView used() const { return ByteView(slots).first(size); }
  bool operator==(const Frame&) const = default;
};

/// Art-Net's Port-Address: Net (7 bits), Sub-Net (4) and Universe (4).
class PortAddress {
 public:
  static constexpr std::uint32_t max = 0x7fff;

  /// 0.0.0
  constexpr PortAddress() = default;
  /// From 0 to 32,767.
  static std::optional<PortAddress> from_number(std::uint32_t number);
  /// Net.Sub-Net.Universe ("0.0.1") or the whole as one number ("1").
  static Result<PortAddress> parse(std::string_view text);

  std::uint16_t number() const { return number_; }
  std::uint8_t net() const { return static_cast<std::uint8_t>(number_ >> 8); }
  /// Sub-Net in the upper four bits and Universe in the lower ones, as packets have it.
  std::uint8_t sub_uni() const { return static_cast<std::uint8_t>(number_ & 0xff); }
  std::uint8_t sub_net() const { return sub_uni() >> 4; }
  std::uint8_t universe() const { return sub_uni() & 0xf; }
  /// "0.0.1"
  std::string to_string() const;
  auto operator<=>(const PortAddress&) const = default;

 private:
  explicit constexpr PortAddress(std::uint16_t number) : number_(number) {}
  std::uint16_t number_ = 0;
};

/// E1.31's universe, from 1 to 63,999.
class SacnUniverse {
 public:
  static constexpr std::uint32_t max = 63'999;

  /// 1
  constexpr SacnUniverse() = default;
  static std::optional<SacnUniverse> from_number(std::uint32_t number);
  static Result<SacnUniverse> parse(std::string_view text);

  std::uint16_t number() const { return number_; }
  std::string to_string() const { return std::to_string(number_); }
  auto operator<=>(const SacnUniverse&) const = default;

 private:
  explicit constexpr SacnUniverse(std::uint16_t number) : number_(number) {}
  std::uint16_t number_ = 1;
};

/// What a message in a room calls a universe: a number from 0 to 63,999, which is a Port-Address
/// where Art-Net is spoken and the universe where sACN is.
class RoomUniverse {
 public:
  static constexpr std::uint32_t max = SacnUniverse::max;

  explicit RoomUniverse(PortAddress address) : number_(address.number()) {}
  explicit RoomUniverse(SacnUniverse universe) : number_(universe.number()) {}
  static std::optional<RoomUniverse> from_number(std::uint32_t number);
  /// "5" or a Port-Address, "0.0.5".
  static Result<RoomUniverse> parse(std::string_view text);

  std::uint16_t number() const { return number_; }
  auto operator<=>(const RoomUniverse&) const = default;

 private:
  explicit RoomUniverse(std::uint16_t number) : number_(number) {}
  std::uint16_t number_;
};

}  // namespace roomwire::dmx
