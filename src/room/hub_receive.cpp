// Frames from peers.
#include <algorithm>
#include <utility>

#include "room/hub_impl.hpp"
#include "room/request.hpp"

namespace roomwire::room {
namespace {

/// Rooms that a peer may say to be in; more are ignored.
constexpr std::size_t max_remote_tokens = 1024;
/// Rooms for which handshake data waits until they are attached; for more it is dropped.
constexpr std::size_t max_early_rooms = 64;
/// Handshake data of a room that is not attached; more than any challenge needs.
constexpr std::size_t max_early_data = 1024;
/// How long data may come from a room that was left: it was on its way, or the peer's app goes on
/// sending in the 99 ms that Trystero's leave() takes.
constexpr Duration late_time = 2s;

bool is_handshake(std::string_view action) {
  return action == internal_action::handshake_data || action == internal_action::handshake_ready ||
         action == internal_action::leave;
}

/// While a room drains, only who else leaves and who has taken everything is of interest.
bool matters_to_who_leaves(std::string_view action) {
  return action == internal_action::leave || action == internal_action::ping ||
         action == internal_action::pong;
}

/// A message of one chunk and nothing else, as all internal actions but two are.
bool is_alone(const Chunk& chunk) {
  return chunk.tag.last && !chunk.tag.metadata;
}

}  // namespace

void Hub::Impl::handle_frame(const PeerId& peer, ByteView bytes) {
  Link* link = find_link(peer);
  if (link == nullptr) return;
  if (!std::exchange(link->heard, true) && !link->members.empty()) link->idle.cancel();
  const auto frame = parse_frame(bytes);
  // No room of any app has a token of another size.
  if (!frame || frame->token.size() != room_token_size) {
    dropped(*link, "a malformed frame");
    return;
  }
  if (frame->kind == Frame::Kind::presence) {
    handle_presence(*link, *frame);
  } else if (const auto member = link->members.find(frame->token); member != link->members.end()) {
    handle_chunk(*member->second, frame->chunk);
  } else {
    hold_early(*link, *frame);
  }
  continue_leaving();
}

void Hub::Impl::handle_presence(Link& link, const Frame& frame) {
  const auto room = rooms_by_token_.find(frame.token);
  if (!frame.present) {
    const auto known = link.remote_tokens.find(frame.token);
    if (known != link.remote_tokens.end()) link.remote_tokens.erase(known);
    const auto early = link.early.find(frame.token);
    if (early != link.early.end()) link.early.erase(early);
    // Trystero says so 99 ms after @_leave, and when a passive room without peers falls asleep;
    // a peer that still is attached here did not get our handshake, or has gone without a word.
    const auto member = link.members.find(frame.token);
    if (member != link.members.end()) detach(*member->second, "left the room");
    forgive(link);
    return;
  }
  if (link.remote_tokens.size() < max_remote_tokens) {
    link.remote_tokens.emplace(frame.token);
  } else if (link.remote_tokens.count(frame.token) == 0) {
    dropped(link, "presence in more than " + std::to_string(max_remote_tokens) + " rooms");
  }
  if (room == rooms_by_token_.end()) return;
  const auto acquaintance = link.acquaintances.find(room->second);
  if (acquaintance != link.acquaintances.end()) acquaintance->second.refused = false;
  attach(*room->second, link);
}

/// Only the handshake can come before a room is attached: a peer is not active before it has our
/// @_hsready. What else comes was on its way when we left.
void Hub::Impl::hold_early(Link& link, const Frame& frame) {
  const auto chunk = parse_chunk(frame.chunk);
  const bool fits = chunk && is_alone(*chunk) && is_handshake(chunk->action) &&
                    chunk->payload.size() <= max_early_data;
  if (!fits) {
    if (chunk && is_late(link, frame.token)) return;
    dropped(link, chunk ? "data for a room that it is not in with us" : "a malformed chunk");
    return;
  }
  if (chunk->action == internal_action::leave) {
    const auto early = link.early.find(frame.token);
    if (early != link.early.end()) link.early.erase(early);
    forgive(link);
    return;
  }
  EarlyFrames* early = early_frames(link, frame.token);
  if (early == nullptr) {
    dropped(link, "handshakes of more than " + std::to_string(max_early_rooms) + " unknown rooms");
    return;
  }
  early->since = now_;
  if (chunk->action == internal_action::handshake_ready) {
    early->ready = true;
  } else if (auto data = decode_payload(chunk->tag, chunk->payload)) {
    early->data = std::move(*data);
  } else {
    dropped(link, "handshake data: " + data.error().message);
  }
}

bool Hub::Impl::is_late(const Link& link, std::string_view token) const {
  const auto room = rooms_by_token_.find(token);
  if (room == rooms_by_token_.end()) return false;
  const auto known = link.acquaintances.find(room->second);
  return known != link.acquaintances.end() && known->second.parted_at &&
         now_ - *known->second.parted_at <= late_time;
}

EarlyFrames* Hub::Impl::early_frames(Link& link, std::string_view token) {
  const auto found = link.early.find(token);
  if (found != link.early.end()) return &found->second;
  if (link.early.size() >= max_early_rooms) {
    std::erase_if(link.early, [&](const auto& early) {
      return now_ - early.second.since > EarlyFrames::lifetime;
    });
  }
  if (link.early.size() >= max_early_rooms) return nullptr;
  return &link.early[std::string(token)];
}

void Hub::Impl::handle_chunk(Member& member, ByteView bytes) {
  const auto chunk = parse_chunk(bytes);
  if (!chunk) {
    dropped(member.link, "a malformed chunk");
    return;
  }
  const bool joined = member.room.phase == JoinedRoom::Phase::joined;
  if (chunk->action.substr(0, internal_action::prefix.size()) == internal_action::prefix) {
    if (joined || matters_to_who_leaves(chunk->action)) handle_internal(member, *chunk);
  } else if (!member.handshake.is_active()) {
    dropped(member.link, "a message before its handshake");
  } else if (joined) {
    handle_message_chunk(member, *chunk);
  }
}

void Hub::Impl::handle_message_chunk(Member& member, const Chunk& chunk) {
  Reassembly& reassembly = member.link.reassembly;
  if (chunk.payload.size() > options_.max_message_bytes) {
    dropped(member.link, "a message that is too long");
    return;
  }
  if (is_alone(chunk) && reassembly.empty()) {
    deliver(member, chunk.action, decode_payload(chunk.tag, chunk.payload), std::nullopt);
    return;
  }
  Reassembly::Message* message = reassembly.add(&member.room, chunk);
  if (message == nullptr) return;
  if (!chunk.tag.last) {
    // 1 is for the end, and the byte of a late chunk may be rounded up to 255.
    const double fraction = std::min<double>(chunk.progress, 254) / 255;
    put(ReceiveProgressed{member.room.id(), member.link.peer, std::string(chunk.action), fraction,
                          message->metadata});
    return;
  }
  Reassembly::Message whole = std::move(*message);
  deliver(member, chunk.action, decode_payload(chunk.tag, std::move(whole.data)),
          std::move(whole.metadata));
}

void Hub::Impl::deliver(Member& member, std::string_view action, Result<Payload> payload,
                        std::optional<Json> metadata) {
  if (!payload) {
    dropped(member.link, "a message: " + payload.error().message);
    return;
  }
  if (action == internal_action::response) {
    handle_response(member, std::move(*payload), metadata);
    return;
  }
  const RoomId& room = member.room.id();
  const PeerId& peer = member.link.peer;
  if (action == internal_action::signal) {
    const Json* description = std::get_if<Json>(&*payload);
    if (description != nullptr) put(SignalReceived{room, peer, *description});
    return;
  }
  put(MessageReceived{room, peer, std::string(action), std::move(*payload), std::move(metadata)});
}

void Hub::Impl::handle_internal(Member& member, const Chunk& chunk) {
  if (chunk.action == internal_action::leave) {
    Link& link = member.link;
    detach(member, "left the room");
    forgive(link);
    return;
  }
  if (!is_handshake(chunk.action)) {
    handle_service(member, chunk);
    return;
  }
  if (!is_alone(chunk)) {
    dropped(member.link, "a handshake in more than one chunk");
    return;
  }
  if (chunk.action == internal_action::handshake_ready) {
    apply(member, member.handshake.receive_ready());
    return;
  }
  const auto data = decode_payload(chunk.tag, chunk.payload);
  if (data) {
    apply(member, member.handshake.receive_data(*data));
  } else {
    dropped(member.link, "handshake data: " + data.error().message);
  }
}

void Hub::Impl::handle_service(Member& member, const Chunk& chunk) {
  if (!member.handshake.is_active()) {
    dropped(member.link, "a message before its handshake");
  } else if (chunk.action == internal_action::response || chunk.action == internal_action::signal) {
    Reassembly::Message* message = member.link.reassembly.add(&member.room, chunk);
    if (message == nullptr || !chunk.tag.last) return;
    Reassembly::Message whole = std::move(*message);
    deliver(member, chunk.action, decode_payload(chunk.tag, std::move(whole.data)),
            std::move(whole.metadata));
  } else if (chunk.action == internal_action::ping && chunk.tag.last) {
    answer(member, internal_action::pong, std::string());
  } else if (chunk.action == internal_action::pong && chunk.tag.last) {
    handle_pong(member);
  } else if (chunk.action != internal_action::stream && chunk.action != internal_action::track) {
    dropped(member.link, "an unknown internal action");
  }
}

void Hub::Impl::handle_pong(Member& member) {
  if (member.pings.empty()) return;
  const PendingPing ping = member.pings.front();
  member.pings.pop_front();
  member.link.probe.cancel();  // Any of them: it holds the connection.
  if (ping.id) return put(Ponged{*ping.id, now_ - ping.sent});
  continue_leaving();
}

void Hub::Impl::handle_response(Member& member, Payload payload,
                                const std::optional<Json>& metadata) {
  const auto response = response_of(metadata);
  const auto request = response ? member.requests.find(response->id) : member.requests.end();
  if (request == member.requests.end()) {
    dropped(member.link, "a response to no request");
    return;
  }
  const RequestId id = request->second.id;
  member.requests.erase(request);
  if (response->error) {
    put(Responded{id, failure(ErrorKind::rejected, *response->error)});
  } else {
    put(Responded{id, std::move(payload)});
  }
}

}  // namespace roomwire::room
