// What a user wrote in ContextOptions, checked and taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "roomwire/error.hpp"
#include "roomwire/options.hpp"

namespace roomwire::client {

struct StunServer {
  std::string host;  ///< A name, or an address without brackets.
  std::uint16_t port = 3478;
};

/// Trystero's own (@trystero-p2p/core, peer: defaultIceServers).
std::vector<std::string> default_ice_servers();

/// `stun:host`, `stun:host:port`, `stun:[::1]:port`; fails with invalid_input.
Result<StunServer> parse_stun_url(const std::string& url);

/// Names the first option that makes no sense.
Result<void> check(const ContextOptions& options);

}  // namespace roomwire::client
