// A place that packets go to or come from, as people write it: OSC as it is, levels within a
// DmxUrl.
#pragma once

#include <cstdint>
#include <osc/framing.hpp>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>

namespace roomwire::sockets {

enum class Transport : std::uint8_t { udp, tcp };

/// Whether other programs may have a listener's port as well. What is broadcast or sent to a group
/// then comes to all; what is sent to the machine alone comes to one of them.
enum class PortUse : std::uint8_t {
  alone,
  offered,  ///< Nobody has it now; who comes later and shares it too may.
  shared,   ///< With those who have it already.
};

enum class SocketRole : std::uint8_t { destination, listener };

/// `127.0.0.1:57120`, `studio.local:9000`, `[::1]:9000` and, for a listener, `9000`. In liblo's
/// spelling `osc.udp://127.0.0.1:57120/` and `osc.tcp://127.0.0.1:57120/`; without a scheme it is
/// UDP. Options follow a `?` and are joined by `&`:
///
///   framing=size|slip   of a TCP destination: what is sent before each packet. `size` (OSC 1.0)
///                       is the default. What comes in is guessed for each connection, and
///                       answered as it came.
///   interface=NAME      of a multicast group, or of 255.255.255.255 as a destination: the network
///                       interface, by its name or an address of it. Without it a destination
///                       sends where the system's routes lead, and a listener hears the group on
///                       all interfaces.
///   ttl=N               of a multicast destination, 0 to 255: how many networks it may reach. 1,
///                       the default, is the local one; 0 this machine.
///
/// A listener that is a port alone listens on all IPv4 and IPv6 addresses of the machine, so both
/// `localhost` and other machines reach it. With an address it listens there alone; `localhost` is
/// both loopback addresses. Other names are refused: they do not say which of its addresses.
/// Port 0 is for listeners: the system chooses.
struct SocketUrl {
  /// Every machine of the local network.
  static constexpr std::string_view limited_broadcast = "255.255.255.255";

  Transport transport = Transport::udp;
  std::string host{};  ///< A name, or an address without brackets. Empty: all addresses.
  std::uint16_t port = 0;
  osc::Framing framing = osc::Framing::size_prefix;
  std::string interface {};  ///< Empty: not chosen.
  std::uint8_t ttl = 1;
  /// Not written: of a UDP destination, where to send from if that port can be had, as that of a
  /// listener that is not `alone` can. What comes back is then heard by it, or here. 0: any.
  std::uint16_t source_port = 0;
  /// Not written: of a UDP listener. One that is not `alone` may send to broadcast addresses.
  PortUse port_use = PortUse::alone;
  /// Not written: of a UDP listener on an IPv4 address, it hears what is broadcast on the network
  /// of that address too.
  bool hears_broadcast = false;

  /// Fails with invalid_input, in a line that quotes `text` and says what to write.
  static Result<SocketUrl> parse(std::string_view text, SocketRole role);

  bool is_multicast() const;
  /// In its shortest spelling, which parse() reads again.
  std::string text() const;
  bool operator==(const SocketUrl&) const = default;
};

}  // namespace roomwire::sockets
