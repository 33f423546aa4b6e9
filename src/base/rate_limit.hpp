// How often something may happen: a token bucket.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.hpp"

namespace roomwire {

/// Full at first; holds at most `burst` tokens and gains `per_second`.
class RateLimit {
 public:
  RateLimit(double burst, double per_second)
      : burst_(burst), per_second_(per_second), tokens_(burst) {}

  /// Takes a token; false when there is none.
  bool take(Time now) {
    if (now > filled_at_) {
      const std::chrono::duration<double> passed = now - filled_at_;
      tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
      filled_at_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double burst_;
  double per_second_;
  double tokens_;
  Time filled_at_{};
};

}  // namespace roomwire
