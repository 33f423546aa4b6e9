#include "base/private_address.hpp"

namespace roomwire {

bool is_private(const IpAddress& address) {
  if (address.is_link_local()) return true;
  const auto first = static_cast<unsigned char>(address.bytes()[0]);
  const auto second = static_cast<unsigned char>(address.bytes()[1]);
  if (address.is_v6()) return (first & 0xfeU) == 0xfc;
  return first == 10 || (first == 100 && (second & 0xc0U) == 64) ||
         (first == 172 && (second & 0xf0U) == 16) || (first == 192 && second == 168);
}

}  // namespace roomwire
