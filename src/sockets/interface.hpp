// Network interfaces and addresses of this machine, as the ends need them.
#pragma once

#include <base/address.hpp>
#include <net/interfaces.hpp>
#include <optional>
#include <roomwire/error.hpp>
#include <string>
#include <vector>

namespace roomwire::sockets {

/// The addresses, of one family, of the interface with this name or address; of all when `name` is
/// empty. Fails with unavailable when there is none now.
Result<std::vector<net::LocalAddress>> find_interface(const std::string& name, bool v4);

/// The first address that is not this machine's alone: where no route leads to a group or to all,
/// as on a stage network without a gateway, its network is meant.
std::optional<net::LocalAddress> first_network(bool v4);

/// Where packets to `remote` leave from; nothing when there is no route.
std::optional<IpAddress> address_towards(const IpAddress& remote);

/// Asks the kernel's routes, so that it is right on machines with any number of addresses.
bool is_local_address(const IpAddress& address);

}  // namespace roomwire::sockets
