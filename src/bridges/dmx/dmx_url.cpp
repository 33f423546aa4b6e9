#include "bridges/dmx/dmx_url.hpp"

#include <algorithm>
#include <base/address.hpp>
#include <base/refusal.hpp>
#include <dmx/artnet.hpp>
#include <dmx/sacn.hpp>
#include <optional>
#include <utility>

namespace roomwire::bridges {
namespace {

constexpr std::string_view interface_option = "interface=";

/// What is wrong, without the text that it is wrong in.
using Fault = std::optional<std::string>;

// HOST or HOST:PORT, by the rules that OSC has for them.
Fault set_place(std::string_view place, std::uint16_t port, sockets::SocketRole role,
                sockets::SocketUrl& out) {
  std::string text(place);
  const bool bracketed = place.starts_with('[');
  const bool has_port = bracketed ? place.find("]:") != std::string_view::npos
                                  : place.find(':') != std::string_view::npos;
  if (!has_port) text += ":" + std::to_string(port);
  const auto url = sockets::SocketUrl::parse(text, role);
  if (!url || url->host.empty() || text.find_first_of("/?") != std::string::npos)
    return in_quotes(place) + (role == sockets::SocketRole::listener
                                   ? " is not ADDRESS or ADDRESS:PORT of this machine"
                                   : " is not HOST or HOST:PORT");
  out = *url;
  return std::nullopt;
}

template <class Universe>
Fault set_universe(std::string_view text, DmxUrl& url) {
  const auto universe = Universe::parse(text);
  if (!universe) return universe.error().message;
  url.universe = *universe;
  return std::nullopt;
}

Fault read_artnet_destination(std::string_view rest, DmxUrl& url) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0)
    return "write artnet://HOST/0.0.1 or artnet://broadcast/0.0.1";
  if (auto fault = set_universe<dmx::PortAddress>(rest.substr(slash + 1), url)) return fault;
  constexpr std::string_view broadcast = "broadcast";
  const std::string_view place = rest.substr(0, slash);
  const bool everywhere =
      place.starts_with(broadcast) && (place.size() == broadcast.size() || place[9] == ':');
  const std::string there =
      everywhere ? std::string(sockets::SocketUrl::limited_broadcast) + std::string(place.substr(9))
                 : std::string(place);
  return set_place(there, dmx::artnet_port, sockets::SocketRole::destination, url.socket);
}

// UNIVERSE[@HOST[:PORT]]; false in `placed` when there is no HOST.
template <class Universe>
Fault read_universe_at(std::string_view rest, std::uint16_t port, sockets::SocketRole role,
                       DmxUrl& url, bool& placed) {
  const std::size_t at = rest.find('@');
  if (auto fault = set_universe<Universe>(rest.substr(0, at), url)) return fault;
  placed = at != std::string_view::npos;
  return placed ? set_place(rest.substr(at + 1), port, role, url.socket) : std::nullopt;
}

Fault read_artnet_listener(std::string_view rest, DmxUrl& url) {
  bool placed = false;
  auto fault = read_universe_at<dmx::PortAddress>(rest, dmx::artnet_port,
                                                  sockets::SocketRole::listener, url, placed);
  if (fault || placed) return fault;
  url.socket.host = "0.0.0.0";  // Art-Net is IPv4's
  url.socket.port = dmx::artnet_port;
  return std::nullopt;
}

Fault read_sacn(std::string_view rest, sockets::SocketRole role, DmxUrl& url) {
  bool placed = false;
  auto fault = read_universe_at<dmx::SacnUniverse>(rest, dmx::sacn_port, role, url, placed);
  if (fault || placed) return fault;
  const auto universe = std::get<dmx::SacnUniverse>(url.universe).number();
  url.socket.host = dmx::sacn_multicast_group(universe).to_string();
  url.socket.port = dmx::sacn_port;
  return std::nullopt;
}

Fault set_option(std::string_view option, sockets::SocketRole role, DmxUrl& url) {
  if (!option.starts_with(interface_option) || option.size() == interface_option.size())
    return "the only option is ?interface=NAME";
  const bool broadcast = role == sockets::SocketRole::destination &&
                         url.socket.host == sockets::SocketUrl::limited_broadcast;
  if (!url.socket.is_multicast() && !broadcast) return "interface is for multicast and broadcast";
  url.socket.interface = option.substr(interface_option.size());
  return std::nullopt;
}

Fault read(std::string_view text, sockets::SocketRole role, DmxUrl& url) {
  constexpr std::string_view artnet = "artnet://";
  constexpr std::string_view sacn = "sacn://";
  const std::size_t question = std::min(text.find('?'), text.size());
  const std::string_view where = text.substr(0, question);
  Fault fault;
  if (where.starts_with(sacn)) {
    fault = read_sacn(where.substr(sacn.size()), role, url);
  } else if (!where.starts_with(artnet)) {
    fault = "begin with artnet:// or sacn://";
  } else if (role == sockets::SocketRole::destination) {
    fault = read_artnet_destination(where.substr(artnet.size()), url);
  } else {
    fault = read_artnet_listener(where.substr(artnet.size()), url);
  }
  if (fault || question == text.size()) return fault;
  return set_option(text.substr(question + 1), role, url);
}

}  // namespace

Result<DmxUrl> DmxUrl::parse(std::string_view text, sockets::SocketRole role) {
  DmxUrl url;
  if (const auto fault = read(text, role, url))
    return failure(ErrorKind::invalid_input, in_quotes(text) + ": " + *fault);
  return url;
}

dmx::RoomUniverse DmxUrl::room_universe() const {
  return std::visit([](const auto& each) { return dmx::RoomUniverse(each); }, universe);
}

std::string DmxUrl::universe_text() const {
  if (const auto* address = std::get_if<dmx::PortAddress>(&universe))
    return "Art-Net " + address->to_string();
  return "sACN " + std::get<dmx::SacnUniverse>(universe).to_string();
}

}  // namespace roomwire::bridges
