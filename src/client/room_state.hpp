// What stands behind Room and Action: the user's callbacks, and what waits for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/time.hpp"
#include "client/callback.hpp"
#include "mesh/events.hpp"
#include "roomwire/room.hpp"

namespace roomwire::client {

class ContextState;

/// Shared by a Room, its Actions and the context. `context` is null from the moment that the room
/// is left, or the context is gone: nothing is called from then on but the function given to
/// leave().
class RoomState : public std::enable_shared_from_this<RoomState> {
 public:
  RoomState(ContextState& context, AppId app, RoomId room)
      : context_(&context), app_(std::move(app)), room_(std::move(room)) {}

  const AppId& app() const { return app_; }
  const RoomId& room() const { return room_; }
  /// Null when the room was left.
  ContextState* context() const { return context_; }

  std::shared_ptr<ActionState> action(const std::string& name);
  void leave(std::function<void()> done, Duration drain);
  /// The context goes first: as left, without anybody being told.
  void outlive_context() { context_ = nullptr; }
  /// And what waits for them. They may own anything, this room and its actions too; none is set any
  /// more once the room was left.
  void forget_callbacks();

  void set_on_join(std::function<void(const PeerId&)> callback);
  void set_on_leave(std::function<void(const PeerId&, const std::string&)> callback);
  void set_on_unclaimed(std::function<void(const std::string&, Message)> callback);
  void handle(mesh::PeerJoined& event);
  void handle(mesh::PeerLeft& event);
  void handle(mesh::MessageReceived& event);
  void handle(mesh::ReceiveProgressed& event);
  /// The waiting messages of an action that got a callback.
  struct Waiting {
    Message message;
    Time came{};
  };
  std::deque<Waiting> take_waiting(const std::string& action);

 private:
  void tell_present();
  /// Of an action without a listener.
  void handle_unclaimed(mesh::MessageReceived& event);
  void hand_over_unclaimed();
  void keep(mesh::MessageReceived& event);

  ContextState* context_;
  AppId app_;
  RoomId room_;
  Callback<void(const PeerId&)> on_join_;
  Callback<void(const PeerId&, const std::string&)> on_leave_;
  Callback<void(const std::string&, Message)> on_unclaimed_;
  /// Those there, as far as the user may know by now, and whether an on_join was told of them.
  std::map<PeerId, bool> present_;
  /// Of those, the ones that the present on_join is still to be told of.
  std::set<PeerId> untold_;
  std::uint64_t listener_ = 0;  ///< Counts the on_joins.
  std::map<std::string, std::shared_ptr<ActionState>> actions_;
  std::map<std::string, std::deque<Waiting>> waiting_;
  std::size_t waiting_bytes_ = 0;
};

class ActionState : public std::enable_shared_from_this<ActionState> {
 public:
  ActionState(std::weak_ptr<RoomState> room, std::string name)
      : room_(std::move(room)), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  /// Null when the room was left.
  std::shared_ptr<RoomState> room() const;

  Result<void> send(Payload payload, SendOptions options);
  void request(const PeerId& peer, Payload payload, const RequestOptions& options,
               std::function<void(Result<Payload>)> done);
  void set_on_message(std::function<void(Message)> callback);
  void set_on_request(std::function<void(Message, std::unique_ptr<Responder>)> callback);
  void set_on_progress(std::function<void(const Progress&)> callback);
  void forget_callbacks();

  /// Gives the messages that waited for a callback to it.
  void hand_over_waiting();
  bool has_listener() const { return on_message || on_request; }
  bool has_progress() const { return bool(on_progress_); }
  void handle(Message message);
  void tell_progress(const PeerId& peer, double fraction, const std::optional<Json>& metadata);

 private:
  void deliver_waiting();

  std::weak_ptr<RoomState> room_;
  std::string name_;
  Callback<void(Message)> on_message;
  Callback<void(Message, std::unique_ptr<Responder>)> on_request;
  Callback<void(const Progress&)> on_progress_;
};

}  // namespace roomwire::client
