// Where a WebSocket server is (RFC 6455 section 3), as relays are named.
#pragma once

#include <cstdint>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>

namespace roomwire {

struct WebSocketUrl {
  bool tls = false;
  std::string host;  ///< A name or an address, without brackets.
  std::uint16_t port = 0;
  std::string host_header;  ///< Host and port as they were written.
  std::string target;       ///< Path and query; at least `/`.
};

/// ws:// or wss:// with a host, and any port, path and query. Else invalid_input, and what to write
/// instead.
Result<WebSocketUrl> parse_web_socket_url(std::string_view text);

}  // namespace roomwire
