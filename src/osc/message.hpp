// OSC 1.0 messages and bundles as values (opensoundcontrol.stanford.edu/spec-1_0.html), with all
// the types that its table of less standard tags names.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace roomwire::osc {

/// The most that a UDP datagram holds over IPv4: 65,535 less 20 of IP and 8 of UDP.
constexpr std::size_t max_datagram_size = 65'507;
/// How deep bundles may lie in bundles, and arrays in arrays. The outermost counts.
constexpr std::size_t max_depth = 16;
/// Of one packet, over all its messages; arrays count too. A full datagram of 32-bit arguments
/// stays below; tags without data (T F N I) alone could outgrow it.
constexpr std::size_t max_arguments = 16'384;
/// Messages and bundles inside one packet. No datagram can hold more.
constexpr std::size_t max_elements = 8'192;

/// NTP: the upper 32 bits are seconds since 1900, the lower ones fractions of a second.
struct TimeTag {
  std::uint64_t ntp = 1;

  /// Nothing before 1900 or after 7 February 2036, when the 32 bits are used up. Not for NaN.
  static std::optional<TimeTag> from_unix_seconds(double seconds);
  /// As above, for a time within those.
  static TimeTag from_unix_time(std::chrono::nanoseconds time);
  /// Since 1970; of no meaning for `immediately`.
  std::chrono::nanoseconds unix_time() const;

  bool operator==(const TimeTag&) const = default;
};

/// The special time tag: to be done on arrival.
constexpr TimeTag immediately{1};

/// Tag S: a string that some programs tell from `s`.
struct Symbol {
  std::string text;
  bool operator==(const Symbol&) const = default;
};

/// Tag c: ASCII in 32 bits. Programs also put Unicode here, so every value passes.
struct Character {
  std::uint32_t code = 0;
  bool operator==(const Character&) const = default;
};

/// Tag r.
struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  std::uint8_t alpha = 0;
  bool operator==(const Color&) const = default;
};

/// Tag m.
struct Midi {
  std::uint8_t port = 0;
  std::uint8_t status = 0;
  std::uint8_t data1 = 0;
  std::uint8_t data2 = 0;
  bool operator==(const Midi&) const = default;
};

/// Tag N.
struct Nil {
  bool operator==(const Nil&) const = default;
};

/// Tag I: "infinitum" in 1.0, "impulse" in 1.1, a bang in Max.
struct Infinitum {
  bool operator==(const Infinitum&) const = default;
};

struct Array;

/// Tags, in this order: i f s b h t d S c r m, T or F, N, I, and [ ].
/// A string must not contain NUL, which ends it on the wire. OSC says ASCII; UTF-8 is common.
using Argument = std::variant<std::int32_t, float, std::string, Bytes, std::int64_t, TimeTag,
                              double, Symbol, Character, Color, Midi, bool, Nil, Infinitum, Array>;

struct Array {
  std::vector<Argument> items;
  bool operator==(const Array&) const = default;
};

struct Message {
  std::string address;
  std::vector<Argument> args;
  bool operator==(const Message&) const = default;
};

struct Bundle;

using Packet = std::variant<Message, Bundle>;

struct Bundle {
  TimeTag time = immediately;
  std::vector<Packet> elements;
  bool operator==(const Bundle&) const = default;
};

/// The type tag of an argument; of an array, its [.
char tag_of(const Argument& argument);

/// Why `address` cannot be sent ("address 'a?' contains NUL"); nothing when it can. Whatever can be
/// received can be sent: patterns, spaces, and addresses without a / in front, as gear has them,
/// that could be nothing else (neither the head of a bundle nor type tags nor binary data).
std::optional<std::string> address_fault(std::string_view address);

}  // namespace roomwire::osc
