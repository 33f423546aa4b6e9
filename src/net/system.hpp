// Randomness and the date, from the system.
#pragma once

#include <array>
#include <base/entropy.hpp>
#include <base/time.hpp>
#include <cstddef>

namespace roomwire::net {

/// OpenSSL's generator, fit for keys; buffered, because cores ask for a few bytes at a time.
class SystemEntropy : public Entropy {
 public:
  ~SystemEntropy() override;
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::array<std::uint8_t, 512> buffer_{};
  std::size_t used_ = buffer_.size();
};

class SystemWallClock : public WallClock {
 public:
  std::int64_t unix_seconds() override;
};

}  // namespace roomwire::net
