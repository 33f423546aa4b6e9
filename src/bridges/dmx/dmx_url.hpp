// Where levels go to and come from, as people write it.
#pragma once

#include <cstdint>
#include <dmx/universe.hpp>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "sockets/socket_url.hpp"

namespace roomwire::bridges {

/// A destination is one of
///
///   artnet://HOST[:PORT]/ADDRESS        to one node: artnet://192.168.1.50/0.0.1
///   artnet://broadcast[:PORT]/ADDRESS   to every machine of the local network
///   sacn://UNIVERSE                     to the universe's multicast group
///   sacn://UNIVERSE@HOST[:PORT]         to one node: sacn://1@192.168.1.50
///
/// and a listener one of
///
///   artnet://ADDRESS[@HOST[:PORT]]      HOST is an address of this machine; without it all IPv4
///   sacn://UNIVERSE[@HOST[:PORT]]       the same
///
/// and hears what is broadcast or sent to the universe's group on the networks of these addresses,
/// as well as what is sent to them alone.
///
/// ADDRESS is Net.Sub-Net.Universe or the whole Port-Address as one number. IPv6 goes into [ ].
/// `?interface=NAME` chooses the network interface of multicast and broadcast, by name or address.
struct DmxUrl {
  std::variant<dmx::PortAddress, dmx::SacnUniverse> universe;
  /// A UDP socket's place. Port 0 is for listeners: the system chooses.
  sockets::SocketUrl socket;

  /// Fails with invalid_input, in a line that quotes `text` and says what to write.
  static Result<DmxUrl> parse(std::string_view text, sockets::SocketRole role);

  dmx::RoomUniverse room_universe() const;
  /// `Art-Net 0.0.1` or `sACN 1`.
  std::string universe_text() const;
  bool operator==(const DmxUrl&) const = default;
};

}  // namespace roomwire::bridges
