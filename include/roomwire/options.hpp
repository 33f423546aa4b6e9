// What a peer and a room can be told when they are made. Names no class that does something.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/ids.hpp>
#include <roomwire/relay_url.hpp>
#include <string>
#include <vector>

namespace roomwire {

/// A server that tells a peer how the internet sees it, as RTCIceServer in a browser.
struct IceServer {
  std::string url;  ///< `stun:host[:port]`. TURN (`turn:`, `turns:`) is not supported yet.
  /// What a TURN server wants to know; of no use to STUN.
  std::string username{};
  std::string credential{};
  bool operator==(const IceServer&) const = default;
};

struct ContextOptions {
  /// No relay at all: those that each Trystero release from 0.23 to 0.25 chooses for the app.
  std::vector<RelayUrl> relays;
  /// Beside those, or beside their default: such as one that this program runs itself.
  std::vector<RelayUrl> further_relays;
  /// Narrows the default to one release's choice, such as "0.23.0"; empty for all of them.
  std::string relay_set;
  /// Not set: Trystero's defaults; set and empty: none.
  std::optional<std::vector<IceServer>> ice_servers;
  /// The one UDP port to use on every address; 0 lets the system choose.
  std::uint16_t ice_port = 0;
  /// Interface names or addresses to use, and no others; empty for all.
  std::vector<std::string> ice_interfaces;
  /// Largest message that is accepted from a peer, in bytes.
  std::size_t max_message_bytes = 64U << 20;
};

struct RoomOptions {
  AppId app{"patchies"};
  RoomId room;
  /// Empty for none. Descriptions of connections are encrypted with it on the relays, so that who
  /// does not hold it is met by no signalling of this room. What it does not do: a peer that is
  /// connected to us through another room of the same app has only to answer Trystero's handshake,
  /// in which the smaller id asks; that is never us, so such a peer is not asked. Join a room that
  /// must be closed under an app id that has no open room.
  std::string password;
  /// Listen without announcing; wake when an active peer appears (Trystero 0.24 and later).
  bool passive = false;
  /// How long a peer may take to prove that it holds the password.
  std::chrono::milliseconds handshake_timeout{10'000};
};

}  // namespace roomwire
