// What comes out of a mesh: what it wants done by the edge, and what its rooms tell the program.
#pragma once

#include <string>
#include <variant>

#include "room/outputs.hpp"
#include "roomwire/status.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::mesh {

using room::MessageReceived;
using room::PeerJoined;
using room::PeerLeft;
using room::Ponged;
using room::ReceiveProgressed;
using room::Responded;
using room::RoomLeft;
using room::SendProgressed;
using room::Sent;

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
