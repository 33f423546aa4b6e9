// Where ArtSync goes.
#pragma once

#include <base/address.hpp>
#include <net/interfaces.hpp>
#include <span>
#include <vector>

#include "sockets/socket_url.hpp"

namespace roomwire::bridges {

/// Where ArtDmx goes.
struct ArtNetPlace {
  sockets::SocketUrl url;
  /// Of the node, as its name may be found anew; of all nodes of a network, ours there.
  IpAddress address;
};

/// Art-Net 4 knows ArtSync as a broadcast alone: once in each network of `ours` in which there are
/// such places, by what is broadcast there anyway, or to the address that the network has for it.
/// What lies behind a gateway or on this machine has no such address, and gets its own.
std::vector<sockets::SocketUrl> artsync_urls(std::span<const ArtNetPlace> places,
                                             std::span<const net::LocalAddress> ours);

}  // namespace roomwire::bridges
