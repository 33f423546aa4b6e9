#include "bridges/dmx/dmx_sender.hpp"

#include <algorithm>

#include "bridges/dmx/artsync.hpp"
#include "sockets/interface.hpp"

namespace roomwire::bridges {
namespace {

/// Names are found again and cables plugged in elsewhere: so long is believed where nodes are.
constexpr Duration artsync_ways_life = 1s;

void add_once(std::vector<sockets::DestinationId>& ids, sockets::DestinationId id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

// What goes to all machines of a network leaves from there.
std::optional<IpAddress> broadcast_source(const std::string& interface) {
  if (!interface.empty()) {
    const auto found = sockets::find_interface(interface, true);
    return found ? std::optional(found->front().address) : std::nullopt;
  }
  const auto towards =
      sockets::address_towards(*IpAddress::parse(sockets::SocketUrl::limited_broadcast));
  if (towards) return towards;
  const auto network = sockets::first_network(true);
  return network ? std::optional(network->address) : std::nullopt;
}

}  // namespace

/// One universe on its way to all the destinations that --to names for it.
struct DmxSender::Lights final : dmx::PacketSink {
  Lights(DmxSender& owner, DmxUrl first, dmx::OutputConfig config)
      : sender(owner), url(std::move(first)), output(std::move(config), *this) {}
  void send(ByteView packet) override {
    for (const sockets::DestinationId id : to)
      sender.send(id, packet);
  }
  bool is_artnet() const { return std::holds_alternative<dmx::PortAddress>(url.universe); }

  DmxSender& sender;
  const DmxUrl url;
  std::vector<sockets::DestinationId> to;
  dmx::Output output;
  dmx::Slots seen{};
  bool lit = false;        ///< A frame has left.
  bool announced = false;  ///< Goes by multicast, so consoles are told of it.
};

DmxSender::DmxSender(sockets::SocketSet& ends, DmxSenderOptions options)
    : sockets_(ends), options_(std::move(options)) {}
DmxSender::~DmxSender() = default;

dmx::OutputConfig DmxSender::output_config(const DmxUrl& url) const {
  dmx::OutputConfig config;
  if (const auto* address = std::get_if<dmx::PortAddress>(&url.universe)) {
    config.target = dmx::ArtNetTarget{*address};
    config.shared_grid = options_.artsync;
  } else {
    dmx::SacnTarget target;
    target.universe = std::get<dmx::SacnUniverse>(url.universe);
    target.cid = options_.cid;
    target.source_name = options_.source_name;
    target.priority = options_.priority;
    if (options_.sync_universe) target.sync_address = options_.sync_universe->number();
    config.shared_grid = options_.sync_universe.has_value();
    config.target = std::move(target);
  }
  config.merge.mode = options_.merge;
  config.merge.holds_levels = true;
  config.on_leave = options_.on_leave;
  config.limits = options_.limits.of(url.room_universe());
  config.rate = options_.rate;
  return config;
}

// Universes that go to one place share its socket, so that the frames of a turn leave in one call.
sockets::DestinationId DmxSender::destination(sockets::SocketUrl url) {
  const auto same = std::find_if(destinations_.begin(), destinations_.end(),
                                 [&](const auto& each) { return each.first == url; });
  if (same != destinations_.end()) return same->second;
  const sockets::DestinationId id = sockets_.add_destination(url);
  destinations_.emplace_back(std::move(url), id);
  return id;
}

sockets::SocketUrl DmxSender::group(std::uint16_t universe, const sockets::SocketUrl& like) const {
  sockets::SocketUrl url = like;
  url.host = dmx::sacn_multicast_group(universe).to_string();
  return url;
}

void DmxSender::add(const DmxUrl& url) {
  auto same = std::find_if(lights_.begin(), lights_.end(),
                           [&](const auto& each) { return each->url.universe == url.universe; });
  if (same == lights_.end()) {
    lights_.push_back(std::make_unique<Lights>(*this, url, output_config(url)));
    same = std::prev(lights_.end());
  }
  sockets::SocketUrl socket = url.socket;
  const bool artnet = (*same)->is_artnet();
  if (artnet && options_.artnet_port_is_ours && socket.port == dmx::artnet_port)
    socket.source_port = dmx::artnet_port;
  const sockets::DestinationId id = destination(std::move(socket));
  add_once((*same)->to, id);
  if (!artnet && url.socket.is_multicast()) (*same)->announced = true;
  add_companions(url, id);
}

// Where the packets go that go with those of a universe.
void DmxSender::add_companions(const DmxUrl& url, sockets::DestinationId id) {
  if (std::holds_alternative<dmx::PortAddress>(url.universe)) {
    add_once(artnet_to_, id);
    return;
  }
  const bool multicast = url.socket.is_multicast();
  if (options_.sync_universe) {
    const auto sync = options_.sync_universe->number();
    add_once(sacn_sync_to_, multicast ? destination(group(sync, url.socket)) : id);
  }
  if (multicast)
    add_once(announce_to_, destination(group(dmx::sacn_discovery_universe, url.socket)));
}

std::vector<dmx::PortAddress> DmxSender::port_addresses() const {
  std::vector<dmx::PortAddress> addresses;
  for (const auto& each : lights_) {
    if (const auto* address = std::get_if<dmx::PortAddress>(&each->url.universe))
      addresses.push_back(*address);
  }
  return addresses;
}

bool DmxSender::update(const dmx::SourceId& source, const dmx::Update& update, Time now,
                       const Refused& refused) {
  bool is_ours = false;
  for (const auto& each : lights_) {
    if (update.universe && *update.universe != each->url.room_universe()) continue;
    is_ours = true;
    for (const dmx::Refusal& refusal : each->output.update(source, update, now).kept)
      refused(refusal);
  }
  return is_ours;
}

void DmxSender::leave(const dmx::SourceId& source, Time now) {
  for (const auto& each : lights_)
    each->output.leave(source, now);
}

void DmxSender::finish(Time now) {
  for (const auto& each : lights_)
    each->output.finish(now);
}

bool DmxSender::finished() const {
  return std::all_of(lights_.begin(), lights_.end(),
                     [](const auto& each) { return each->output.finished(); });
}

Deadline DmxSender::next_timeout() const {
  Deadline next = finished() ? std::nullopt : announce_due_;
  for (const auto& each : lights_)
    next = earlier(next, each->output.next_timeout());
  return next;
}

void DmxSender::handle_timeout(Time now, const Shown& shown) {
  bool artnet = false;
  bool sacn = false;
  for (const auto& each : lights_) {
    const auto due = each->output.next_timeout();
    const std::uint64_t before = each->output.packets_sent();
    if (due && *due <= now) each->output.handle_timeout(now);
    if (each->output.packets_sent() == before) continue;
    (each->is_artnet() ? artnet : sacn) = true;
    const dmx::Slots& levels = each->output.shown();
    if (std::exchange(each->lit, true) && levels == each->seen) continue;
    dmx::Update changes;
    changes.values = levels;
    for (std::size_t slot = 0; slot < dmx::slot_count; ++slot)
      changes.given[slot] = levels[slot] != each->seen[slot];
    each->seen = levels;
    shown(each->url, changes);
  }
  send_syncs(artnet, sacn, now);
  announce(now);
}

void DmxSender::find_artsync_ways(Time now) {
  if (now < artsync_known_until_) return;
  artsync_known_until_ = now + artsync_ways_life;
  artsync_to_.clear();
  std::vector<ArtNetPlace> places;
  for (const auto& [url, id] : destinations_) {
    if (std::find(artnet_to_.begin(), artnet_to_.end(), id) == artnet_to_.end()) continue;
    std::optional<IpAddress> address;
    if (url.host == sockets::SocketUrl::limited_broadcast) {
      address = broadcast_source(url.interface);
    } else if (const auto remote = sockets_.remote(id)) {
      address = remote->address;
    }
    if (address) {
      places.push_back({url, *address});
    } else {
      artsync_to_.push_back(id);  // not found yet
    }
  }
  const auto ours = net::local_addresses();
  for (sockets::SocketUrl& url :
       artsync_urls(places, ours.value_or(std::vector<net::LocalAddress>())))
    add_once(artsync_to_, destination(std::move(url)));
}

// Behind the frames that they show.
void DmxSender::send_syncs(bool artnet, bool sacn, Time now) {
  if (artnet && options_.artsync) {
    find_artsync_ways(now);
    packet_.clear();
    dmx::encode(dmx::ArtSync{}, packet_);
    for (const sockets::DestinationId id : artsync_to_)
      send(id, packet_);
  }
  if (sacn && !sacn_sync_to_.empty()) {
    packet_.clear();
    dmx::encode(dmx::SacnSync{options_.cid, sync_sequence_++, *options_.sync_universe}, packet_);
    for (const sockets::DestinationId id : sacn_sync_to_)
      send(id, packet_);
  }
}

void DmxSender::announce(Time now) {
  std::vector<dmx::SacnUniverse> universes;
  for (const auto& each : lights_) {
    if (each->announced && each->lit && !each->output.finished())
      universes.push_back(std::get<dmx::SacnUniverse>(each->url.universe));
  }
  if (!universes.empty() && options_.sync_universe) universes.push_back(*options_.sync_universe);
  if (universes == announced_ && (!announce_due_ || now < *announce_due_)) return;
  announced_ = universes;
  announce_due_ = universes.empty() ? Deadline() : now + dmx::sacn_discovery_interval;
  for (const dmx::SacnDiscovery& page :
       dmx::discovery_pages(options_.cid, options_.source_name, std::move(universes))) {
    packet_.clear();
    dmx::encode(page, packet_);
    for (const sockets::DestinationId id : announce_to_)
      send(id, packet_);
  }
}

void DmxSender::send(sockets::DestinationId id, ByteView packet) {
  if (!options_.dry_run) sockets_.send(id, packet);
}

std::uint64_t DmxSender::packets_sent() const {
  std::uint64_t sum = 0;
  for (const auto& each : lights_)
    sum += each->output.packets_sent();
  return sum;
}

std::vector<sockets::DestinationId> DmxSender::destinations() const {
  std::vector<sockets::DestinationId> ids;
  for (const auto& [url, id] : destinations_)
    ids.push_back(id);
  return ids;
}

void DmxSender::for_each(const std::function<void(const DmxUrl&, const dmx::Output&)>& look) const {
  for (const auto& each : lights_)
    look(each->url, each->output);
}

}  // namespace roomwire::bridges
