// Randomness as the cores see it: handed in, so that a test can seed it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace roomwire {

class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills `out` with random bytes; the edge's are fit for keys.
  virtual void fill(std::span<std::uint8_t> out) = 0;

  /// A number from 0 to bound - 1, each as likely; bound is at least 1.
  std::uint64_t below(std::uint64_t bound);
  /// From 0 up to but not including 1.
  double unit();
  /// `length` characters of 0-9A-Za-z, as Trystero draws its ids.
  std::string id(std::size_t length);
};

/// Repeatable, for tests and simulations only (splitmix64).
class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace roomwire
