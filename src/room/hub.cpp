#include <algorithm>
#include <cassert>

#include "room/hub_impl.hpp"
#include "room/request.hpp"

namespace roomwire::room {
namespace {

/// From `@_leave` until the room is gone (room.mjs, leave()).
constexpr Duration leave_delay = 99ms;
/// How often a leaving room looks whether its connections have sent everything.
constexpr Duration flush_check_interval = 20ms;

}  // namespace

void Hub::Impl::join(HubRoomOptions options) {
  assert(!is_joined(options.room));
  std::string token = room_token(options_.app, options.room);
  const RoomId id = options.room;
  auto owned = std::make_unique<JoinedRoom>(std::move(options), std::move(token), timers_);
  JoinedRoom& room = *owned;
  rooms_[id] = std::move(owned);
  rooms_by_token_[room.token] = &room;
  for (const auto& [peer, link] : links_) {
    if (room.options.advertise) send_presence(*link, room, true);
    if (link->remote_tokens.count(room.token) > 0) attach(room, *link);
  }
}

void Hub::Impl::set_advertised(const RoomId& id, bool advertise) {
  JoinedRoom* room = joined_room(id);
  if (room == nullptr || room->options.advertise == advertise) return;
  room->options.advertise = advertise;
  for (const auto& [peer, link] : links_) {
    // Taken back from a peer that is attached, it would mean that we left.
    if (advertise || link->members.count(room->token) == 0) send_presence(*link, *room, advertise);
  }
}

void Hub::Impl::leave(const RoomId& id, Duration drain) {
  JoinedRoom* room = joined_room(id);
  if (room == nullptr) return;
  room->phase = JoinedRoom::Phase::draining;
  room->drain_until = after(drain);
  ++draining_;
  room->timer.set(room->drain_until, [this, room](Time) { say_leave(*room); });
  for (auto& [peer, member] : room->members) {
    if (member.sent_to && drain > Duration::zero()) send_ping(member, {std::nullopt, now_, true});
  }
  continue_leaving();
}

std::vector<PeerId> Hub::Impl::peers(const RoomId& id) const {
  std::vector<PeerId> active;
  const JoinedRoom* room = joined_room(id);
  if (room == nullptr) return active;
  for (const auto& [peer, member] : room->members) {
    if (member.handshake.is_active()) active.push_back(peer);
  }
  return active;
}

JoinedRoom* Hub::Impl::joined_room(const RoomId& id) const {
  const auto room = rooms_.find(id);
  const bool joined = room != rooms_.end() && room->second->phase == JoinedRoom::Phase::joined;
  return joined ? room->second.get() : nullptr;
}

Member* Hub::Impl::active_member(const RoomId& id, const PeerId& peer) const {
  JoinedRoom* room = joined_room(id);
  if (room == nullptr) return nullptr;
  const auto member = room->members.find(peer);
  const bool active = member != room->members.end() && member->second.handshake.is_active();
  return active ? &member->second : nullptr;
}

bool Hub::Impl::is_drained(const JoinedRoom& room) const {
  if (now_ >= room.drain_until) return true;
  return room.queued == 0 &&
         std::none_of(room.members.begin(), room.members.end(),
                      [](const auto& entry) { return entry.second.is_asked(); });
}

void Hub::Impl::continue_leaving() {
  if (draining_ == 0) return;
  for (const auto& [id, room] : rooms_) {
    if (room->phase == JoinedRoom::Phase::draining && is_drained(*room)) say_leave(*room);
  }
}

void Hub::Impl::say_leave(JoinedRoom& room) {
  room.phase = JoinedRoom::Phase::leaving;
  --draining_;
  const Outgoing message = make_outgoing(room, internal_action::leave, std::string(), std::nullopt);
  while (!room.members.empty()) {
    Member& member = room.members.begin()->second;
    Link& link = member.link;
    note_arrivals(link);
    const bool asked = member.is_asked();
    // Detached first, which takes what is still queued out of the way.
    if (detach(member, "the room was left") || asked) report_undelivered(link);
    frame_.clear();
    append_data_header(room.token, frame_);
    message.chunks.append_chunk(0, frame_);
    send_frame(link, frame_);
  }
  room.timer.set(now_ + leave_delay, [this, &room](Time) { finish_leaving(room); });
}

void Hub::Impl::finish_leaving(JoinedRoom& room) {
  // Whoever leaves its last room may close the connection next. The others stay open anyway.
  const bool flushed = std::all_of(links_.begin(), links_.end(), [](const auto& link) {
    return !link.second->members.empty() || link.second->outlet.buffered_amount() == 0;
  });
  if (!flushed && now_ < room.drain_until) {
    room.timer.set(now_ + flush_check_interval, [this, &room](Time) { finish_leaving(room); });
    return;
  }
  for (const auto& [peer, link] : links_) {
    if (link->members.empty() && is_undelivered(*link)) report_undelivered(*link);
    send_presence(*link, room, false);
    link->acquaintances.erase(&room);
  }
  const RoomId id = room.id();
  rooms_by_token_.erase(room.token);
  rooms_.erase(id);
  put(RoomLeft{id});
}

// The public face: every call brings the time.

Hub::Hub(HubOptions options, Entropy& entropy)
    : impl_(std::make_unique<Impl>(std::move(options), entropy)) {}

Hub::~Hub() = default;

void Hub::join(Time now, HubRoomOptions options) {
  impl_->set_time(now);
  impl_->join(std::move(options));
}

void Hub::set_advertised(Time now, const RoomId& room, bool advertise) {
  impl_->set_time(now);
  impl_->set_advertised(room, advertise);
}

void Hub::leave(Time now, const RoomId& room, Duration drain) {
  impl_->set_time(now);
  impl_->leave(room, drain);
}

bool Hub::is_joined(const RoomId& room) const {
  return impl_->is_joined(room);
}

void Hub::link_up(Time now, const PeerId& peer, Outlet& outlet,
                  const std::optional<RoomId>& met_in) {
  impl_->set_time(now);
  impl_->link_up(peer, outlet, met_in);
}

void Hub::attach(Time now, const RoomId& room, const PeerId& peer) {
  impl_->set_time(now);
  impl_->attach(room, peer);
}

void Hub::link_down(Time now, const PeerId& peer, const std::string& reason) {
  impl_->set_time(now);
  impl_->link_down(peer, reason);
}

void Hub::handle_frame(Time now, const PeerId& peer, ByteView frame) {
  impl_->set_time(now);
  impl_->handle_frame(peer, frame);
}

void Hub::probe(Time now, const PeerId& peer) {
  impl_->set_time(now);
  impl_->probe(peer);
}

void Hub::probe_all(Time now) {
  impl_->set_time(now);
  impl_->probe_all();
}

void Hub::link_writable(Time now, const PeerId& peer) {
  impl_->set_time(now);
  impl_->link_writable(peer);
}

std::vector<PeerId> Hub::peers(const RoomId& room) const {
  return impl_->peers(room);
}

Result<SendId> Hub::send(Time now, const RoomId& room, std::string_view action, Payload payload,
                         HubSendOptions options) {
  impl_->set_time(now);
  return impl_->send(room, action, std::move(payload), std::move(options));
}

Result<RequestId> Hub::request(Time now, const RoomId& room, const PeerId& peer,
                               std::string_view action, Payload payload,
                               const std::optional<Json>& metadata, Duration timeout) {
  impl_->set_time(now);
  return impl_->request(room, peer, action, std::move(payload), metadata, timeout);
}

void Hub::respond(Time now, const RoomId& room, const PeerId& peer, const std::string& request,
                  Result<Payload> response) {
  impl_->set_time(now);
  impl_->respond(room, peer, request, std::move(response));
}

Result<PingId> Hub::ping(Time now, const RoomId& room, const PeerId& peer) {
  impl_->set_time(now);
  return impl_->ping(room, peer);
}

void Hub::send_signal(Time now, const RoomId& room, const PeerId& peer, const Json& description) {
  impl_->set_time(now);
  impl_->send_signal(room, peer, description);
}

const HubSent& Hub::sent() const {
  return impl_->sent();
}

std::vector<Output> Hub::take_outputs() {
  return impl_->take_outputs();
}

Deadline Hub::next_timeout() const {
  return impl_->next_timeout();
}

void Hub::handle_timeout(Time now) {
  impl_->set_time(now);
  impl_->run_timers();
}

}  // namespace roomwire::room
