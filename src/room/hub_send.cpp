// Messages to peers.
#include <algorithm>
#include <cassert>

#include "room/hub_impl.hpp"
#include "room/request.hpp"

namespace roomwire::room {
namespace {

/// Metadata travels in one chunk of any size; beyond 64 KiB a data channel may not take it.
constexpr std::size_t max_metadata = 60'000;
constexpr std::size_t max_pings = 64;
/// Trystero's (genId(20) in actions.mjs).
constexpr std::size_t request_id_size = 20;

tl::unexpected<Error> too_much_waits(const PeerId& peer) {
  return failure(ErrorKind::limit, "too much waits to be sent to peer " + peer.str());
}

tl::unexpected<Error> not_there(const PeerId& peer) {
  return failure(ErrorKind::closed, "peer " + peer.str() + " is not in the room");
}

}  // namespace

void Hub::Impl::link_writable(const PeerId& peer) {
  Link* link = find_link(peer);
  if (link == nullptr || link->sending) return;
  pump(*link);
  continue_leaving();
}

Result<SendId> Hub::Impl::send(const RoomId& id, std::string_view action, Payload payload,
                               HubSendOptions options) {
  assert(is_action_name(action));
  JoinedRoom* room = joined_room(id);
  if (room == nullptr) return failure(ErrorKind::closed, "room " + id.str() + " is not joined");
  if (options.metadata && options.metadata->text().size() > max_metadata) {
    return bad_option("metadata",
                      "metadata is larger than " + std::to_string(max_metadata) + " bytes");
  }
  const std::vector<Member*> members = targets(*room, options.to);
  for (const Member* member : members) {
    if (is_full(member->link)) return too_much_waits(member->link.peer);
  }
  const SendId send_id{next_send_++};
  sent_.messages += members.size();
  sent_.bytes += members.size() * size_of(payload);
  Outgoing message = make_outgoing(*room, action, std::move(payload), std::move(options.metadata));
  if (options.wants_sent || options.wants_progress) {
    message.send_id = static_cast<std::uint64_t>(send_id);
  }
  message.wants_progress = options.wants_progress;
  transmit(std::move(message), members);
  return send_id;
}

Result<RequestId> Hub::Impl::request(const RoomId& room, const PeerId& peer,
                                     std::string_view action, Payload payload,
                                     const std::optional<Json>& metadata, Duration timeout) {
  assert(is_action_name(action));
  Member* member = active_member(room, peer);
  if (member == nullptr) return not_there(peer);
  if (is_full(member->link)) return too_much_waits(peer);
  const std::string key = entropy_.id(request_id_size);
  auto wrapped = request_metadata(key, metadata);
  if (!wrapped || wrapped->text().size() > max_metadata) {
    return bad_option("metadata", "metadata is too large or too deeply nested");
  }
  const RequestId id{next_request_++};
  const auto request = member->requests.try_emplace(key, id, timers_).first;
  request->second.timeout.set(after(timeout), [this, member, key, id](Time) {
    member->requests.erase(key);
    put(Responded{id, failure(ErrorKind::timed_out,
                              "peer " + member->link.peer.str() + " did not answer in time")});
  });
  transmit(make_outgoing(member->room, action, std::move(payload), std::move(*wrapped)), {member});
  return id;
}

void Hub::Impl::respond(const RoomId& room, const PeerId& peer, const std::string& request,
                        Result<Payload> response) {
  Member* member = active_member(room, peer);
  if (member == nullptr) return;
  // The requester's timeout deals with what is lost here.
  if (is_full(member->link)) {
    dropped(member->link, "a response: too much waits to be sent");
    return;
  }
  std::optional<std::string> error;
  if (!response) error = response.error().message.substr(0, max_metadata / 8);
  Payload payload = response ? std::move(*response) : Payload(Json());
  transmit(make_outgoing(member->room, internal_action::response, std::move(payload),
                         response_metadata(request, error)),
           {member});
}

Result<PingId> Hub::Impl::ping(const RoomId& room, const PeerId& peer) {
  Member* member = active_member(room, peer);
  if (member == nullptr) return not_there(peer);
  if (member->pings.size() >= max_pings || is_full(member->link)) {
    return failure(ErrorKind::limit, "too many pings to peer " + peer.str() + " wait");
  }
  const PingId id{next_ping_++};
  send_ping(*member, {id, now_});
  return id;
}

void Hub::Impl::send_ping(Member& member, PendingPing ping) {
  member.pings.push_back(ping);
  transmit(make_outgoing(member.room, internal_action::ping, std::string(), std::nullopt),
           {&member});
}

void Hub::Impl::send_signal(const RoomId& room, const PeerId& peer, const Json& description) {
  Member* member = active_member(room, peer);
  if (member != nullptr) answer(*member, internal_action::signal, description);
}

Outgoing Hub::Impl::make_outgoing(JoinedRoom& room, std::string_view action, Payload payload,
                                  std::optional<Json> metadata) {
  auto nonce = room.nonces.find(action);
  if (nonce == room.nonces.end()) nonce = room.nonces.emplace(std::string(action), 0).first;
  Outgoing message{ChunkedMessage(action, nonce->second, std::move(payload), std::move(metadata)),
                   room.token};
  ++nonce->second;  // Wraps at 65536, as in Trystero.
  return message;
}

std::vector<Member*> Hub::Impl::targets(JoinedRoom& room,
                                        const std::optional<std::vector<PeerId>>& to) {
  std::vector<Member*> members;
  if (!to) {
    for (auto& [peer, member] : room.members) {
      if (member.handshake.is_active()) members.push_back(&member);
    }
    return members;
  }
  for (const PeerId& peer : *to) {
    Member* member = active_member(room.id(), peer);
    const bool again = std::find(members.begin(), members.end(), member) != members.end();
    if (member != nullptr && !again) members.push_back(member);
  }
  return members;
}

void Hub::Impl::transmit(Outgoing message, const std::vector<Member*>& members) {
  message.targets = members.size();
  if (members.empty()) {
    if (message.send_id != 0) put(Sent{SendId{message.send_id}});
    return;
  }
  const std::size_t count = message.chunks.chunk_count();
  std::vector<std::pair<Member*, std::size_t>> waiting;
  for (Member* member : members) {
    Link& link = member->link;
    if (message.send_id != 0) {
      link.unconfirmed = true;
      member->sent_to = true;
    } else {
      note_arrivals(link);
    }
    const std::size_t next = link.outbox.empty() ? send_chunks(link, message, 0) : 0;
    if (next == count) {
      target_done(message);
    } else {
      waiting.emplace_back(member, next);
    }
  }
  // Shared only when it has to wait: most messages have gone by now.
  if (waiting.empty()) return;
  const auto shared = std::make_shared<Outgoing>(std::move(message));
  for (const auto& [member, next] : waiting) {
    Link& link = member->link;
    const bool others_wait = !link.outbox.empty();
    link.outbox.push(shared, next);
    ++member->room.queued;
    if (others_wait) pump(link);
  }
}

void Hub::Impl::answer(Member& member, std::string_view action, Payload payload) {
  if (!member.link.outbox.takes_automatic()) {
    dropped(member.link, "an answer: too many wait to be sent");
    return;
  }
  Outgoing message = make_outgoing(member.room, action, std::move(payload), std::nullopt);
  message.automatic = true;
  transmit(std::move(message), {&member});
}

std::size_t Hub::Impl::send_chunks(Link& link, Outgoing& message, std::size_t next) {
  const std::size_t count = message.chunks.chunk_count();
  while (next < count && link.outlet.buffered_amount() <= Outlet::low_mark) {
    frame_.clear();
    append_data_header(message.token, frame_);
    message.chunks.append_chunk(next, frame_);
    // A closed connection takes nothing any more: this target is done with.
    if (!send_frame(link, frame_)) {
      link.lost = link.lost || message.send_id != 0;
      return count;
    }
    chunk_sent(link, message, ++next);
  }
  return next;
}

void Hub::Impl::pump(Link& link) {
  while (!link.outbox.empty() && link.outlet.buffered_amount() <= Outlet::low_mark) {
    const Outbox::Entry& entry = link.outbox.front();
    frame_.clear();
    append_data_header(entry.message->token, frame_);
    entry.message->chunks.append_chunk(entry.next, frame_);
    // The rest goes when link_down says that the peer is gone.
    if (!send_frame(link, frame_)) return;
    chunk_sent(link, *entry.message, entry.next + 1);
    const std::string_view token = entry.message->token;
    if (const auto finished = link.outbox.advance()) {
      --rooms_by_token_.find(token)->second->queued;
      target_done(*finished);
    }
  }
}

void Hub::Impl::note_arrivals(Link& link) {
  if (link.outbox.empty() && link.outlet.buffered_amount() == 0) link.unconfirmed = false;
}

bool Hub::Impl::send_frame(Link& link, ByteView frame) {
  link.sending = true;
  const bool sent = link.outlet.send(frame);
  link.sending = false;
  return sent;
}

void Hub::Impl::chunk_sent(const Link& link, const Outgoing& message, std::size_t next) {
  if (!message.wants_progress) return;
  const double fraction =
      static_cast<double>(next) / static_cast<double>(message.chunks.chunk_count());
  put(SendProgressed{SendId{message.send_id}, link.peer, fraction});
}

void Hub::Impl::target_done(Outgoing& message) {
  --message.targets;
  if (message.targets == 0 && message.send_id != 0) put(Sent{SendId{message.send_id}});
}

}  // namespace roomwire::room
