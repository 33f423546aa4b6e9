// Writes lines to a file descriptor in a thread of its own, so that a slow reader of ours (a pager,
// a terminal, a pipe) does not hold up the loop.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "cli/wake_event.hpp"

namespace roomwire::cli {

class LineWriter {
 public:
  /// Both are called on the writer's thread.
  struct Events {
    std::function<void()> on_room;     ///< After an append() that returned false.
    std::function<void()> on_failure;  ///< At most once: no more can be written.
  };

  /// Borrows `fd`.
  LineWriter(int fd, Events events);
  ~LineWriter() { finish(std::chrono::milliseconds(0)); }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Takes `lines`; they are written at once if nothing is before them. False: 4 MiB wait now, so
  /// append no more until on_room is called. After a failure it takes nothing and returns true.
  bool append(std::string_view lines);

  /// Waits until all is written, or failed, or until `limit` has passed; the rest is lost then.
  /// Returns the errno of the failure, or 0. EPIPE: nobody reads any more. ETIMEDOUT: the limit
  /// passed first.
  int finish(std::optional<std::chrono::milliseconds> limit);

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  bool take(std::string& out);
  bool write_all(std::string_view text);
  bool wait(short events);
  void fail(int error);

  const int fd_;
  const Events events_;
  std::size_t write_size_;

  std::mutex mutex_;
  std::string waiting_;
  bool idle_ = false;
  bool full_ = false;
  int error_ = 0;
  bool finishing_ = false;
  std::optional<Clock::time_point> deadline_;
  WakeEvent wake_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace roomwire::cli
