// A room: the peers in it, and the actions (Patchies says channels) that messages travel on.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <roomwire/error.hpp>
#include <roomwire/export.hpp>
#include <roomwire/ids.hpp>
#include <roomwire/payload.hpp>
#include <roomwire/status.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomwire {

namespace client {
class ActionState;
class ContextState;
class RoomState;
}  // namespace client

struct Message {
  PeerId from;
  Payload payload;
  std::optional<Json> metadata;
};

/// Part of a message came or went.
struct Progress {
  PeerId peer;
  double fraction = 0;  ///< 0 to 1; 1 exactly once, at the end.
  std::optional<Json> metadata;
};

struct SendOptions {
  /// Not set: everybody who is in the room now. Set: these, and nobody else; one that is not there
  /// is skipped, and of an empty list nobody is meant.
  std::optional<std::vector<PeerId>> to;
  std::optional<Json> metadata;
  std::function<void(const Progress&)> on_progress;
  /// Called once, when the last byte for the last target was given to the network, or when no
  /// target is left. Also called when the room is left first.
  std::function<void()> on_sent;
};

struct RequestOptions {
  std::optional<Json> metadata;
  std::chrono::milliseconds timeout{30'000};
};

/// Answers one request. Keep it to answer later; dropped unanswered, it sends an error.
class ROOMWIRE_EXPORT Responder {
 public:
  virtual ~Responder() = default;
  /// The first call of either counts; later ones do nothing.
  virtual void reply(Payload payload) = 0;
  virtual void fail(std::string message) = 0;
};

/// A named stream of messages in one room. Cheap to copy; when its room is gone, sending fails
/// with closed and nothing is called any more. Threads and re-entrancy as for Context.
class ROOMWIRE_EXPORT Action {
 public:
  const std::string& name() const;

  /// Queues a message for every target; it arrives whole and in order, or the peer is lost.
  /// Messages of one action keep their order; those of different actions may overtake each other,
  /// so that a fader need not wait for a file. Fails with invalid_input when the metadata is longer
  /// than 60,000 bytes, with limit when more than 16 MiB wait for a target already (nothing was
  /// queued then; wait for an on_sent), or with closed. With nobody in the room it succeeds and
  /// sends nothing.
  Result<void> send(Payload payload, SendOptions options = {});

  /// One function each; a later one replaces it. Up to 1 MiB of messages that came before
  /// on_message was set are kept and given to it; what does not fit is dropped and counted.
  void on_message(std::function<void(Message)> callback);
  void on_progress(std::function<void(const Progress&)> callback);

  /// Sends a request to one peer; `done` is called once, later: with the reply, with rejected (the
  /// peer answered with an error), timed_out or closed, or with what send() fails with. When the
  /// room was left already it is called at once, with closed.
  void request(const PeerId& peer, Payload payload, const RequestOptions& options,
               std::function<void(Result<Payload>)> done);
  /// Makes this a request action: what comes goes here and not to on_message. A request that
  /// came up to 500 ms before on_request was set is kept for it, as Trystero does.
  void on_request(std::function<void(Message, std::unique_ptr<Responder>)> callback);

 private:
  friend class Room;
  explicit Action(std::shared_ptr<client::ActionState> state) : state_(std::move(state)) {}
  std::shared_ptr<client::ActionState> state_;
};

/// One joined room. Destroying it leaves at once, without waiting for what is queued (for another
/// 100 ms the room cannot be joined anew); leave() drains first. A Room may outlive its
/// Context: it counts as left then, and nothing of it is called any more.
class ROOMWIRE_EXPORT Room {
 public:
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  const RoomId& id() const;
  const AppId& app() const;
  /// Those who passed the handshake, in the order of their ids.
  std::vector<PeerId> peers() const;
  /// How a peer is reached; nothing when it is not connected.
  std::optional<Path> path(const PeerId& peer) const;

  /// What a peer runs, as far as its session description gives it away: `roomwire`, `browser`
  /// (Chromium, Firefox, Safari), `libdatachannel` (node-datachannel is built on it), or empty.
  /// A word for people; a peer may claim to be anything.
  std::string software(const PeerId& peer) const;
  /// Those that were heard within the last 75 s and are not connected, longest heard first: what
  /// to tell somebody who waits. Without those that hold another password (see WrongPassword).
  std::vector<UnmetPeer> unmet_peers() const;

  /// One function each; a later one replaces it. on_peer_join is also called, soon, for every
  /// peer that is there already: once each, and not if it has gone by then.
  void on_peer_join(std::function<void(const PeerId&)> callback);
  /// `reason` is one line for a person, such as "left the room".
  void on_peer_leave(std::function<void(const PeerId&, const std::string& reason)> callback);

  /// The action of that name, made on first use. Fails with invalid_input when the name is
  /// empty, longer than 32 bytes, not UTF-8, holds a NUL, or begins with `@_` (Trystero's own).
  Result<Action> action(std::string_view name);

  /// Messages of actions that have no callback, for a monitor or a recorder: which action, and the
  /// message. What waits for a callback (see Action::on_message) comes first. Nothing of such an
  /// action is kept then, and a request among them (its metadata is Trystero's own) stays
  /// unanswered. A later function replaces it; an empty one ends it.
  void on_unclaimed(std::function<void(const std::string& action, Message)> callback);

  /// Round trip to a peer; fails with closed when it is not there or goes, with limit when 64 are
  /// under way to it. When the room was left already, `done` is called at once.
  void ping(const PeerId& peer, std::function<void(Result<std::chrono::microseconds>)> done);

  /// Sends what is queued, waits until each peer's program has taken it (both for at most `drain`;
  /// zero: does not wait), tells the peers, and calls `done` (about 100 ms later, so that they hear
  /// it). on_peer_leave is not called for those left behind.
  /// A peer that has not taken everything by then is told of by the status Undelivered.
  /// The room can be joined anew once `done` is called. Leaving what was left calls it at once.
  void leave(std::function<void()> done = {},
             std::chrono::milliseconds drain = std::chrono::seconds(5));

 private:
  friend class Context;
  explicit Room(std::shared_ptr<client::RoomState> state) : state_(std::move(state)) {}
  std::shared_ptr<client::RoomState> state_;
};

}  // namespace roomwire
