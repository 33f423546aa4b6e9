#include "signal/relay_strategy.hpp"

#include <algorithm>
#include <array>

#include "signal/nostr_protocol.hpp"
#include "signal/ws_relay_protocol.hpp"

namespace roomwire::signal {
namespace {

constexpr std::array<std::string_view, 2> web_sockets{"ws", "wss"};

std::unique_ptr<RelayProtocol> make_nostr(const RelayTools& tools) {
  return std::make_unique<NostrProtocol>(tools.key, tools.date, tools.entropy);
}

std::unique_ptr<RelayProtocol> make_ws_relay(const RelayTools&) {
  return std::make_unique<WsRelayProtocol>();
}

// To add one: a kind in roomwire/relay_url.hpp, a protocol beside the others here, and a line.
constexpr std::array<RelayStrategy, 2> strategies{{
    {RelayUrl::Kind::nostr, web_sockets, "", make_nostr},
    {RelayUrl::Kind::ws_relay, web_sockets, "", make_ws_relay},
}};

}  // namespace

std::span<const RelayStrategy> relay_strategies() {
  return strategies;
}

const RelayStrategy& relay_strategy(RelayUrl::Kind kind) {
  return *std::find_if(strategies.begin(), strategies.end(),
                       [kind](const RelayStrategy& each) { return each.kind == kind; });
}

}  // namespace roomwire::signal
