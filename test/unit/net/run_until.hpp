// Runs a loop until something has happened.
#pragma once

#include <base/time.hpp>
#include <functional>
#include <net/loop.hpp>

namespace roomwire::net {

/// True once `done` holds; false when it does not within the limit, which only a test that fails
/// ever waits for.
inline bool run_until(Loop& loop, const std::function<bool()>& done, Duration limit = 120s) {
  const Time end = std::chrono::steady_clock::now() + limit;
  bool result = false;
  std::function<void()> check;
  Timer timer(loop, [&] { check(); });
  check = [&] {
    result = done();
    if (result || loop.now() > end) {
      loop.stop();
    } else {
      timer.set(loop.now() + 1ms);
    }
  };
  timer.set(Time{});
  loop.run();
  return result;
}

/// Lets the loop do what is ready now, and what that makes ready, a few times over.
inline void settle(Loop& loop) {
  int turns = 0;
  run_until(loop, [&] { return ++turns > 5; });
}

}  // namespace roomwire::net
