// What comes out of a hub: what happens in its rooms, and what it would have its owner do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "roomwire/ids.hpp"
#include "roomwire/payload.hpp"
#include "roomwire/status.hpp"

namespace roomwire::room {

/// Drawn by the hub, one after the other, never reused.
enum class SendId : std::uint64_t {};
enum class RequestId : std::uint64_t {};
enum class PingId : std::uint64_t {};

struct PeerJoined {
  RoomId room;
  PeerId peer;
};
struct PeerLeft {
  RoomId room;
  PeerId peer;
  std::string reason;
};
/// A whole message; of its progress, this is 1.
struct MessageReceived {
  RoomId room;
  PeerId peer;
  std::string action;
  Payload payload;
  std::optional<Json> metadata;
};
/// Chunks of a message of `action` came, but not its last: 0 to less than 1.
struct ReceiveProgressed {
  RoomId room;
  PeerId peer;
  std::string action;
  double fraction = 0;
  std::optional<Json> metadata;
};
/// Chunks of our message went. Only for sends that asked for it.
struct SendProgressed {
  SendId send{};
  PeerId peer;
  double fraction = 0;
};
/// All targets have it, or are gone. Once for every send() that succeeded and asked for it.
struct Sent {
  SendId send{};
};
struct Responded {
  RequestId request{};
  Result<Payload> response;
};
struct Ponged {
  PingId ping{};
  Result<Duration> round_trip;
};
/// What leave() began is done.
struct RoomLeft {
  RoomId room;
};
/// A later description over `@_signal`; answered with send_signal.
struct SignalReceived {
  RoomId room;
  PeerId peer;
  Json description;
};
/// No room has used the connection for 123.333 s: it can be closed.
struct LinkIdle {
  PeerId peer;
};
/// The peer did not answer a probe(): for its rooms the connection is gone, though it stands.
struct LinkAbandoned {
  PeerId peer;
};
/// A frame that nobody should send.
struct FrameDropped {
  PeerId peer;
  std::string reason;
};

/// WrongPassword: its password is not ours, or its handshake ended in silence where a password was
/// asked for. Undelivered: the peer is gone, or leave() waited for long enough, before it
/// acknowledged all that send() gave it, or before its program took it. Not for a peer that left
/// our rooms itself.
using Output = std::variant<MessageReceived, Sent, PeerJoined, PeerLeft, ReceiveProgressed,
                            SendProgressed, Responded, Ponged, RoomLeft, SignalReceived, LinkIdle,
                            LinkAbandoned, FrameDropped, WrongPassword, Undelivered>;

}  // namespace roomwire::room
