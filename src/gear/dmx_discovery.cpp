#include "gear/dmx_discovery.hpp"

#include <algorithm>
#include <net/interfaces.hpp>

namespace roomwire::gear {

DmxDiscovery::DmxDiscovery(net::Loop& loop, DmxDiscoveryObserver& observer)
    : loop_(loop), observer_(observer), timer_(loop, [this] { poll(); }), ends_(loop, *this) {}

std::vector<std::string> DmxDiscovery::start() {
  std::vector<std::string> missing;
  EndUrl url;
  url.host = "0.0.0.0";
  url.port = dmx::artnet_port;
  url.home_port = true;
  auto listener = ends_.listen(url);
  if (!listener) {
    missing.emplace_back(
        "UDP port 6454 is taken by another program: Art-Net nodes that answer to that port alone "
        "are not heard; close that program to see them");
    url.port = 0;
    listener = ends_.listen(url);
  }
  if (listener) {
    artnet_ = *listener;
    poll();
  } else {
    missing.push_back("no Art-Net: " + listener.error().message);
  }
  EndUrl group;
  group.host = dmx::sacn_multicast_group(dmx::sacn_discovery_universe).to_string();
  group.port = dmx::sacn_port;
  if (const auto sacn = ends_.listen(group); !sacn)
    missing.push_back("no sACN: " + sacn.error().message);
  return missing;
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
    (void)ends_.send_to({artnet_, Transport::udp, {address, dmx::artnet_port}, 0}, packet);
  };
  for (const IpAddress& network : networks_)
    send(network);
  send(IpAddress::v4({127, 0, 0, 1}));
  timer_.set(loop_.now() + dmx::artnet_poll_interval);
}

void DmxDiscovery::on_packet(const Source& source, ByteView packet) {
  if (source.end == std::variant<ListenerId, DestinationId>(artnet_)) {
    const auto decoded = dmx::decode_artnet(packet);
    const auto* reply = decoded ? std::get_if<dmx::ArtPollReply>(&*decoded) : nullptr;
    if (reply == nullptr) return;
    const auto noted = nodes_.note(*reply, loop_.now());
    if (noted == dmx::NodeTable::Noted::added || noted == dmx::NodeTable::Noted::changed)
      observer_.on_node(*reply);
    return;
  }
  const auto decoded = dmx::decode_sacn(packet);
  const auto* page = decoded ? std::get_if<dmx::SacnDiscovery>(&*decoded) : nullptr;
  if (page == nullptr) return;
  const auto key = std::make_pair(page->cid, page->page);
  const auto known = sources_.find(key);
  if (known == sources_.end() ? sources_.size() == max_sources : known->second == *page) return;
  sources_[key] = *page;
  observer_.on_source(source.remote.address.to_string(), *page);
}

}  // namespace roomwire::gear
