// Where a relay is, and what is spoken there.
#pragma once

#include <string>

namespace roomwire {

/// A place where peers find each other. One URL may be both kinds, and is two relays then.
struct RelayUrl {
  enum class Kind {
    nostr,     ///< A Nostr relay (NIP-01), Trystero's default strategy.
    ws_relay,  ///< Trystero's own WebSocket relay (0.25 and later).
  };
  Kind kind = Kind::nostr;
  std::string url;  ///< ws:// or wss://, with any port and path.
  /// It may be no relay at all, such as the server of a page: when another kind of server answers
  /// there, or one that passes nothing on, it is left alone, and nothing is said of it.
  bool is_guess = false;
};

}  // namespace roomwire
