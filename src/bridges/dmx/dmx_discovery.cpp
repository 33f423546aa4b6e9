#include "bridges/dmx/dmx_discovery.hpp"

#include <algorithm>
#include <net/interfaces.hpp>
#include <set>
#include <utility>

namespace roomwire::bridges {
namespace {

/// The answers of one node follow each other closely.
constexpr Duration rest_of_an_answer = 200ms;

}  // namespace

DmxDiscovery::DmxDiscovery(net::Loop& loop, DmxDiscoveryObserver& observer)
    : loop_(loop),
      observer_(observer),
      timer_(loop, [this] { poll(); }),
      tell_timer_(loop, [this] { tell_nodes(); }),
      sockets_(loop, *this) {}

std::vector<std::string> DmxDiscovery::start() {
  std::vector<std::string> missing;
  sockets::SocketUrl url;
  url.host = "0.0.0.0";
  url.port = dmx::artnet_port;
  url.port_use = sockets::PortUse::offered;
  auto listener = sockets_.listen(url);
  if (!listener) {
    missing.emplace_back(
        "UDP port 6454 is taken by another program: Art-Net nodes that answer to that port alone "
        "are not heard; close that program to see them");
    url.port = 0;
    listener = sockets_.listen(url);
  }
  if (listener) {
    artnet_ = *listener;
    poll();
  } else {
    missing.push_back("no Art-Net: " + listener.error().message);
  }
  listen_to_sacn(missing);
  return missing;
}

void DmxDiscovery::listen_to_sacn(std::vector<std::string>& missing) {
  sockets::SocketUrl group;
  group.port = dmx::sacn_port;
  const auto listen = [&](std::uint16_t universe) {
    group.host = dmx::sacn_multicast_group(universe).to_string();
    return sockets_.listen(group);
  };
  if (const auto sacn = listen(dmx::sacn_discovery_universe); !sacn) {
    missing.push_back("no sACN: " + sacn.error().message);
    return;
  }
  for (std::uint16_t universe = 1; universe <= universes_heard; ++universe) {
    if (!listen(universe)) break;
  }
}

void DmxDiscovery::finish() {
  tell_nodes();
  std::set<dmx::Cid> who_said;
  for (const auto& [key, page] : sources_)
    who_said.insert(key.first);
  for (const auto& [key, source] : quiet_) {
    if (who_said.find(key.second) == who_said.end())
      observer_.on_quiet_source(source.address, source.name, source.universes);
  }
}

void DmxDiscovery::poll() {
  networks_.clear();
  if (const auto all = net::local_addresses()) {
    for (const net::LocalAddress& each : *all) {
      const bool known = !each.broadcast || std::find(networks_.begin(), networks_.end(),
                                                      *each.broadcast) != networks_.end();
      if (!known) networks_.push_back(*each.broadcast);
    }
  }
  Bytes packet;
  dmx::encode(dmx::ArtPoll{}, packet);
  const auto send = [&](const IpAddress& address) {
    (void)sockets_.send_to({artnet_, sockets::Transport::udp, {address, dmx::artnet_port}, 0},
                           packet);
  };
  for (const IpAddress& network : networks_)
    send(network);
  send(IpAddress::v4({127, 0, 0, 1}));
  timer_.set(loop_.now() + dmx::artnet_poll_interval);
}

void DmxDiscovery::on_packet(const sockets::Source& source, ByteView packet) {
  if (source.end == std::variant<sockets::ListenerId, sockets::DestinationId>(artnet_)) {
    const auto decoded = dmx::decode_artnet(packet);
    const auto* reply = decoded ? std::get_if<dmx::ArtPollReply>(&*decoded) : nullptr;
    if (reply == nullptr) return;
    const auto noted = nodes_.note(*reply, loop_.now());
    if (noted != dmx::NodeTable::Noted::added && noted != dmx::NodeTable::Noted::changed) return;
    if (new_nodes_.empty()) tell_timer_.set(loop_.now() + rest_of_an_answer);
    const auto is_of_this = [&](const dmx::ArtPollReply& each) {
      return each.ip == reply->ip && each.bind_ip == reply->bind_ip;
    };
    if (std::none_of(new_nodes_.begin(), new_nodes_.end(), is_of_this))
      new_nodes_.push_back(*reply);
    return;
  }
  const auto decoded = dmx::decode_sacn(packet);
  if (!decoded) return;
  if (const auto* page = std::get_if<dmx::SacnDiscovery>(&*decoded)) note(source, *page);
  if (const auto* data = std::get_if<dmx::SacnData>(&*decoded)) note(source, *data);
}

void DmxDiscovery::tell_nodes() {
  for (const dmx::ArtPollReply& reply : std::exchange(new_nodes_, {}))
    observer_.on_node(nodes_.node_of(reply));
}

void DmxDiscovery::note(const sockets::Source& source, const dmx::SacnDiscovery& page) {
  const auto key = std::make_pair(page.cid, page.page);
  const auto known = sources_.find(key);
  if (known == sources_.end() ? sources_.size() == max_sources : known->second == page) return;
  sources_[key] = page;
  observer_.on_source(source.remote.address.to_string(), page);
}

void DmxDiscovery::note(const sockets::Source& source, const dmx::SacnData& data) {
  if (data.universe.number() > universes_heard) return;
  const auto key = std::make_pair(source.remote, data.cid);
  auto known = quiet_.find(key);
  if (known == quiet_.end()) {
    if (quiet_.size() == max_sources) return;
    QuietSource quiet{source.remote.address.to_string(), data.source_name, {}};
    known = quiet_.emplace(key, std::move(quiet)).first;
  }
  auto& universes = known->second.universes;
  if (std::find(universes.begin(), universes.end(), data.universe) == universes.end())
    universes.push_back(data.universe);
}

}  // namespace roomwire::bridges
