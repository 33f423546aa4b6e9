// One stay in a room, from the options to the exit code: what netsend and netrecv have in common.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <roomwire/roomwire.hpp>

#include "cli/flags/options.hpp"
#include "cli/screen/status_lines.hpp"
#include "cli/session/settling.hpp"
#include "cli/session/signal_watcher.hpp"

namespace roomwire::cli {

/// Says on standard error how it goes; leaves the room on a signal (the second one ends the
/// process at once) and at the time limit. Threads as for Context.
class Session {
 public:
  /// Joins with nobody told yet: nothing is sent before run(). Fails as Context::create and
  /// Context::join do. `peers_wanted` (1 or more): how many must be there for ready() to begin.
  /// Without it, one, and the room must have settled: see Settling.
  static Result<std::unique_ptr<Session>> create(ConnectionOptions options,
                                                 std::optional<std::size_t> peers_wanted);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Context& context() { return *context_; }
  Room& room() { return *room_; }
  StatusLines& status() { return status_; }

  /// As many peers as wanted came, or the room has settled, and not all have gone since.
  bool ready() const { return ready_; }
  /// Called when ready() changes. One function.
  void on_ready_change(std::function<void(bool)> callback) {
    on_ready_change_ = std::move(callback);
  }

  /// Called for each peer that comes and goes. One function.
  void on_peer_change(std::function<void(const PeerId&, bool is_here)> callback) {
    on_peer_change_ = std::move(callback);
  }
  std::size_t peers() const { return peers_; }

  /// Called once when the session is to end, still in the room: it leaves when the function it is
  /// given is called, or on a second signal. One function.
  void before_leaving(std::function<void(std::function<void()> leave)> callback) {
    before_leaving_ = std::move(callback);
  }

  /// Leaves the room once what was sent has arrived, or `drain` has passed; run() then returns
  /// `exit_code`, or exit_failed instead of exit_fine when something was not delivered. The first
  /// call counts.
  void finish(int exit_code, std::chrono::milliseconds drain);
  bool finishing() const { return stage_ != Stage::staying; }
  /// Ended by a signal or the time limit: nobody waits for what is not done.
  bool cut_short() const { return cut_short_; }
  /// A peer did not get all that was sent to it, and it was said.
  bool undelivered() const { return undelivered_; }

  /// What is left of the time limit, if there is one; 0 or more.
  std::optional<std::chrono::milliseconds> time_left() const;

  /// Until finish() is done with.
  int run();

 private:
  /// Each comes once, in this order; any but the first may be left out. In all of them the room is
  /// there, and counts as left from `leaving` on.
  enum class Stage {
    staying,
    finishing,  ///< finish() was called: before_leaving() has its turn.
    leaving,    ///< What was sent is waited for.
    hurrying,   ///< No longer: the loop stops, once the others had time to hear that we go.
  };

  Session(ConnectionOptions options, std::optional<std::size_t> peers_wanted);
  Result<void> join();
  void say_room();
  void on_signal(int signal);
  void end_early(int exit_code);
  void leave(std::chrono::milliseconds drain);
  void peer_joined(const PeerId& peer);
  void peer_left(const PeerId& peer, const std::string& reason);
  void on_status(const Status& status);
  void look_whether_settled();
  void set_ready(bool ready);
  void hint_later();

  ConnectionOptions options_;
  const std::size_t peers_wanted_;
  StatusLines status_;
  std::function<void(bool)> on_ready_change_;
  std::function<void(const PeerId&, bool)> on_peer_change_;
  std::function<void(std::function<void()>)> before_leaving_;
  bool room_is_chosen_ = false;  // by us, not by the user
  bool room_is_new_ = false;
  std::optional<Settling> settling_;  // while it is waited for
  const bool waits_for_settling_;
  std::size_t look_number_ = 0;  // counts the looks whether it has settled, as below
  std::size_t peers_ = 0;
  bool ready_ = false;
  Stage stage_ = Stage::staying;
  bool cut_short_ = false;
  bool undelivered_ = false;
  int exit_code_ = exit_fine;
  std::chrono::steady_clock::time_point started_;
  std::size_t wait_number_ = 0;  // counts the waits for peers, so that an old timer knows it is
  std::chrono::seconds next_hint_{};

  std::atomic<bool> running_{false};
  std::atomic<bool> signalled_{false};
  std::unique_ptr<SignalWatcher> signals_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Room> room_;
};

}  // namespace roomwire::cli
