// OpenSSL's DTLS timers and usrsctp's round-trip measurement read gettimeofday(). The test program
// has one of its own, so that they live in the simulation's time as well.
#pragma once

#include "base/time.hpp"

namespace roomwire::rtc {

/// While one exists, gettimeofday() says what it was last told.
class VirtualClock {
 public:
  VirtualClock();
  ~VirtualClock();
  VirtualClock(const VirtualClock&) = delete;
  VirtualClock& operator=(const VirtualClock&) = delete;
  void set(Time now);
};

}  // namespace roomwire::rtc
