#include "gear/dmx_listener.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::gear {

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
};

DmxListener::DmxListener(Ends& ends, DmxListenerOptions options, DmxListenerObserver& observer)
    : ends_(ends), options_(options), observer_(observer) {}
DmxListener::~DmxListener() = default;

// ---- opening ----

// Universes that come in by one socket share it: no other could have its port.
Result<void> DmxListener::add(const DmxUrl& url, bool names_universe, Time now) {
  const bool artnet = std::holds_alternative<dmx::PortAddress>(url.universe);
  EndUrl socket = url.socket;
  socket.home_port = artnet && socket.port == dmx::artnet_port;
  auto same = std::find_if(listeners_.begin(), listeners_.end(), [&](const Listening& each) {
    return each.socket == socket && each.artnet == artnet && socket.port != 0;
  });
  if (same == listeners_.end()) {
    const auto listener = ends_.listen(socket);
    if (!listener) return tl::unexpected(listener.error());
    if (socket.home_port && !artnet_port_) artnet_port_ = *listener;
    listeners_.push_back({socket, artnet, {}});
    same = std::prev(listeners_.end());
  }
  same->desks.push_back(&desk(url, names_universe, now));
  return {};
}

DmxListener::Desk& DmxListener::desk(const DmxUrl& url, bool names_universe, Time now) {
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
  EndUrl url;
  url.host = "0.0.0.0";
  url.port = dmx::artnet_port;
  url.home_port = true;
  const auto listener = ends_.listen(url);
  if (!listener) return false;
  artnet_port_ = *listener;
  listeners_.push_back({url, true, {}});
  return true;
}

std::vector<std::string> DmxListener::listening() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (const Endpoint& endpoint : ends_.listening_on(static_cast<ListenerId>(i))) {
      for (const Desk* desk : listeners_[i].desks)
        lines.push_back(endpoint.to_string() + " for " + desk->url.universe_text());
    }
  }
  return lines;
}

// ---- what comes in ----

bool DmxListener::handle(const Source& end, ByteView packet, Time now) {
  Source source = end;
  // Destinations share Art-Net's port, and each hears what its node sends from there.
  const bool answer = std::holds_alternative<DestinationId>(end.end);
  if (answer && artnet_port_ && end.remote.port == dmx::artnet_port) source.end = *artnet_port_;
  const auto* id = std::get_if<ListenerId>(&source.end);
  if (id == nullptr) return false;  // of other destinations nothing is read
  const Listening& on = listeners_.at(static_cast<std::size_t>(*id));
  if (on.artnet) {
    handle_artnet(on, source, packet, now);
  } else {
    handle_sacn(on, source, packet, now);
  }
  return true;
}

void DmxListener::handle_artnet(const Listening& on, const Source& source, ByteView packet,
                                Time now) {
  const auto decoded = dmx::decode_artnet(packet);
  // Who only sends does not care what else there is.
  if (!decoded && on.desks.empty()) return;
  if (!decoded) return observer_.on_refused(decoded.error(), source.text());
  if (const auto* levels = std::get_if<dmx::ArtDmx>(&*decoded)) take(on, source, *levels, now);
  if (const auto* poll = std::get_if<dmx::ArtPoll>(&*decoded)) observer_.on_poll(source, *poll);
}

void DmxListener::handle_sacn(const Listening& on, const Source& source, ByteView packet,
                              Time now) {
  const auto decoded = dmx::decode_sacn(packet);
  if (!decoded) return observer_.on_refused(decoded.error(), source.text());
  if (const auto* levels = std::get_if<dmx::SacnData>(&*decoded)) take(on, source, *levels, now);
}

template <class Packet>
void DmxListener::take(const Listening& on, const Source& source, const Packet& packet, Time now) {
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

}  // namespace roomwire::gear
