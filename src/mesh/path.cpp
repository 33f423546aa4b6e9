#include "mesh/path.hpp"

namespace roomwire::mesh {
namespace {

std::uint8_t byte(const IpAddress& address, std::size_t index) {
  return static_cast<std::uint8_t>(address.bytes()[index]);
}

/// Addresses that no router forwards to the internet (RFC 1918, RFC 4193, link-local).
bool is_private(const IpAddress& address) {
  if (address.is_link_local()) return true;
  if (address.is_v6()) return (byte(address, 0) & 0xfe) == 0xfc;
  const std::uint8_t first = byte(address, 0);
  const std::uint8_t second = byte(address, 1);
  return first == 10 || (first == 172 && (second & 0xf0) == 16) || (first == 192 && second == 168);
}

}  // namespace

Path path_of(const rtc::IcePair& pair) {
  Path path;
  const bool same_machine =
      pair.remote.address.is_loopback() || pair.remote.address == pair.local.address;
  if (same_machine) {
    path.kind = Path::Kind::loopback;
  } else if (!is_private(pair.remote.address)) {
    path.kind = Path::Kind::reflexive;
  }
  path.local = pair.local.to_string();
  path.remote = pair.remote.to_string();
  return path;
}

}  // namespace roomwire::mesh
