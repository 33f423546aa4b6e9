// Inside the hub: a Link for each connected peer, a JoinedRoom for each room, and a Member where
// both meet. hub.cpp joins and leaves rooms, hub_links.cpp brings the two together,
// hub_receive.cpp reads frames, hub_send.cpp writes them.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "room/frame.hpp"
#include "room/handshake.hpp"
#include "room/hub.hpp"
#include "room/outbox.hpp"
#include "room/reassembly.hpp"
#include "room/timers.hpp"

namespace roomwire::room {

/// Trystero's own actions (room.mjs, actions.mjs).
namespace internal_action {
inline constexpr std::string_view prefix = "@_";
inline constexpr std::string_view ping = "@_ping";
inline constexpr std::string_view pong = "@_pong";
inline constexpr std::string_view signal = "@_signal";
inline constexpr std::string_view stream = "@_stream";
inline constexpr std::string_view track = "@_track";
inline constexpr std::string_view leave = "@_leave";
inline constexpr std::string_view handshake_data = "@_hsdata";
inline constexpr std::string_view handshake_ready = "@_hsready";
inline constexpr std::string_view response = "@_response";
}  // namespace internal_action

struct Link;
struct JoinedRoom;

struct PendingPing {
  std::optional<PingId> id;  ///< None for a probe, and for leave().
  Time sent;
  /// Asked behind the last message: the answer means that the peer's program has taken it, where an
  /// acknowledgement of the network says only that its machine has.
  bool at_leave = false;
};

struct PendingRequest {
  PendingRequest(RequestId request, TimerQueue& timers) : id(request), timeout(timers) {}
  RequestId id;
  Timer timeout;
};

/// A peer in a room: first shaking hands, then active.
struct Member {
  Member(JoinedRoom& its_room, Link& its_link, Handshake::Options options, TimerQueue& timers)
      : room(its_room), link(its_link), handshake(std::move(options)), handshake_timeout(timers) {}

  /// leave() asked whether all was taken, and no answer came so far.
  bool is_asked() const { return !pings.empty() && pings.back().at_leave; }

  JoinedRoom& room;
  Link& link;
  Handshake handshake;
  Timer handshake_timeout;
  std::deque<PendingPing> pings;  ///< Answered in order.
  bool sent_to = false;           ///< Messages of the user went.
  std::map<std::string, PendingRequest> requests;
};

struct JoinedRoom {
  JoinedRoom(HubRoomOptions room_options, std::string room_token, TimerQueue& timers)
      : options(std::move(room_options)), token(std::move(room_token)), timer(timers) {}

  enum class Phase {
    joined,
    draining,  ///< leave() was called; what is queued still goes, and is asked for.
    leaving,   ///< `@_leave` went, nobody is attached any more.
  };

  const RoomId& id() const { return options.room; }

  HubRoomOptions options;
  std::string token;
  std::map<PeerId, Member> members;
  std::map<std::string, std::uint16_t, std::less<>> nonces;  ///< The next one of each action.
  Phase phase = Phase::joined;
  Time drain_until;
  Timer timer;
  std::size_t queued = 0;  ///< Messages in outboxes, each counted once a peer.
};

/// Handshake data of a room that is not attached yet. The newest of each kind is enough.
struct EarlyFrames {
  /// Trystero's time limit for a handshake: the sender of older ones has given up.
  static constexpr Duration lifetime = std::chrono::seconds(10);
  Time since;
  std::optional<Payload> data;
  bool ready = false;
};

/// What is remembered of a room on a link, attached or not.
struct Acquaintance {
  /// The same one as long as the link lives: a peer that left and came back may answer an earlier
  /// one, which waited for it.
  std::string challenge;
  /// It showed a wrong password; attached again only when it says that it joined anew.
  bool refused = false;
  /// When it, or we, last left: for a moment what comes is late and nothing to speak of.
  std::optional<Time> parted_at;
};

/// The connection to a peer.
struct Link {
  Link(PeerId its_peer, Outlet& its_outlet, ReassemblyPool& pool, Reassembly::Limits limits,
       Reassembly::OnDropped on_dropped, TimerQueue& timers)
      : peer(std::move(its_peer)),
        outlet(its_outlet),
        reassembly(pool, limits, std::move(on_dropped)),
        idle(timers),
        probe(timers) {}

  PeerId peer;
  Outlet& outlet;
  std::set<std::string, std::less<>> remote_tokens;  ///< Rooms the peer says to be in.
  std::map<std::string, EarlyFrames, std::less<>> early;
  std::map<const JoinedRoom*, Acquaintance> acquaintances;
  std::unordered_map<std::string_view, Member*> members;  ///< By room token.
  Outbox outbox;
  Reassembly reassembly;
  Timer idle;
  Timer probe;               ///< Set while one is not answered.
  bool heard = false;        ///< The peer sent something.
  bool sending = false;      ///< Inside outlet.send, which may say that it is writable.
  bool unconfirmed = false;  ///< Messages of the user went which the peer may not have so far.
  bool lost = false;         ///< Some of them it will not get.
};

class Hub::Impl {
 public:
  Impl(HubOptions options, Entropy& entropy)
      : options_(std::move(options)), entropy_(entropy), pool_(options_.max_pending_bytes) {}

  void set_time(Time now) { now_ = now; }
  const HubSent& sent() const { return sent_; }
  std::vector<Output> take_outputs() { return std::exchange(outputs_, {}); }
  Deadline next_timeout() const { return timers_.next(); }
  void run_timers() { timers_.run(now_); }

  // hub.cpp
  void join(HubRoomOptions options);
  void set_advertised(const RoomId& id, bool advertise);
  void leave(const RoomId& id, Duration drain);
  bool is_joined(const RoomId& room) const { return rooms_.count(room) > 0; }
  std::vector<PeerId> peers(const RoomId& id) const;

  // hub_links.cpp
  void link_up(const PeerId& peer, Outlet& outlet, const std::optional<RoomId>& met_in);
  void attach(const RoomId& id, const PeerId& peer);
  void link_down(const PeerId& peer, const std::string& reason);
  void probe(const PeerId& peer);
  void probe_all();

  // hub_receive.cpp
  void handle_frame(const PeerId& peer, ByteView bytes);

  // hub_send.cpp
  void link_writable(const PeerId& peer);
  Result<SendId> send(const RoomId& id, std::string_view action, Payload payload,
                      HubSendOptions options);
  Result<RequestId> request(const RoomId& room, const PeerId& peer, std::string_view action,
                            Payload payload, const std::optional<Json>& metadata, Duration timeout);
  void respond(const RoomId& room, const PeerId& peer, const std::string& request,
               Result<Payload> response);
  Result<PingId> ping(const RoomId& room, const PeerId& peer);
  void send_ping(Member& member, PendingPing ping);
  void send_signal(const RoomId& room, const PeerId& peer, const Json& description);

 private:
  // hub.cpp
  Time after(Duration delay) const { return now_ + delay; }
  JoinedRoom* joined_room(const RoomId& id) const;
  Member* active_member(const RoomId& id, const PeerId& peer) const;
  bool is_drained(const JoinedRoom& room) const;
  /// Goes on with every leave() that nothing holds up any more.
  void continue_leaving();
  void say_leave(JoinedRoom& room);
  void finish_leaving(JoinedRoom& room);

  // hub_links.cpp
  Link* find_link(const PeerId& peer) const;
  void attach(JoinedRoom& room, Link& link);
  void replay_early(JoinedRoom& room, Link& link);
  /// Everything that waits for the peer in that room fails with closed. `member` is gone then.
  /// True when messages of the user were waiting to be sent.
  bool detach(Member& member, const std::string& reason);
  /// False when the member is gone.
  bool apply(Member& member, HandshakeStep step);
  void handshake_timed_out(Member& member);
  void refuse(Member& member);
  void arm_idle(Link& link, Duration wait);
  void probe(Link& link);
  void arm_probe(Link& link, Time since);
  /// The peer left by itself: it is no loss what it did not wait for.
  static void forgive(Link& link);
  static bool is_undelivered(const Link& link);
  void report_undelivered(Link& link);
  void send_presence(Link& link, const JoinedRoom& room, bool present);

  // hub_receive.cpp
  void handle_presence(Link& link, const Frame& frame);
  void hold_early(Link& link, const Frame& frame);
  bool is_late(const Link& link, std::string_view token) const;
  EarlyFrames* early_frames(Link& link, std::string_view token);
  void handle_chunk(Member& member, ByteView bytes);
  void handle_message_chunk(Member& member, const Chunk& chunk);
  void deliver(Member& member, std::string_view action, Result<Payload> payload,
               std::optional<Json> metadata);
  void handle_internal(Member& member, const Chunk& chunk);
  /// Internal actions that only active members may use.
  void handle_service(Member& member, const Chunk& chunk);
  void handle_pong(Member& member);
  void handle_response(Member& member, Payload payload, const std::optional<Json>& metadata);
  void dropped(const Link& link, const std::string& reason) {
    put(FrameDropped{link.peer, reason});
  }

  // hub_send.cpp
  Outgoing make_outgoing(JoinedRoom& room, std::string_view action, Payload payload,
                         std::optional<Json> metadata);
  std::vector<Member*> targets(JoinedRoom& room, const std::optional<std::vector<PeerId>>& to);
  void transmit(Outgoing message, const std::vector<Member*>& members);
  /// Answers what the peer brought about; dropped and counted when too many answers wait.
  void answer(Member& member, std::string_view action, Payload payload);
  /// Sends chunks from `next` on while the outlet takes them; the index of the first that is left.
  std::size_t send_chunks(Link& link, Outgoing& message, std::size_t next);
  void pump(Link& link);
  bool send_frame(Link& link, ByteView frame);
  void chunk_sent(const Link& link, const Outgoing& message, std::size_t next);
  void target_done(Outgoing& message);
  /// Before a frame of the hub's own, so that its acknowledgement is not waited for.
  static void note_arrivals(Link& link);
  bool is_full(const Link& link) const { return link.outbox.bytes() > options_.max_queued_bytes; }

  template <class What>
  void put(What&& what) {
    outputs_.emplace_back(std::forward<What>(what));
  }

  HubOptions options_;
  Entropy& entropy_;
  std::vector<Output> outputs_;
  Time now_;
  TimerQueue timers_;
  ReassemblyPool pool_;
  std::unordered_map<RoomId, std::unique_ptr<JoinedRoom>> rooms_;
  std::unordered_map<std::string_view, JoinedRoom*> rooms_by_token_;
  std::unordered_map<PeerId, std::unique_ptr<Link>> links_;
  std::size_t draining_ = 0;  ///< Rooms in Phase::draining.
  Bytes frame_;               ///< Reused for every frame sent.
  HubSent sent_;
  std::uint64_t next_send_ = 1;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_ping_ = 1;
};

}  // namespace roomwire::room
