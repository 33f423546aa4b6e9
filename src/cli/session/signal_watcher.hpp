// SIGINT, SIGTERM and SIGHUP, as calls.
#pragma once

#include <functional>
#include <thread>

#include "cli/io/wake_event.hpp"

namespace roomwire::cli {

/// Make it before any other thread: threads inherit that the signals wait for this one.
class SignalWatcher {
 public:
  /// `on_signal` is called with the number of each signal, on a thread of the watcher's own.
  explicit SignalWatcher(std::function<void(int)> on_signal);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void run() const;

  std::function<void(int)> on_signal_;
  int fd_;
  WakeEvent stop_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace roomwire::cli
