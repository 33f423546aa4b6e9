// The addresses that this machine has.
#pragma once

#include <array>
#include <base/address.hpp>
#include <cstdint>
#include <optional>
#include <roomwire/error.hpp>
#include <span>
#include <string>
#include <vector>

namespace roomwire::net {

struct LocalAddress {
  std::string interface;    ///< `eth0`
  IpAddress address;        ///< With its scope when it is link-local IPv6.
  std::uint32_t index = 0;  ///< Of the interface.
  bool loopback = false;
  /// Of an IPv4 network that has one.
  std::optional<IpAddress> broadcast = {};
  /// So many leading bits of the address are those of its network.
  unsigned prefix = 0;

  /// A neighbour's, or this one itself: no gateway lies between. Never so without a prefix.
  bool is_in_network(const IpAddress& other) const;
  bool operator==(const LocalAddress&) const = default;
};

/// At most this many addresses are used; a machine with more (containers, bridges) keeps the
/// first, loopback last.
inline constexpr std::size_t max_local_addresses = 16;

/// Addresses of the interfaces that are up: IPv4 and IPv6, loopback after the others; no
/// multicast, no unspecified. Cheap enough to be asked every few seconds: what changed shows by
/// comparing.
///
/// `only`: interface names or addresses; an address of neither kind is left out. Empty for all.
/// Fails with unavailable when the system does not tell (it has no descriptor left).
Result<std::vector<LocalAddress>> local_addresses(std::span<const std::string> only = {});

/// Of the interface that has this address (its MAC); nothing when it has none, like loopback.
std::optional<std::array<std::uint8_t, 6>> hardware_address(const IpAddress& local);

/// Those of `names` that are neither an interface, up or down, nor an address of this machine.
Result<std::vector<std::string>> unknown_interfaces(std::span<const std::string> names);

/// The selection behind local_addresses(), for tests: filters, orders and bounds.
std::vector<LocalAddress> select_addresses(std::vector<LocalAddress> all,
                                           std::span<const std::string> only);

}  // namespace roomwire::net
