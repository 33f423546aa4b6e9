#include "rtc/virtual_clock.hpp"

#include <sys/time.h>

#include <ctime>

namespace {

bool is_virtual = false;
timeval virtual_now{};

}  // namespace

// Shared libraries find this one before the C library's.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int gettimeofday(timeval* __restrict time, void* __restrict /*zone*/) noexcept {
  if (is_virtual) {
    *time = virtual_now;
    return 0;
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

namespace roomwire::rtc {

VirtualClock::VirtualClock() {
  is_virtual = true;
  set(Time{});
}

VirtualClock::~VirtualClock() {
  is_virtual = false;
}

void VirtualClock::set(Time now) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  constexpr time_t some_day = 1'700'000'000;
  virtual_now.tv_sec = some_day + since.count() / 1'000'000;
  virtual_now.tv_usec = since.count() % 1'000'000;
}

}  // namespace roomwire::rtc
