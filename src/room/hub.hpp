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
#include "room/outputs.hpp"
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
  std::optional<std::vector<PeerId>> to;  ///< Not set: all that are active.
  std::optional<Json> metadata;
  bool wants_progress = false;
  bool wants_sent = true;
};

/// What send() took, counted once for each peer that it goes to.
struct HubSent {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  ///< Payload.
};

/// Its functions are inputs; what comes of them waits for take_outputs().
class Hub {
 public:
  Hub(HubOptions options, Entropy& entropy);
  ~Hub();

  /// `options.room` is not joined yet.
  void join(Time now, HubRoomOptions options);
  /// Presence frames are sent on every link, or taken back on those where the room is not attached
  /// (on the others that would mean to leave).
  void set_advertised(Time now, const RoomId& room, bool advertise);
  /// Sends what is queued, and asks (`@_ping`) whoever was sent a message until it has taken all,
  /// for at most `drain`; then goes `@_leave`. 99 ms later, or when `drain` is over if a connection
  /// without another room still buffers, the presence is taken back, the room is gone and RoomLeft
  /// says so. What comes from its peers is ignored; they are not said to leave.
  void leave(Time now, const RoomId& room, Duration drain);
  /// True until RoomLeft.
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
  /// Fails as send does, and with closed when the peer is not active. Otherwise Responded comes
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

  /// In the order in which they came about, since the last call.
  std::vector<Output> take_outputs();

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// 1 to 32 bytes of UTF-8 without NUL, not one of Trystero's own (`@_…`).
bool is_action_name(std::string_view name);

}  // namespace roomwire::room
