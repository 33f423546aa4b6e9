// Deadlines of many small state machines, kept in order so that the next one is known at once.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "base/time.hpp"

namespace roomwire::room {

class Timer;

class TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  Deadline next() const { return timers_.empty() ? Deadline{} : Deadline{timers_.begin()->first}; }
  /// Runs every timer that is due; a task may set and destroy timers, its own included.
  void run(Time now);

 private:
  friend class Timer;
  std::multimap<Time, Timer*> timers_;
};

/// Cancelled when destroyed. Its queue outlives it.
class Timer {
 public:
  explicit Timer(TimerQueue& queue) : queue_(queue) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces what was set before.
  void set(Time when, std::function<void(Time)> task) {
    cancel();
    task_ = std::move(task);
    place_ = queue_.timers_.emplace(when, this);
    armed_ = true;
  }

  bool is_set() const { return armed_; }

  void cancel() {
    if (!armed_) return;
    armed_ = false;
    queue_.timers_.erase(place_);
  }

 private:
  friend class TimerQueue;
  TimerQueue& queue_;
  std::multimap<Time, Timer*>::iterator place_;
  std::function<void(Time)> task_;
  bool armed_ = false;
};

inline void TimerQueue::run(Time now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Timer& timer = *timers_.begin()->second;
    timer.cancel();
    // Moved out: the task may destroy its timer.
    const std::function<void(Time)> task = std::move(timer.task_);
    task(now);
  }
}

}  // namespace roomwire::room
