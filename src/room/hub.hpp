// The rooms of one app over the connections to its peers: frames, presence, handshakes, actions.
// No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "roomwire/ids.hpp"
#include "roomwire/payload.hpp"

namespace roomwire::room {

/// A connection to a peer as rooms see it: one frame is one data-channel message.
class Outlet {
 public:
  /// Rooms stop sending while more than this is buffered (Trystero's bufferedAmountLowThreshold).
  static constexpr std::size_t low_mark = 65535;
  virtual ~Outlet() = default;
  /// False when the connection is closed; the frame is lost with it. Calls nothing of the hub but
  /// link_writable, which then does nothing: the hub looks at buffered_amount() itself.
  virtual bool send(ByteView frame) = 0;
  /// 0: the peer has acknowledged everything; once closed: had, by then.
  virtual std::size_t buffered_amount() const = 0;
};

/// Drawn by the hub, one after the other, never reused.
enum class SendId : std::uint64_t {};
enum class RequestId : std::uint64_t {};
enum class PingId : std::uint64_t {};

/// What happens in the rooms. Called from within the hub's functions: take a note, and call
/// nothing of the hub until it has returned.
class HubSink {
 public:
  virtual ~HubSink() = default;
  virtual void on_peer_join(const RoomId& room, const PeerId& peer) = 0;
  virtual void on_peer_leave(const RoomId& room, const PeerId& peer, const std::string& reason) = 0;
  /// A whole message; of its progress, this is 1.
  virtual void on_message(const RoomId& room, const PeerId& peer, const std::string& action,
                          Payload payload, std::optional<Json> metadata) = 0;
  /// Chunks of a message of `action` came, but not its last: 0 to less than 1.
  virtual void on_receive_progress(const RoomId& room, const PeerId& peer,
                                   const std::string& action, double fraction,
                                   const std::optional<Json>& metadata) = 0;
  /// Chunks of our message went. Only for sends that asked for it.
  virtual void on_send_progress(SendId send, const PeerId& peer, double fraction) = 0;
  /// All targets have it, or are gone. Once for every send() that succeeded and asked for it.
  virtual void on_sent(SendId send) = 0;
  virtual void on_response(RequestId request, Result<Payload> response) = 0;
  virtual void on_pong(PingId ping, Result<Duration> round_trip) = 0;
  /// Its password is not ours, or its handshake ended in silence where a password was asked for.
  virtual void on_wrong_password(const RoomId& room, const PeerId& peer) = 0;
  /// A later description over `@_signal`; answered with send_signal.
  virtual void on_signal(const RoomId& room, const PeerId& peer, const Json& description) = 0;
  /// No room has used the connection for 123.333 s: it can be closed.
  virtual void on_link_idle(const PeerId& peer) = 0;
  /// The peer did not answer a probe(): for its rooms the connection is gone, though it stands.
  virtual void on_link_abandoned(const PeerId& peer) = 0;
  /// The peer is gone, or leave() waited for long enough, before it acknowledged all that send()
  /// gave it, or before its program took it: the last messages may not have arrived. Not for a peer
  /// that left our rooms itself.
  virtual void on_undelivered(const PeerId& peer) = 0;
  /// What leave() began is done.
  virtual void on_left(const RoomId& room) = 0;
  virtual void on_dropped(const PeerId& peer, const std::string& reason) = 0;
};

struct HubOptions {
  AppId app;
  PeerId self;
  std::size_t max_message_bytes = 64U << 20;
  /// Of unfinished messages, all peers together; one peer gets at most max_message_bytes and a
  /// little.
  std::size_t max_pending_bytes = 256U << 20;
  /// What may wait to be sent to one peer.
  std::size_t max_queued_bytes = 16U << 20;
};

struct HubRoomOptions {
  RoomId room;
  std::string password;
  bool advertise = true;  ///< False for a passive room that sleeps.
  Duration handshake_timeout = std::chrono::seconds(10);
};

struct HubSendOptions {
  std::vector<PeerId> to;  ///< Empty: all that are active.
  std::optional<Json> metadata;
  bool wants_progress = false;
  bool wants_sent = true;
};

/// What send() took, counted once for each peer that it goes to.
struct HubSent {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  ///< Payload.
};

class Hub {
 public:
  Hub(HubOptions options, Entropy& entropy, HubSink& sink);
  ~Hub();

  /// `options.room` is not joined yet.
  void join(Time now, HubRoomOptions options);
  /// Presence frames are sent on every link, or taken back on those where the room is not attached
  /// (on the others that would mean to leave).
  void set_advertised(Time now, const RoomId& room, bool advertise);
  /// Sends what is queued, and asks (`@_ping`) whoever was sent a message until it has taken all,
  /// for at most `drain`; then goes `@_leave`. 99 ms later, or when `drain` is over if a connection
  /// without another room still buffers, the presence is taken back, the room is gone and on_left
  /// says so. What comes from its peers is ignored; they are not said to leave.
  void leave(Time now, const RoomId& room, Duration drain);
  /// True until on_left.
  bool is_joined(const RoomId& room) const;

  /// A connection is open. It replaces an earlier one to the same peer (a spare that took over):
  /// rooms then begin their handshake anew. `met_in` is the room whose signalling made it; the
  /// others attach when the peer says that it is in them. `outlet` lives until link_down.
  void link_up(Time now, const PeerId& peer, Outlet& outlet, const std::optional<RoomId>& met_in);
  /// Attaches a further room, met again by its signalling, to a link that is up. Does nothing when
  /// it is attached, or when the peer showed a wrong password and has not joined anew since.
  void attach(Time now, const RoomId& room, const PeerId& peer);
  void link_down(Time now, const PeerId& peer, const std::string& reason);
  void handle_frame(Time now, const PeerId& peer, ByteView frame);
  /// Asks the peer, with a `@_ping`, whether it still holds the connection. Trystero may drop one
  /// without closing it (shared-peer.mjs: destroyPeer false); the browser then goes on answering
  /// for ICE and SCTP. Does nothing where no room is active on it.
  void probe(Time now, const PeerId& peer);
  /// All peers: time was lost in which they may have given us up.
  void probe_all(Time now);
  /// The outlet's buffered amount is at or below the low mark again.
  void link_writable(Time now, const PeerId& peer);

  /// Active ones, in the order of their ids.
  std::vector<PeerId> peers(const RoomId& room) const;

  /// `action` is a valid name (see is_action_name). Fails with limit when a target has more than
  /// max_queued_bytes waiting, with closed when the room is not joined, with invalid_input when the
  /// metadata has more than 60,000 bytes.
  Result<SendId> send(Time now, const RoomId& room, std::string_view action, Payload payload,
                      HubSendOptions options);
  /// Fails as send does, and with closed when the peer is not active. Otherwise on_response comes
  /// once, within `timeout`.
  Result<RequestId> request(Time now, const RoomId& room, const PeerId& peer,
                            std::string_view action, Payload payload,
                            const std::optional<Json>& metadata, Duration timeout);
  /// Answers a request by the id that request_of read from its metadata.
  void respond(Time now, const RoomId& room, const PeerId& peer, const std::string& request,
               Result<Payload> response);
  Result<PingId> ping(Time now, const RoomId& room, const PeerId& peer);
  void send_signal(Time now, const RoomId& room, const PeerId& peer, const Json& description);

  const HubSent& sent() const;

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// 1 to 32 bytes of UTF-8 without NUL, not one of Trystero's own (`@_…`).
bool is_action_name(std::string_view name);

/// What makes a message a request (0.25): metadata `{"r":<id>,"m":<user's metadata>}`.
struct Request {
  std::string id;
  std::optional<Json> metadata;
};
std::optional<Request> request_of(const std::optional<Json>& metadata);

}  // namespace roomwire::room
