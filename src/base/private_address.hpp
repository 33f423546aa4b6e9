// Which addresses belong to a network of one's own.
#pragma once

#include "base/address.hpp"

namespace roomwire {

/// What no router forwards to the internet: 10/8, 172.16/12 and 192.168/16 (RFC 1918), 100.64/10
/// (RFC 6598), fc00::/7 (RFC 4193), and link-local addresses. Loopback is not among them.
bool is_private(const IpAddress& address);

}  // namespace roomwire
