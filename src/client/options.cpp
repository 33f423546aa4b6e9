#include "client/options.hpp"

#include <charconv>

#include "net/websocket.hpp"
#include "signal/default_relays.hpp"

namespace roomwire::client {
namespace {

constexpr std::size_t min_message_bytes = 1024;
constexpr std::size_t top_message_bytes = std::size_t{1} << 30;

Result<std::uint16_t> parse_port(std::string_view text, const std::string& url) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return failure(ErrorKind::invalid_input,
                   "ICE server " + url + ": the port is no number from 1 to 65535");
  }
  return port;
}

}  // namespace

std::vector<std::string> default_ice_servers() {
  return {"stun:stun.l.google.com:19302", "stun:stun1.l.google.com:19302",
          "stun:stun2.l.google.com:19302", "stun:stun.cloudflare.com:3478"};
}

Result<StunServer> parse_stun_url(const std::string& url) {
  static constexpr std::string_view scheme = "stun:";
  const auto bad = [&](const std::string& why) {
    return failure(ErrorKind::invalid_input, "ICE server " + url + ": " + why);
  };
  if (url.starts_with("turn:") || url.starts_with("turns:")) {
    return bad("TURN is not supported, only stun:host[:port]");
  }
  if (!url.starts_with(scheme)) return bad("write stun:host[:port]");
  std::string_view rest = std::string_view(url).substr(scheme.size());
  StunServer server;
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad("the bracket is not closed");
    server.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') return bad("write stun:[address]:port");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const std::size_t colon = rest.find(':');
    server.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (server.host.empty() || server.host.find_first_of("/?#@ ") != std::string::npos) {
    return bad("write stun:host[:port]");
  }
  if (port.data() == nullptr) return server;
  const Result<std::uint16_t> number = parse_port(port, url);
  if (!number) return tl::unexpected<Error>(number.error());
  server.port = *number;
  return server;
}

Result<void> check(const ContextOptions& options) {
  for (const auto* relays : {&options.relays, &options.further_relays}) {
    for (const RelayUrl& relay : *relays) {
      const Result<void> checked = net::WebSocketClient::check_url(relay.url);
      if (checked) continue;
      return failure(ErrorKind::invalid_input,
                     "relay " + relay.url + ": " + checked.error().message);
    }
  }
  if (options.ice_servers) {
    for (const std::string& url : *options.ice_servers) {
      const Result<StunServer> server = parse_stun_url(url);
      if (!server) return tl::unexpected<Error>(server.error());
    }
  }
  if (!options.relay_set.empty()) {
    const auto relays = signal::default_relays(AppId("patchies"), options.relay_set);
    if (!relays) return failure(ErrorKind::invalid_input, "relay set: " + relays.error().message);
  }
  if (options.max_message_bytes < min_message_bytes ||
      options.max_message_bytes > top_message_bytes) {
    return failure(ErrorKind::invalid_input, "the largest message is from 1 KiB to 1 GiB");
  }
  return {};
}

}  // namespace roomwire::client
