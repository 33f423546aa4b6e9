#include "net/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "net/socket_address.hpp"

namespace roomwire::net {

namespace {

bool matches(const LocalAddress& candidate, const std::string& wanted) {
  if (candidate.interface == wanted) return true;
  const auto address = IpAddress::parse(wanted);
  return address && address->bytes() == candidate.address.bytes() &&
         (address->scope() == 0 || address->scope() == candidate.address.scope());
}

unsigned prefix_of(const ifaddrs& entry) {
  if (entry.ifa_netmask == nullptr) return 0;
  const auto mask = from_socket_address(entry.ifa_netmask);
  if (!mask) return 0;
  unsigned bits = 0;
  for (const char byte : mask->address.bytes())
    bits += static_cast<unsigned>(std::popcount(static_cast<unsigned char>(byte)));
  return bits;
}

std::optional<IpAddress> broadcast_of(const ifaddrs& entry, const LocalAddress& local) {
  if ((entry.ifa_flags & IFF_BROADCAST) == 0 || local.address.is_v6()) return std::nullopt;
  const auto told =
      entry.ifa_broadaddr == nullptr ? std::nullopt : from_socket_address(entry.ifa_broadaddr);
  if (told && told->address != local.address) return told->address;
  // Not configured; the system then gives nothing, or the address itself, and takes this one.
  constexpr unsigned smallest_network = 30;
  if (local.prefix == 0 || local.prefix > smallest_network) return std::nullopt;
  std::array<std::uint8_t, 4> bytes{};
  std::copy_n(local.address.bytes().begin(), bytes.size(), bytes.begin());
  for (unsigned bit = local.prefix; bit < 8 * bytes.size(); ++bit)
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 0x80U >> bit % 8);
  return IpAddress::v4(bytes);
}

Result<std::vector<LocalAddress>> all_addresses() {
  std::vector<LocalAddress> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return failure(ErrorKind::unavailable,
                   "cannot list the network interfaces: " + std::generic_category().message(errno));
  }
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const auto endpoint = from_socket_address(entry->ifa_addr);
    if (!endpoint) continue;
    LocalAddress local{entry->ifa_name, endpoint->address, ::if_nametoindex(entry->ifa_name),
                       (entry->ifa_flags & IFF_LOOPBACK) != 0};
    local.prefix = prefix_of(*entry);
    local.broadcast = broadcast_of(*entry, local);
    found.push_back(std::move(local));
  }
  ::freeifaddrs(list);
  return found;
}

}  // namespace

bool LocalAddress::is_in_network(const IpAddress& other) const {
  const std::string_view mine = address.bytes();
  const std::string_view theirs = other.bytes();
  if (prefix == 0 || mine.size() != theirs.size() || address.scope() != other.scope()) return false;
  for (unsigned bit = 0; bit < std::min<std::size_t>(prefix, 8 * mine.size()); ++bit) {
    if (((mine[bit / 8] ^ theirs[bit / 8]) & 0x80 >> bit % 8) != 0) return false;
  }
  return true;
}

std::vector<LocalAddress> select_addresses(std::vector<LocalAddress> all,
                                           std::span<const std::string> only) {
  std::vector<LocalAddress> chosen;
  for (LocalAddress& candidate : all) {
    if (candidate.address.is_unspecified() || candidate.address.is_multicast()) continue;
    const bool wanted = only.empty() || std::any_of(only.begin(), only.end(), [&](const auto& o) {
                          return matches(candidate, o);
                        });
    const bool known = std::any_of(chosen.begin(), chosen.end(), [&](const LocalAddress& other) {
      return other.address == candidate.address;
    });
    if (wanted && !known) chosen.push_back(std::move(candidate));
  }
  std::stable_partition(chosen.begin(), chosen.end(),
                        [](const LocalAddress& address) { return !address.loopback; });
  if (chosen.size() > max_local_addresses) chosen.resize(max_local_addresses);
  return chosen;
}

Result<std::vector<LocalAddress>> local_addresses(std::span<const std::string> only) {
  auto all = all_addresses();
  if (!all) return all;
  return select_addresses(*std::move(all), only);
}

std::optional<std::array<std::uint8_t, 6>> hardware_address(const IpAddress& local) {
  const auto all = all_addresses();
  if (!all) return std::nullopt;
  const auto found = std::find_if(all->begin(), all->end(), [&](const LocalAddress& each) {
    return each.address.bytes() == local.bytes();
  });
  ifaddrs* list = nullptr;
  if (found == all->end() || ::getifaddrs(&list) != 0) return std::nullopt;
  std::optional<std::array<std::uint8_t, 6>> hardware;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_PACKET ||
        found->interface != entry->ifa_name || found->loopback)
      continue;
    sockaddr_ll link{};
    std::memcpy(&link, entry->ifa_addr, sizeof link);
    std::array<std::uint8_t, 6> bytes{};
    if (link.sll_halen != bytes.size()) continue;
    std::copy_n(std::begin(link.sll_addr), bytes.size(), bytes.begin());
    hardware = bytes;
  }
  ::freeifaddrs(list);
  return hardware;
}

Result<std::vector<std::string>> unknown_interfaces(std::span<const std::string> names) {
  const auto all = all_addresses();
  if (!all) return tl::unexpected(all.error());
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    const bool is_address = std::any_of(all->begin(), all->end(),
                                        [&](const auto& local) { return matches(local, name); });
    if (!is_address && ::if_nametoindex(name.c_str()) == 0) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace roomwire::net
