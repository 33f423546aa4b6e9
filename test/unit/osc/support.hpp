// What the tests of this layer share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "osc/codec.hpp"
#include "osc/message.hpp"

namespace roomwire::osc {

/// What is encoded, in hex, or "error: …".
inline std::string encoded(const Packet& packet) {
  Bytes bytes;
  const auto done = encode(packet, bytes);
  return done ? to_hex(bytes) : "error: " + done.error().message;
}

inline Decoded decoded(std::string_view hex) {
  const auto bytes = from_hex(hex);
  return bytes ? decode(*bytes) : Decoded{};
}

/// Seeded packets with every type in them. Print `seed` when a test fails.
class RandomPackets {
 public:
  explicit RandomPackets(std::uint32_t seed) : random_(seed) {}

  Packet packet(std::size_t depth = 1) {
    if (depth > 3 || below(3) > 0) return message();
    Bundle bundle{TimeTag{random_()}, {}};
    for (std::size_t left = below(4); left > 0; --left)
      bundle.elements.push_back(packet(depth + 1));
    return bundle;
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  Message message() {
    Message message{"/" + text(), {}};
    for (std::size_t left = below(6); left > 0; --left)
      message.args.push_back(argument(1));
    return message;
  }

  std::string text() {
    static constexpr std::string_view parts[] = {"a", "synth", "/",  "ż", "🎛",
                                                 "*", "\"",    "\\", "9"};
    std::string text;
    for (std::size_t left = below(6); left > 0; --left)
      text += parts[below(std::size(parts))];
    return text;
  }

  Argument argument(std::size_t depth) {
    const auto byte = [this] { return static_cast<std::uint8_t>(random_()); };
    switch (below(15)) {
      case 0:
        return static_cast<std::int32_t>(random_());
      case 1:
        return floating<float>();
      case 2:
        return text();
      case 3: {
        Bytes bytes(below(9));
        for (auto& item : bytes)
          item = byte();
        return bytes;
      }
      case 4:
        return static_cast<std::int64_t>(random_());
      case 5:
        return TimeTag{random_()};
      case 6:
        return floating<double>();
      case 7:
        return Symbol{text()};
      case 8:
        return Character{static_cast<std::uint32_t>(random_()) >> below(32)};
      case 9:
        return Color{byte(), byte(), byte(), byte()};
      case 10:
        return Midi{byte(), byte(), byte(), byte()};
      case 11:
        return below(2) == 0;
      case 12:
        return Nil{};
      case 13:
        return Infinitum{};
      default: {
        Array array;
        for (std::size_t left = depth > 3 ? 0 : below(4); left > 0; --left)
          array.items.push_back(argument(depth + 1));
        return array;
      }
    }
  }

  template <class Number>
  Number floating() {
    using Limits = std::numeric_limits<Number>;
    switch (below(8)) {
      case 0:
        return Limits::infinity();
      case 1:
        return -Number{0};
      case 2:
        return Limits::max();
      case 3:
        return Limits::denorm_min();
      case 4:
        return static_cast<Number>(below(1000));
      default: {
        // Never beyond what a float32 can hold.
        const auto mantissa = static_cast<Number>(random_());
        return std::ldexp(mantissa, static_cast<int>(below(120)) - 100);
      }
    }
  }

  std::mt19937_64 random_;
};

}  // namespace roomwire::osc
