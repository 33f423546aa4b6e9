// What comes out of a mesh: what it wants done by the edge, and what its rooms tell the program.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "room/hub.hpp"
#include "roomwire/status.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::mesh {

struct PeerJoined {
  RoomId room;
  PeerId peer;
};
struct PeerLeft {
  RoomId room;
  PeerId peer;
  std::string reason;
};
struct MessageReceived {
  RoomId room;
  PeerId peer;
  std::string action;
  Payload payload;
  std::optional<Json> metadata;
};
struct ReceiveProgressed {
  RoomId room;
  PeerId peer;
  std::string action;
  double fraction = 0;
  std::optional<Json> metadata;
};
struct SendProgressed {
  room::SendId send{};
  PeerId peer;
  double fraction = 0;
};
struct Sent {
  room::SendId send{};
};
struct Responded {
  room::RequestId request{};
  Result<Payload> response;
};
struct Ponged {
  room::PingId ping{};
  Result<Duration> round_trip;
};
struct RoomLeft {
  RoomId room;
};

using Event = std::variant<PeerJoined, PeerLeft, MessageReceived, ReceiveProgressed, SendProgressed,
                           Sent, Responded, Ponged, RoomLeft, Status>;

/// Looks a `….local` name up; answered by Mesh::mdns_resolved.
struct ResolveName {
  std::string name;
};

/// Of the edge. The relays are those of one app.
using Request = std::variant<signal::RelayPool::Open, signal::RelayPool::Send,
                             signal::RelayPool::Close, ResolveName>;

}  // namespace roomwire::mesh
