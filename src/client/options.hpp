// What a user wrote in ContextOptions, checked.
#pragma once

#include <vector>

#include "roomwire/error.hpp"
#include "roomwire/options.hpp"

namespace roomwire::client {

/// Trystero's own (@trystero-p2p/core, peer: defaultIceServers).
std::vector<IceServer> default_ice_servers();

/// Fails with invalid_input, and names the first option that makes no sense.
Result<void> check(const ContextOptions& options);

}  // namespace roomwire::client
