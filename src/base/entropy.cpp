#include "base/entropy.hpp"

#include <array>
#include <limits>

namespace roomwire {
namespace {

std::uint64_t number(Entropy& entropy) {
  std::array<std::uint8_t, 8> bytes{};
  entropy.fill(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes)
    value = value << 8 | byte;
  return value;
}

}  // namespace

std::uint64_t Entropy::below(std::uint64_t bound) {
  // Numbers of the last, incomplete run are drawn again: taking them would favour the low ones.
  const std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t limit = top - top % bound;
  std::uint64_t value = number(*this);
  while (value >= limit)
    value = number(*this);
  return value % bound;
}

double Entropy::unit() {
  return static_cast<double>(number(*this) >> 11) * 0x1p-53;
}

std::string Entropy::id(std::size_t length) {
  static constexpr std::string_view alphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id(length, '0');
  for (char& c : id)
    c = alphabet[below(alphabet.size())];
  return id;
}

void SeededEntropy::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) {
      word = state_ += 0x9e3779b97f4a7c15;
      word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
      word = (word ^ word >> 27) * 0x94d049bb133111eb;
      word ^= word >> 31;
    }
    out[i] = static_cast<std::uint8_t>(word >> i % 8 * 8);
  }
}

}  // namespace roomwire
