#include "sockets/interface.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <net/socket_address.hpp>
#include <span>

namespace roomwire::sockets {

Result<std::vector<net::LocalAddress>> find_interface(const std::string& name, bool v4) {
  auto addresses = name.empty() ? net::local_addresses()
                                : net::local_addresses(std::span<const std::string>(&name, 1));
  if (!addresses) return addresses;
  std::vector<net::LocalAddress>& found = *addresses;
  found.erase(std::remove_if(found.begin(), found.end(),
                             [&](const auto& local) { return local.address.is_v4() != v4; }),
              found.end());
  if (!found.empty()) return found;
  const std::string family = v4 ? "IPv4" : "IPv6";
  if (name.empty())
    return failure(ErrorKind::unavailable, "no interface has an " + family + " address");
  std::string known;
  auto all = net::local_addresses();
  if (!all) return all;
  for (const auto& local : *all) {
    if (local.address.is_v4() != v4 || known.find(local.interface) != std::string::npos) continue;
    known += (known.empty() ? "" : ", ") + local.interface;
  }
  return failure(ErrorKind::unavailable, "no interface " + name + " with an " + family +
                                             " address (there are: " + known + ")");
}

std::optional<net::LocalAddress> first_network(bool v4) {
  const auto all = find_interface("", v4);
  if (!all) return std::nullopt;
  const auto found = std::find_if(all->begin(), all->end(), [](const net::LocalAddress& each) {
    return !each.address.is_loopback();
  });
  return found == all->end() ? std::nullopt : std::optional(*found);
}

std::optional<IpAddress> address_towards(const IpAddress& remote) {
  const int fd = ::socket(remote.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  // Without it the broadcast address has no route.
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  net::SocketAddress chosen;
  socklen_t length = net::to_socket_address({remote, 9}, chosen);
  std::optional<IpAddress> local;
  if (::connect(fd, &chosen.any, length) == 0 && ::getsockname(fd, &chosen.any, &length) == 0) {
    if (const auto endpoint = net::from_socket_address(&chosen.any)) local = endpoint->address;
  }
  ::close(fd);
  return local;
}

// A packet to an address of one's own comes from that address.
bool is_local_address(const IpAddress& address) {
  if (address.is_loopback()) return true;
  const auto from = address_towards(address);
  return from && from->bytes() == address.bytes();
}

}  // namespace roomwire::sockets
