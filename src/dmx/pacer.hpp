// When frames may leave: at most so many a second, and evenly.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace roomwire::dmx {

/// About what a DMX512 line carries when all 512 slots are sent, and the most for both protocols.
constexpr unsigned max_frame_rate = 44;

/// Frames that always wait to be sent leave on a grid of 1/rate seconds, so that a timer that runs
/// late does not shift those after it. Who was quiet for longer may send at once, and the grid
/// begins anew there.
class Pacer {
 public:
  /// `rate` is at least 1. On a shared grid, which counts from the clock's zero, the frames of all
  /// universes leave together, as ArtSync and sACN's sync packets need it, and nothing at once.
  explicit Pacer(unsigned rate = max_frame_rate, bool shared_grid = false)
      : rate_(rate), shared_grid_(shared_grid) {}

  /// When a frame that is ready now may leave: now or later.
  Time ready(Time now) {
    if (now <= at(index_) && !shared_grid_) return at(index_);
    if (shared_grid_) {
      index_ = first_from(now) > index_ ? first_from(now) : index_;
    } else {
      grid_ = now;
      index_ = 0;
    }
    return at(index_);
  }

  /// One has left. The next place is at least half of an interval away, however late this was.
  void sent(Time now) {
    const std::int64_t next = first_from(now + interval() / 2);
    index_ = next > index_ ? next : index_ + 1;
  }

  /// The place of the next frame.
  Time next() const { return at(index_); }
  Duration interval() const { return Duration(std::chrono::seconds(1)) / rate_; }

 private:
  using Count = std::chrono::duration<std::int64_t, std::nano>;
  static constexpr std::int64_t second = 1'000'000'000;

  Time at(std::int64_t index) const {
    // In two parts, lest a clock that runs for years overflows the product.
    return grid_ + std::chrono::duration_cast<Duration>(
                       Count(index / rate_ * second + index % rate_ * second / rate_));
  }

  /// The first place that is not before `time`.
  std::int64_t first_from(Time time) const {
    const std::int64_t passed = std::chrono::duration_cast<Count>(time - grid_).count();
    if (passed <= 0) return 0;
    std::int64_t index = passed / second * rate_ + passed % second * rate_ / second;
    while (at(index) < time)
      ++index;
    return index;
  }

  std::int64_t rate_;
  bool shared_grid_;
  Time grid_{};
  std::int64_t index_ = 0;
};

}  // namespace roomwire::dmx
