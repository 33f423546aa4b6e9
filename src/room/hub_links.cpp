// Which peer is in which room: links, presence, attaching, handshakes.
#include <algorithm>

#include "room/hub_impl.hpp"

namespace roomwire::room {
namespace {

/// An unused connection is kept for this long (sharedPeerIdleMsDefault in strategy.mjs).
constexpr Duration idle_time = 123'333ms;
/// Trystero speaks as soon as the channel is open. A peer that is not heard in this time never will
/// be: Chromium is known to swallow what its page sends first. A new connection then helps.
constexpr Duration silence_time = 4s;
/// How long a peer takes at most to answer a probe, once it has it: as long as Trystero keeps one
/// that is silent. A program that computes for some seconds has not given us up…
constexpr Duration probe_patience = 10s;
/// … and altogether: what was sent before may hold it up.
constexpr Duration longest_probe = 30s;
constexpr std::size_t challenge_size = 36;
/// Beyond max_message_bytes, so that small messages pass beside one of the full size.
constexpr std::size_t pending_slack = 1U << 20;

}  // namespace

void Hub::Impl::link_up(const PeerId& peer, Outlet& outlet, const std::optional<RoomId>& met_in) {
  link_down(peer, "moved to another connection");
  const Reassembly::Limits limits{options_.max_message_bytes,
                                  options_.max_message_bytes + pending_slack};
  auto owned = std::make_unique<Link>(
      peer, outlet, pool_, limits,
      [this, peer](const std::string& reason) {
        put(FrameDropped{peer, reason});
      },
      timers_);
  Link& link = *owned;
  links_[peer] = std::move(owned);
  for (const auto& [id, room] : rooms_) {
    const bool here = room->phase == JoinedRoom::Phase::joined;
    if (here && room->options.advertise) send_presence(link, *room, true);
  }
  JoinedRoom* room = met_in ? joined_room(*met_in) : nullptr;
  if (room != nullptr) attach(*room, link);
  if (link.members.empty()) arm_idle(link, idle_time);
}

void Hub::Impl::attach(const RoomId& id, const PeerId& peer) {
  JoinedRoom* room = joined_room(id);
  Link* link = find_link(peer);
  if (room == nullptr || link == nullptr) return;
  // Its announcements go on, with the password as wrong as before.
  if (link->acquaintances[room].refused) return;
  attach(*room, *link);
}

void Hub::Impl::link_down(const PeerId& peer, const std::string& reason) {
  const auto entry = links_.find(peer);
  if (entry == links_.end()) return;
  const std::unique_ptr<Link> link = std::move(entry->second);
  links_.erase(entry);
  const bool asked = std::any_of(link->members.begin(), link->members.end(),
                                 [](const auto& member) { return member.second->is_asked(); });
  if (asked || is_undelivered(*link)) report_undelivered(*link);
  while (!link->members.empty()) {
    detach(*link->members.begin()->second, reason);
  }
  link->idle.cancel();
  continue_leaving();
}

Link* Hub::Impl::find_link(const PeerId& peer) const {
  const auto link = links_.find(peer);
  return link == links_.end() ? nullptr : link->second.get();
}

void Hub::Impl::attach(JoinedRoom& room, Link& link) {
  if (room.phase != JoinedRoom::Phase::joined || link.members.count(room.token) > 0) return;
  Handshake::Options options{
      options_.app, room.id(), room.options.password, options_.self < link.peer, {}};
  if (options.challenger && !options.password.empty()) {
    std::string& challenge = link.acquaintances[&room].challenge;
    if (challenge.empty()) challenge = entropy_.id(challenge_size);
    options.challenge = challenge;
  }
  Member& member =
      room.members.try_emplace(link.peer, room, link, std::move(options), timers_).first->second;
  link.members[room.token] = &member;
  link.idle.cancel();
  if (!link.heard) arm_idle(link, silence_time);
  member.handshake_timeout.set(after(room.options.handshake_timeout),
                               [this, &member](Time) { handshake_timed_out(member); });
  if (apply(member, member.handshake.start())) replay_early(room, link);
}

void Hub::Impl::replay_early(JoinedRoom& room, Link& link) {
  const auto entry = link.early.find(room.token);
  if (entry == link.early.end()) return;
  const EarlyFrames early = std::move(entry->second);
  link.early.erase(entry);
  if (now_ - early.since > EarlyFrames::lifetime) return;
  Member& member = *link.members.find(room.token)->second;
  if (early.data && !apply(member, member.handshake.receive_data(*early.data))) return;
  if (early.ready) apply(member, member.handshake.receive_ready());
}

bool Hub::Impl::detach(Member& member, const std::string& reason) {
  JoinedRoom& room = member.room;
  Link& link = member.link;
  const auto gone = room.members.extract(link.peer);
  link.members.erase(room.token);
  link.acquaintances[&room].parted_at = now_;
  link.reassembly.forget(&room);
  const auto unsent = link.outbox.drop(room.token);
  room.queued -= unsent.size();
  if (link.members.empty()) arm_idle(link, idle_time);

  for (const auto& message : unsent) {
    target_done(*message);
  }
  for (const PendingPing& ping : member.pings) {
    if (ping.id) {
      put(Ponged{*ping.id, failure(ErrorKind::closed, "peer " + link.peer.str() + ": " + reason)});
    } else {
      link.probe.cancel();
    }
  }
  for (const auto& [id, request] : member.requests) {
    put(Responded{request.id,
                  failure(ErrorKind::closed, "peer " + link.peer.str() + ": " + reason)});
  }
  const bool tell = member.handshake.is_active() && room.phase == JoinedRoom::Phase::joined;
  if (tell) put(PeerLeft{room.id(), link.peer, reason});
  return std::any_of(unsent.begin(), unsent.end(),
                     [](const auto& message) { return message->send_id != 0; });
}

bool Hub::Impl::apply(Member& member, HandshakeStep step) {
  if (step.wrong_password) {
    refuse(member);
    return false;
  }
  if (step.data) answer(member, internal_action::handshake_data, std::move(*step.data));
  if (step.ready) answer(member, internal_action::handshake_ready, std::string());
  if (step.activate) {
    member.handshake_timeout.cancel();
    put(PeerJoined{member.room.id(), member.link.peer});
  }
  return true;
}

void Hub::Impl::handshake_timed_out(Member& member) {
  const RoomId room = member.room.id();
  const PeerId peer = member.link.peer;
  const bool password = member.handshake.smells_of_password();
  detach(member, "handshake timed out");
  continue_leaving();
  // The side that finds the password wrong says nothing: the other hears silence.
  if (password) {
    put(WrongPassword{peer, room});
  } else {
    put(FrameDropped{peer, "a handshake that timed out"});
  }
}

void Hub::Impl::refuse(Member& member) {
  JoinedRoom& room = member.room;
  Link& link = member.link;
  link.acquaintances[&room].refused = true;
  detach(member, "wrong password");
  put(WrongPassword{link.peer, room.id()});
}

void Hub::Impl::arm_idle(Link& link, Duration wait) {
  link.idle.set(now_ + wait, [this, &link](Time) { put(LinkIdle{link.peer}); });
}

void Hub::Impl::probe(const PeerId& peer) {
  if (Link* link = find_link(peer)) probe(*link);
}

void Hub::Impl::probe_all() {
  for (const auto& [peer, link] : links_)
    probe(*link);
}

void Hub::Impl::probe(Link& link) {
  if (link.probe.is_set()) return;
  const auto active = std::find_if(link.members.begin(), link.members.end(), [](const auto& entry) {
    const Member& member = *entry.second;
    return member.handshake.is_active() && member.room.phase == JoinedRoom::Phase::joined;
  });
  if (active == link.members.end()) return;
  Member& member = *active->second;
  member.pings.push_back({std::nullopt, now_});
  arm_probe(link, now_);
  // Past what waits in the outbox, which may take minutes.
  Outgoing ping = make_outgoing(member.room, internal_action::ping, std::string(), std::nullopt);
  frame_.clear();
  append_data_header(ping.token, frame_);
  ping.chunks.append_chunk(0, frame_);
  note_arrivals(link);
  send_frame(link, frame_);
}

void Hub::Impl::arm_probe(Link& link, Time since) {
  link.probe.set(now_ + probe_patience, [this, &link, since](Time) {
    const bool is_under_way = link.outlet.buffered_amount() > 0;
    if (is_under_way && now_ < since + longest_probe) return arm_probe(link, since);
    put(LinkAbandoned{link.peer});
  });
}

void Hub::Impl::forgive(Link& link) {
  if (!link.members.empty()) return;  // Another room still waits for its messages to arrive.
  link.unconfirmed = false;
  link.lost = false;
}

bool Hub::Impl::is_undelivered(const Link& link) {
  const bool pending = !link.outbox.empty() || link.outlet.buffered_amount() > 0;
  return link.lost || (link.unconfirmed && pending);
}

void Hub::Impl::report_undelivered(Link& link) {
  link.unconfirmed = false;
  link.lost = false;
  put(Undelivered{link.peer});
}

void Hub::Impl::send_presence(Link& link, const JoinedRoom& room, bool present) {
  note_arrivals(link);
  send_frame(link, presence_frame(room.token, present));
}

}  // namespace roomwire::room
