// How pairs of addresses read to a person.
#pragma once

#include "roomwire/status.hpp"
#include "rtc/peer_connection.hpp"

namespace roomwire::mesh {

Path path_of(const rtc::IcePair& pair);
TriedPairs tried_pairs(const rtc::PeerConnection& connection);

}  // namespace roomwire::mesh
