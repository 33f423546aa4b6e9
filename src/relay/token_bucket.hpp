// How much a client may do on average, and at once.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.hpp"

namespace roomwire::relay {

/// Full at first. Refused takings count too, so that a client which never slows down is told so
/// for a while and then found out.
class TokenBucket {
 public:
  enum class Verdict { within, over, far_over };

  TokenBucket(Time now, double per_second, double burst)
      : updated_(now), per_second_(per_second), burst_(burst), level_(burst) {}

  /// Far over is a whole burst beyond what was allowed.
  Verdict take(Time now, double amount) {
    const double seconds = std::chrono::duration<double>(now - updated_).count();
    updated_ = now;
    level_ = std::min(burst_, level_ + seconds * per_second_) - amount;
    if (level_ >= 0) return Verdict::within;
    return level_ >= -burst_ ? Verdict::over : Verdict::far_over;
  }

 private:
  Time updated_;
  double per_second_;
  double burst_;
  double level_;
};

}  // namespace roomwire::relay
