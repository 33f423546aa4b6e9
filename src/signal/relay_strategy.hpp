// The kinds of relays, in one table: what differs between them but for their protocol itself.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/relay_url.hpp"
#include "signal/nostr_event.hpp"
#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

/// What protocols are made of; outlives them.
struct RelayTools {
  const NostrKey& key;
  WallClock& date;
  Entropy& entropy;
};

struct RelayStrategy {
  RelayUrl::Kind kind;
  std::span<const std::string_view> schemes;  ///< Of its URLs, such as `wss`.
  std::string_view subprotocol;               ///< That its WebSocket asks for; empty: none.
  std::unique_ptr<RelayProtocol> (*make_protocol)(const RelayTools& tools);
};

/// One for each kind.
std::span<const RelayStrategy> relay_strategies();
const RelayStrategy& relay_strategy(RelayUrl::Kind kind);

}  // namespace roomwire::signal
