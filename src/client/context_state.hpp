// What stands behind Context: the runtime, the rooms, and the calls that wait for an answer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/drop_log.hpp"
#include "client/callback.hpp"
#include "client/room_state.hpp"
#include "client/runtime.hpp"
#include "roomwire/context.hpp"

namespace roomwire::client {

class ContextState {
 public:
  static Result<std::unique_ptr<ContextState>> create(const ContextOptions& options);
  ~ContextState();

  Runtime& runtime() { return *runtime_; }
  Time now() { return runtime_->now(); }
  /// The hub of a room that is joined.
  room::Hub& hub(const AppId& app) { return runtime_->touch_mesh().hub(app); }

  Result<std::shared_ptr<RoomState>> join(const RoomOptions& options);
  /// The room's callbacks end here; `done` is called when it is left.
  void leave(const RoomState& room, std::function<void()> done, Duration drain);
  void after(Duration delay, std::function<void()> task);
  Stats stats() const;
  /// A message on an action that nobody listens to and that no room is left for. Said once
  /// a peer: a busy room has many channels, and a program need not read all.
  void count_dropped(const PeerId& peer, const std::string& action);

  /// What a message or request waits for. The functions are called once, on the loop.
  void expect_sent(const AppId& app, room::SendId id, SendOptions options);
  void expect_response(const AppId& app, room::RequestId id,
                       std::function<void(Result<Payload>)> done);
  void expect_pong(const AppId& app, room::PingId id,
                   std::function<void(Result<std::chrono::microseconds>)> done);

  Callback<void(const Status&)> on_status;

 private:
  ContextState() = default;
  struct AppCalls {
    std::map<room::SendId, SendOptions> sends;
    std::map<room::RequestId, std::function<void(Result<Payload>)>> requests;
    std::map<room::PingId, std::function<void(Result<std::chrono::microseconds>)>> pings;
    std::map<RoomId, std::function<void()>> leaving;
    std::map<RoomId, std::shared_ptr<RoomState>> rooms;
  };

  void deliver(const AppId& app, std::vector<mesh::Event> events);
  void run_timers();
  template <class RoomEvent>
  void handle(AppCalls& app, RoomEvent& event);
  void handle(AppCalls& app, mesh::SendProgressed& event);
  void handle(AppCalls& app, mesh::Sent& event);
  void handle(AppCalls& app, mesh::Responded& event);
  void handle(AppCalls& app, mesh::Ponged& event);
  void handle(AppCalls& app, mesh::RoomLeft& event);
  void handle(AppCalls& app, Status& event);

  std::map<AppId, AppCalls> apps_;
  std::uint64_t dropped_ = 0;
  /// Without a timer: what goes on is told when the next comes.
  DropLog drops_{[this](const DropLog::Line& line) {
    on_status(Dropped{line.who, line.reason, line.times, line.again});
  }};
  std::unique_ptr<Runtime> runtime_;
  /// By the time, and among equal ones in the order in which they were set.
  std::multimap<Time, std::function<void()>> timers_;
  std::unique_ptr<net::Timer> timer_;
};

}  // namespace roomwire::client
