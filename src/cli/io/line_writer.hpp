// Writes lines to a file descriptor in a thread of its own, so that a slow reader of ours (a pager,
// a terminal, a pipe) does not hold up the loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "cli/io/spool.hpp"
#include "cli/io/wake_event.hpp"

namespace roomwire::cli {

class LineWriter {
 public:
  /// All are called on the writer's thread.
  struct Events {
    std::function<void()> on_room;     ///< After an append() that returned full; may be empty.
    std::function<void()> on_failure;  ///< At most once: no more can be written.
    /// At most once: the spool's disk refused to take more, with its errno; may be empty.
    std::function<void(int error)> on_spool_failure = {};
  };

  /// What happens when the descriptor takes less than is appended.
  struct Patience {
    /// What waits in memory.
    std::size_t memory = std::size_t{4} << 20U;
    /// What waits on disk beside that.
    std::uint64_t spool = 0;
    /// How long append() may ask to wait when the memory is full: then the disk is used and, once
    /// that is full and nothing was written for so long, lines are refused. 0: they are at once.
    std::chrono::milliseconds wait{0};
  };

  /// Borrows `fd`.
  LineWriter(int fd, Patience patience, Events events);
  ~LineWriter() { finish(std::chrono::milliseconds(0)); }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  enum class Taken {
    yes,
    full,  ///< Yes, and append no more until on_room is called.
    no,    ///< The lines are lost: nobody reads, and there is no room.
  };
  /// Takes `lines`, which are written at once if nothing is before them. After a failure it takes
  /// nothing and returns yes.
  Taken append(std::string_view lines);
  /// Not all of what was appended is written.
  bool is_behind();

  /// Waits until all is written, or failed, or until `limit` has passed; the rest is lost then.
  /// Returns the errno of the failure, or 0. EPIPE: nobody reads any more. ETIMEDOUT: the limit
  /// passed first.
  int finish(std::optional<std::chrono::milliseconds> limit);
  /// After finish(): how many bytes were lost.
  std::uint64_t unwritten() const { return unwritten_; }

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  bool take(std::string& out);
  bool write_all(std::string_view text);
  bool wait(short events);
  std::optional<Clock::time_point> relief_at() const;
  void relieve();
  void moved();
  bool fail(int error);

  const int fd_;
  const Patience patience_;
  const Events events_;
  std::size_t write_size_;
  Spool spool_;  // these two: the writer's thread alone
  Clock::time_point moved_at_;
  std::uint64_t unwritten_ = 0;
  bool spool_failed_ = false;

  std::mutex mutex_;
  std::string waiting_;  // behind what is in the spool
  bool idle_ = false;
  bool full_ = false;
  bool refusing_;  // beyond the memory
  Clock::time_point full_since_;
  int error_ = 0;
  bool finishing_ = false;
  std::optional<Clock::time_point> deadline_;
  WakeEvent wake_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace roomwire::cli
