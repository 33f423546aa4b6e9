#include "roomwire/relay_url.hpp"

#include <algorithm>

#include "base/refusal.hpp"
#include "base/web_socket_url.hpp"
#include "signal/relay_strategy.hpp"

namespace roomwire {
namespace {

/// `ws:// or wss://`
std::string listed(std::span<const std::string_view> schemes) {
  std::string out;
  for (const std::string_view scheme : schemes) {
    if (!out.empty()) out += " or ";
    out.append(scheme).append("://");
  }
  return out;
}

}  // namespace

Result<RelayUrl> RelayUrl::parse(std::string_view text, Kind kind) {
  const auto schemes = signal::relay_strategy(kind).schemes;
  const std::size_t end = text.find("://");
  const bool is_known =
      std::find(schemes.begin(), schemes.end(), text.substr(0, end)) != schemes.end();
  if (end != std::string_view::npos && !is_known) {
    return failure(
        ErrorKind::invalid_input,
        in_quotes(text) + " is not a WebSocket URL; write " + listed(schemes) + " before the host",
        ErrorCode::bad_option);
  }
  const auto url = parse_web_socket_url(text);
  if (!url) return tl::unexpected<Error>(url.error());
  return RelayUrl(kind, std::string(text));
}

}  // namespace roomwire
