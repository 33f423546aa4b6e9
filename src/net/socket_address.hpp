// Endpoints as the socket calls want them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <base/address.hpp>
#include <optional>

namespace roomwire::net {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

/// Fills `out` and returns its length in use.
socklen_t to_socket_address(const Endpoint& endpoint, SocketAddress& out);
/// Nothing when it is neither IPv4 nor IPv6.
std::optional<Endpoint> from_socket_address(const sockaddr* address);

}  // namespace roomwire::net
