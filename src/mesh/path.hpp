// How a pair of addresses reads to a person.
#pragma once

#include "roomwire/status.hpp"
#include "rtc/ice_agent.hpp"

namespace roomwire::mesh {

Path path_of(const rtc::IcePair& pair);

}  // namespace roomwire::mesh
