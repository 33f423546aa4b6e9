#include "bridges/dmx/dmx_listener.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::bridges {

/// One universe on its way into the room.
struct DmxListener::Desk final : dmx::InputSink {
  Desk(DmxListenerObserver& user, DmxUrl from, dmx::InputConfig config)
      : observer(user), url(std::move(from)), input(std::move(config), *this) {}
  void changed(const dmx::Update& update) override { observer.on_desk(url, update); }
  void noticed(const std::string& line) override {
    observer.on_desk_notice(url.universe_text() + ": " + line);
  }

  DmxListenerObserver& observer;
  const DmxUrl url;
  dmx::Input input;
  std::uint64_t packets = 0;
  bool opened = false;  ///< By `url`.
};

namespace {

// On all networks that the protocol knows of.
bool is_everywhere(const DmxUrl& url) {
  return url.socket.interface.empty() &&
         (url.socket.is_multicast() || url.socket.host == "0.0.0.0");
}

}  // namespace

DmxListener::DmxListener(sockets::SocketSet& ends, DmxListenerOptions options,
                         DmxListenerObserver& observer)
    : sockets_(ends), options_(std::move(options)), observer_(observer) {}
DmxListener::~DmxListener() = default;

// ---- opening ----

Result<void> DmxListener::open(std::vector<DmxUrl> urls, Time now) {
  const bool several = std::any_of(urls.begin(), urls.end(), [&](const DmxUrl& url) {
    return url.universe != urls.front().universe;
  });
  std::stable_partition(urls.begin(), urls.end(), is_everywhere);
  for (const DmxUrl& url : urls) {
    Desk& to = desk(url, several, now);
    // Two sockets would hear it twice.
    const bool is_heard =
        to.opened && is_everywhere(to.url) && to.url.socket.port == url.socket.port;
    if (is_heard) continue;
    if (auto added = add(url, to); !added) return added;
    to.opened = true;
  }
  return {};
}

Result<void> DmxListener::add(const DmxUrl& url, Desk& desk) {
  return std::holds_alternative<dmx::PortAddress>(url.universe) ? add_artnet(url, desk)
                                                                : add_sacn(url, desk);
}

Result<void> DmxListener::add_artnet(const DmxUrl& url, Desk& desk) {
  sockets::SocketUrl socket = url.socket;
  socket.port_use =
      socket.port == dmx::artnet_port ? sockets::PortUse::offered : sockets::PortUse::alone;
  const auto address = IpAddress::parse(socket.host);
  socket.hears_broadcast = address && address->is_v4() && !address->is_unspecified();
  if (auto listener = listen(socket, true, desk); !listener)
    return tl::unexpected(listener.error());
  return {};
}

// Two sockets, as one that is bound to a group hears that group alone, and one socket can be in 20
// groups at most. Where the URL has an address, that is of the network whose groups are meant.
Result<void> DmxListener::add_sacn(const DmxUrl& url, Desk& desk) {
  const bool placed = !url.socket.is_multicast();
  sockets::SocketUrl unicast = url.socket;
  if (!placed) unicast.host = "0.0.0.0";
  unicast.interface.clear();
  unicast.port_use =
      unicast.port == dmx::sacn_port ? sockets::PortUse::offered : sockets::PortUse::alone;
  const auto listener = listen(unicast, false, desk);
  if (!listener && placed) return tl::unexpected(listener.error());

  sockets::SocketUrl group = url.socket;
  const auto universe = std::get<dmx::SacnUniverse>(url.universe).number();
  group.host = dmx::sacn_multicast_group(universe).to_string();
  if (placed) {
    const auto address = IpAddress::parse(url.socket.host);
    if (address && address->is_v6()) return {};  // the groups here are those of IPv4
    const bool anywhere = address && address->is_unspecified();
    const bool loopback = !address || address->is_loopback();
    group.interface = anywhere ? "" : loopback ? "127.0.0.1" : url.socket.host;
    group.port = sockets_.listening_on(*listener).front().port;
  }
  if (auto joined = listen(group, false, desk); !joined) return tl::unexpected(joined.error());
  if (!listener) {
    observer_.on_desk_notice(listener.error().message +
                             "; sACN that is sent to this machine alone is not heard");
  }
  return {};
}

// Universes that come in by one socket share it: no other could have its port.
Result<sockets::ListenerId> DmxListener::listen(const sockets::SocketUrl& socket, bool artnet,
                                                Desk& desk) {
  const auto add_desk = [&](Listening& to) {
    if (std::find(to.desks.begin(), to.desks.end(), &desk) == to.desks.end())
      to.desks.push_back(&desk);
  };
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].socket != socket || listeners_[i].artnet != artnet || socket.port == 0)
      continue;
    add_desk(listeners_[i]);
    return static_cast<sockets::ListenerId>(i);
  }
  auto listener = sockets_.listen(socket);
  const bool is_ours = listener.has_value();
  if (!listener && socket.port_use == sockets::PortUse::offered) listener = share(socket);
  if (!listener) return listener;
  if (artnet && is_ours && socket.port == dmx::artnet_port && !artnet_port_)
    artnet_port_ = *listener;
  listeners_.push_back({socket, artnet, {}});
  add_desk(listeners_.back());
  return listener;
}

// By custom, programs for lights share their protocol's port.
Result<sockets::ListenerId> DmxListener::share(sockets::SocketUrl socket) {
  const bool with_ourselves =
      std::any_of(listeners_.begin(), listeners_.end(),
                  [&](const Listening& each) { return each.socket.port == socket.port; });
  socket.port_use = sockets::PortUse::shared;
  auto listener = sockets_.listen(socket);
  if (!listener || with_ourselves) return listener;
  observer_.on_desk_notice(
      "UDP port " + std::to_string(socket.port) + " is shared with another program: both hear " +
      (socket.port == dmx::sacn_port ? "multicast" : "broadcasts") +
      ", but what a desk sends to this machine alone reaches only one of them, mostly the one "
      "that was started last");
  return listener;
}

DmxListener::Desk& DmxListener::desk(const DmxUrl& url, bool names_universe, Time now) {
  const auto same = std::find_if(desks_.begin(), desks_.end(), [&](const auto& each) {
    return each->url.universe == url.universe;
  });
  if (same != desks_.end()) return **same;
  const bool artnet = std::holds_alternative<dmx::PortAddress>(url.universe);
  dmx::InputConfig config;
  config.protocol = artnet ? dmx::Protocol::artnet : dmx::Protocol::sacn;
  if (names_universe) config.universe = url.room_universe();
  config.merge.mode = options_.merge;
  config.merge.timeout = artnet ? dmx::artnet_source_timeout : dmx::sacn_source_timeout;
  config.merge.keep_alive = artnet ? dmx::artnet_keep_alive : dmx::sacn_keep_alive;
  if (!artnet) config.quiet_until = now + dmx::sacn_sampling_period;
  config.rate = options_.rate;
  desks_.push_back(std::make_unique<Desk>(observer_, url, std::move(config)));
  return *desks_.back();
}

bool DmxListener::open_artnet_port() {
  if (artnet_port_) return true;
  sockets::SocketUrl url;
  url.host = "0.0.0.0";
  url.port = dmx::artnet_port;
  url.port_use = sockets::PortUse::offered;
  const auto listener = sockets_.listen(url);
  if (!listener) return false;
  artnet_port_ = *listener;
  listeners_.push_back({url, true, {}});
  return true;
}

std::vector<std::string> DmxListener::listening() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (const Endpoint& endpoint : sockets_.listening_on(static_cast<sockets::ListenerId>(i))) {
      for (const Desk* desk : listeners_[i].desks)
        lines.push_back(endpoint.to_string() + " for " + desk->url.universe_text());
    }
  }
  return lines;
}

// ---- what comes in ----

bool DmxListener::handle(const sockets::Source& end, ByteView packet, Time now) {
  sockets::Source source = end;
  // Destinations share Art-Net's port, and each hears what its node sends from there.
  const bool answer = std::holds_alternative<sockets::DestinationId>(end.end);
  if (answer && artnet_port_ && end.remote.port == dmx::artnet_port) source.end = *artnet_port_;
  const auto* id = std::get_if<sockets::ListenerId>(&source.end);
  if (id == nullptr) return false;  // of other destinations nothing is read
  const Listening& on = listeners_.at(static_cast<std::size_t>(*id));
  if (on.artnet) {
    handle_artnet(on, source, packet, now);
  } else {
    handle_sacn(on, source, packet, now);
  }
  return true;
}

void DmxListener::handle_artnet(const Listening& on, const sockets::Source& source, ByteView packet,
                                Time now) {
  const auto decoded = dmx::decode_artnet(packet);
  // Who only sends does not care what else there is.
  if (!decoded && on.desks.empty()) return;
  if (!decoded) return observer_.on_refused(decoded.error(), source.text());
  const auto* levels = std::get_if<dmx::ArtDmx>(&*decoded);
  if (levels != nullptr && !may_be_ours(source, levels->port_address))
    take(on, source, *levels, now);
  if (const auto* poll = std::get_if<dmx::ArtPoll>(&*decoded)) observer_.on_poll(source, *poll);
}

bool DmxListener::may_be_ours(const sockets::Source& source, dmx::PortAddress universe) const {
  const bool is_sent =
      std::find(options_.sent.begin(), options_.sent.end(), universe) != options_.sent.end();
  return is_sent && sockets_.may_be_own(source.transport, source.remote);
}

void DmxListener::handle_sacn(const Listening& on, const sockets::Source& source, ByteView packet,
                              Time now) {
  const auto decoded = dmx::decode_sacn(packet);
  if (!decoded) return observer_.on_refused(decoded.error(), source.text());
  if (const auto* levels = std::get_if<dmx::SacnData>(&*decoded)) take(on, source, *levels, now);
}

template <class Packet>
void DmxListener::take(const Listening& on, const sockets::Source& source, const Packet& packet,
                       Time now) {
  std::variant<dmx::PortAddress, dmx::SacnUniverse> universe;
  if constexpr (std::is_same_v<Packet, dmx::ArtDmx>) {
    universe = packet.port_address;
  } else {
    universe = packet.universe;
  }
  for (Desk* desk : on.desks) {
    if (desk->url.universe != universe) continue;
    const auto taken = desk->input.handle(source.remote, packet, now);
    ++desk->packets;
    if (!taken) observer_.on_refused(taken.error(), source.text());
  }
}

Deadline DmxListener::next_timeout() const {
  Deadline next;
  for (const auto& each : desks_)
    next = earlier(next, each->input.next_timeout());
  return next;
}

void DmxListener::handle_timeout(Time now) {
  for (const auto& each : desks_) {
    const auto due = each->input.next_timeout();
    if (due && *due <= now) each->input.handle_timeout(now);
  }
}

void DmxListener::for_each(
    const std::function<void(const DmxUrl&, const dmx::Input&, std::uint64_t)>& look) const {
  for (const auto& each : desks_)
    look(each->url, each->input, each->packets);
}

}  // namespace roomwire::bridges
