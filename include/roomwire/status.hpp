// What a program can tell its user while it waits, and what it can count.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/error.hpp>
#include <roomwire/ids.hpp>
#include <roomwire/relay_url.hpp>
#include <string>
#include <variant>
#include <vector>

namespace roomwire {

/// How a peer is reached.
struct Path {
  enum class Kind { loopback, local, reflexive };
  Kind kind = Kind::local;  ///< This machine, this network, or across the internet.
  std::string local;        ///< Our endpoint, such as `192.168.1.7:50000` or `[fe80::1%2]:50000`.
  std::string remote;       ///< Theirs.
  bool operator==(const Path&) const = default;
};

struct RelayConnected {
  std::string url;
  RelayUrl::Kind kind = RelayUrl::Kind::nostr;
};
/// Refused, dropped or never there; it is tried again.
struct RelayFailed {
  std::string url;
  std::string reason;                  ///< One line for a person.
  std::chrono::milliseconds retry_in;  ///< At most 60 s.
  bool was_connected = false;
  RelayUrl::Kind kind = RelayUrl::Kind::nostr;
  ErrorCode code = ErrorCode::other;  ///< The reason for a program.
};
/// What a relay says to people (Nostr's NOTICE).
struct RelayNotice {
  std::string url;
  std::string text;
  RelayUrl::Kind kind = RelayUrl::Kind::nostr;
};
/// A relay that is connected and of no use: nobody is met there until RelayPasses, or until it is
/// connected anew. May be said again with another reason.
struct RelayRefused {
  std::string url;
  std::string reason;  ///< What it says, perhaps nothing; of a silent one the last that it said.
  /// It takes what we send, and our own announcements do not come back within 8 s, as they do from
  /// relays that work. Otherwise it said that it refuses something.
  bool is_silent = false;
  RelayUrl::Kind kind = RelayUrl::Kind::nostr;
};
/// After RelayRefused: what we send comes back.
struct RelayPasses {
  std::string url;
  RelayUrl::Kind kind = RelayUrl::Kind::nostr;
};
/// A peer told a relay that it is in our room, and we are not connected to it: the first sign of
/// it. Said again only when it was met and lost since, or forgotten (of those who are never met,
/// 512 are known).
struct PeerHeard {
  PeerId peer;
  RoomId room;
};
/// A connection to a peer that was heard is tried.
struct PeerConnecting {
  PeerId peer;
};
/// The connection is up; rooms are joined over it next.
struct PeerConnected {
  PeerId peer;
  Path path;
};
/// The connection is gone, or never came up: Room::unmet_peers tells what was tried then. After
/// PeerConnecting comes either PeerConnected or this.
struct PeerDisconnected {
  PeerId peer;
  std::string reason;
  bool was_connected = false;
  /// It was not tried to the end: nobody answered, or the room was left. No failure.
  bool was_given_up = false;
};
/// A peer announces itself, and has answered nothing of ours for 10 s or more: it does not hear us.
/// So does a Trystero 0.23 peer, such as an open page of Patchies, after the relay was restarted,
/// until it is reloaded. Said once, until it answers.
struct PeerDeaf {
  PeerId peer;
};
/// A peer is in our room but holds another password.
struct WrongPassword {
  PeerId peer;
  RoomId room;
};
/// The peer is gone, or Room::leave() waited for it long enough, before its program took all
/// messages of ours: the last of them may not have arrived. Not said of a peer that left the room
/// itself.
struct Undelivered {
  PeerId peer;
};
/// Something from the network was thrown away. Said for the first of each kind from each peer or
/// relay, and again after 30 s, 1 min … 10 min while it goes on; of floods at a bounded rate. Stats
/// counts all.
struct Dropped {
  std::string source;       ///< A peer id, or the URL of a relay; empty: of many.
  std::string reason;       ///< Empty: what was not said one by one.
  std::uint64_t times = 1;  ///< How often since it was last said.
  bool again = false;       ///< It was said before.
};

using Status = std::variant<RelayConnected, RelayFailed, RelayNotice, RelayRefused, RelayPasses,
                            PeerHeard, PeerConnecting, PeerConnected, PeerDisconnected, PeerDeaf,
                            WrongPassword, Undelivered, Dropped>;

/// Two addresses between which a connection was tried, as Path has them.
struct AddressPair {
  /// As ICE calls them: an address of the machine, as a STUN server or the peer sees it, a relay's.
  enum class Kind { host, server_reflexive, peer_reflexive, relayed };
  std::string local;
  std::string remote;
  Kind local_kind = Kind::host;
  Kind remote_kind = Kind::host;
  bool operator==(const AddressPair&) const = default;
};
/// What was tried: the likeliest pairs, at most 8, and the number of all.
struct TriedPairs {
  std::vector<AddressPair> first;
  std::size_t count = 0;
  bool operator==(const TriedPairs&) const = default;
};
/// A peer that is heard on a relay and not connected.
struct UnmetPeer {
  PeerId peer;
  std::chrono::milliseconds heard_for;  ///< Since it was first heard.
  bool answers = false;                 ///< It hears us, too.
  bool is_deaf = false;                 ///< It does not: see PeerDeaf.
  std::string reason{};                 ///< Why the last connection to it failed, if one did.
  TriedPairs tried{};                   ///< For the present connection, or the last one.
};

/// Counted since the Context was made.
struct Stats {
  std::uint64_t messages_sent = 0;      ///< To each peer.
  std::uint64_t messages_received = 0;  ///< Handed to a callback.
  std::uint64_t bytes_sent = 0;         ///< Payload.
  std::uint64_t bytes_received = 0;
  std::uint64_t dropped = 0;          ///< From peers: malformed, too large, for nobody.
  std::uint64_t signals_dropped = 0;  ///< From relays.
};

}  // namespace roomwire
