// The event loop: one thread, and all that happens on it.
#pragma once

#include <atomic>
#include <base/time.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace roomwire::net {

class TurnHook;

struct LoopOptions {
  /// How long the loop polls after its last work before it sleeps. Waking a sleeping core costs
  /// tens of microseconds; 50-100 µs here make a ping-pong several times faster and keep a core
  /// busy while messages come closer together than that. Zero sleeps at once.
  Duration spin{};
};

/// A turn is: sleep until something is ready, run its handler (some of what one socket received,
/// one timer, or up to 256 posted tasks), then the hooks that were requested (TurnHook).
///
/// Threads: everything on the thread that calls run(), except post(), stop() and
/// on_loop_thread(), which any thread may call. Until run() is called, the thread that made the
/// loop counts as the loop's. Everything that was made on a loop dies before the loop does.
class Loop {
 public:
  explicit Loop(LoopOptions options = {});
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// For layers that make sockets. Do not run or stop it.
  boost::asio::io_context& io() { return *io_; }

  /// The monotonic time, read once for each handler, so it stands still while one runs.
  Time now();

  /// Runs `task` soon on the loop, never inside this call. Tasks from one thread keep their
  /// order. From any thread. As many as the program hands over. A task not yet run when the
  /// loop dies is destroyed unrun.
  void post(std::function<void()> task);

  /// Runs until stop(). A stop() that came before makes it return at once; either way the stop
  /// is used up, and run() may be called again.
  /// A task or handler that throws ends the program: the rest of its turn would be lost.
  void run() noexcept;
  /// From any thread, but not from a signal handler (it takes locks).
  void stop();

  bool on_loop_thread() const { return thread_.load() == std::this_thread::get_id(); }

 private:
  friend class TurnHook;
  void wait_and_run_one();
  void run_posted();
  void run_hooks();

  std::unique_ptr<boost::asio::io_context> io_;
  Duration spin_;
  Time cached_now_{};
  bool now_is_fresh_ = false;
  bool running_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<std::thread::id> thread_;
  std::mutex posted_mutex_;
  std::deque<std::function<void()>> posted_;  // guarded by posted_mutex_
  std::vector<TurnHook*> hooks_;              // requested
  std::vector<TurnHook*> hooks_running_;      // of this turn; nullptr where one died meanwhile
};

/// Work that waits for the end of the turn, so that it is done once for all that the turn
/// brought: sending a batch of datagrams, asking a core for its next deadline.
class TurnHook {
 public:
  TurnHook(Loop& loop, std::function<void()> run);
  ~TurnHook();
  TurnHook(const TurnHook&) = delete;
  TurnHook& operator=(const TurnHook&) = delete;

  /// Runs the function once at the end of this turn, however often it is requested until then;
  /// outside of a turn, before the loop next sleeps. Cheap. A hook may request others (they run
  /// in the same turn, in the order of their requests), destroy any, and destroy itself. From the
  /// loop's thread only.
  void request();

 private:
  friend class Loop;
  Loop& loop_;
  std::shared_ptr<std::function<void()>> run_;  // shared, so that it survives its own end
  bool requested_ = false;
};

/// One deadline. Made to be set after every datagram: setting the same or a later time, and
/// cancelling, cost next to nothing (the wait that is under way is kept and, when it ends too
/// early, renewed).
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> run);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Runs the function once when `time` has come, on the loop and never inside this call, also
  /// when `time` is past. Replaces what was set. The function may set the timer anew or destroy
  /// it.
  void set(Time time);
  /// As set(*deadline), or cancel() when there is none.
  void set(Deadline deadline);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace roomwire::net
