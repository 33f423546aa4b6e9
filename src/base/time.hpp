// Time as the cores see it: handed in by the caller, never read from a clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace roomwire {

/// A point on the loop's monotonic clock. In a simulation it starts at zero.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): 5s, 233ms

/// When a core next wants `handle_timeout`; nothing when it waits for input alone.
using Deadline = std::optional<Time>;

/// The earlier of two deadlines.
inline Deadline earlier(Deadline a, Deadline b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

/// A caller's duration as ours: none is negative, and the longest ("for ever") is a hundred years,
/// which can be added to any time of the loop.
inline Duration clamped(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24) * 36'525;
  return std::clamp(duration, std::chrono::milliseconds::zero(), longest);
}

/// The date, for what goes onto the wire (Nostr's created_at).
class WallClock {
 public:
  virtual ~WallClock() = default;
  virtual std::int64_t unix_seconds() = 0;
};

}  // namespace roomwire
