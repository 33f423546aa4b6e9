// The way into roomwire: a peer on the network, and the loop that it runs on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <roomwire/error.hpp>
#include <roomwire/export.hpp>
#include <roomwire/ids.hpp>
#include <roomwire/options.hpp>
#include <roomwire/room.hpp>
#include <roomwire/status.hpp>

namespace roomwire {

namespace client {
class Edge;
}

/// One peer, its event loop and its sockets. A process has one at a time (the SCTP library below
/// it is one per process); it may join any number of rooms of any apps. It keeps at most 512
/// connections for each app; more peers are not met until some have gone.
///
/// Threads: everything runs on the thread that calls run(), callbacks too. Only post(), stop()
/// and self_id() may be called from other threads; before run() is called, the thread that made
/// the context counts as the loop's.
/// Re-entrancy: a callback may call anything here, Room::leave() and the destructor of a Room
/// included, but not run() and not the destructor of the Context.
/// Exceptions: one that leaves a callback or a posted task ends the program (std::terminate), as
/// nobody could say what else of that turn of the loop was done.
/// Durations: a negative one is none, and milliseconds::max() is for ever.
class ROOMWIRE_EXPORT Context {
 public:
  /// Fails with invalid_input (an option that makes no sense: Error::option names it) or with
  /// unavailable (no network address fits, the port is taken, a Context exists already).
  static Result<std::unique_ptr<Context>> create(const ContextOptions& options);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Begins with `zzzz`: Patchies lets the lowest-sorting peer lead, and roomwire must not.
  const PeerId& self_id() const;

  /// Starts to join; peers come through Room::on_peer_join. Fails with invalid_input (an empty
  /// id or app id, or text that is not UTF-8) or with rejected (already in that room).
  Result<std::unique_ptr<Room>> join(const RoomOptions& options);

  /// What happens on the way to a peer: relays, connections, what was dropped. One function;
  /// a later one replaces it.
  void on_status(std::function<void(const Status&)> callback);

  /// While off, nothing more is read from any peer: the network's own back-pressure makes them
  /// wait, memory stays flat, and what was sent arrives later. Peers stay connected.
  void set_receiving(bool on);

  Stats stats() const;

  /// Runs until stop(). Returns at once if stop() was called before.
  void run();
  /// From any thread, or from a signal-handling thread. Leaves no room: see Room::leave.
  void stop();
  /// Runs `task` soon on the loop. From any thread. Kept until then, however many there are.
  void post(std::function<void()> task);
  /// Runs `task` on the loop once `delay` has passed.
  void post_after(std::chrono::milliseconds delay, std::function<void()> task);

 private:
  friend class client::Edge;
  explicit Context(std::unique_ptr<client::ContextState> state);
  std::unique_ptr<client::ContextState> state_;
};

}  // namespace roomwire
