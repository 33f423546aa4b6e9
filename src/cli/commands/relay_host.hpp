// What the commands that run a relay have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/flags/options.hpp"
#include "relay/server.hpp"

namespace roomwire::cli {

/// Fails with invalid_input, naming --listen.
Result<std::vector<Endpoint>> endpoints_of(const std::vector<ListenAddress>& listen);

/// As relay::Server::start, with a word on --listen when a port is taken. Says what the server
/// reports, each on a line.
Result<std::unique_ptr<relay::Server>> start_relay(boost::asio::io_context& io,
                                                   relay::ServerOptions options,
                                                   Verbosity verbosity);

/// Where clients find the server: 0.0.0.0 is no place to connect to, and stands for this machine's
/// addresses.
std::vector<Endpoint> reachable_at(const std::vector<Endpoint>& endpoints);

/// Of a relay on a local address: what browsers ask before a page from the internet reaches it.
void say_local_network_question(const std::vector<Endpoint>& places);

}  // namespace roomwire::cli
