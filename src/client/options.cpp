#include "client/options.hpp"

#include "base/stun_url.hpp"
#include "signal/default_relays.hpp"

namespace roomwire::client {
namespace {

constexpr std::size_t min_message_bytes = 1024;
constexpr std::size_t top_message_bytes = std::size_t{1} << 30;

}  // namespace

std::vector<IceServer> default_ice_servers() {
  return {{"stun:stun.l.google.com:19302"},
          {"stun:stun1.l.google.com:19302"},
          {"stun:stun2.l.google.com:19302"},
          {"stun:stun.cloudflare.com:3478"}};
}

Result<void> check(const ContextOptions& options) {
  if (options.ice_servers) {
    for (const IceServer& server : *options.ice_servers) {
      const auto url = parse_stun_url(server.url);
      if (!url) return bad_option("ice_servers", url.error().message, url.error().code);
    }
  }
  if (!options.relay_set.empty()) {
    const auto relays = signal::default_relays(AppId("patchies"), options.relay_set);
    if (!relays) return bad_option("relay_set", relays.error().message);
  }
  if (options.max_message_bytes < min_message_bytes ||
      options.max_message_bytes > top_message_bytes)
    return bad_option("max_message_bytes", "the largest message is from 1 KiB to 1 GiB");
  return {};
}

}  // namespace roomwire::client
