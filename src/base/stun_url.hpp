// Where a STUN server is (RFC 7064).
#pragma once

#include <cstdint>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>

namespace roomwire {

struct StunUrl {
  std::string host;  ///< A name, or an address without brackets.
  std::uint16_t port = 3478;
};

/// `stun:host`, `stun:host:port`, `stun:[::1]:port`. Else invalid_input, and what to write instead;
/// of a TURN server with the code not_supported.
Result<StunUrl> parse_stun_url(std::string_view text);

}  // namespace roomwire
