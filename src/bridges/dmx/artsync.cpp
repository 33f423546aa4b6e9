#include "bridges/dmx/artsync.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::bridges {
namespace {

void add_once(std::vector<sockets::SocketUrl>& urls, sockets::SocketUrl url) {
  if (std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(std::move(url));
}

bool is_for_all(const ArtNetPlace& place) {
  return place.url.host == sockets::SocketUrl::limited_broadcast;
}

// Networks within each other: the innermost.
const net::LocalAddress* network_of(const IpAddress& address,
                                    std::span<const net::LocalAddress> ours) {
  const net::LocalAddress* found = nullptr;
  for (const net::LocalAddress& each : ours) {
    if (each.broadcast && each.is_in_network(address) &&
        (found == nullptr || each.prefix > found->prefix))
      found = &each;
  }
  return found;
}

bool is_ours(const IpAddress& address, std::span<const net::LocalAddress> ours) {
  return address.is_loopback() ||
         std::any_of(ours.begin(), ours.end(),
                     [&](const net::LocalAddress& each) { return each.address == address; });
}

}  // namespace

std::vector<sockets::SocketUrl> artsync_urls(std::span<const ArtNetPlace> places,
                                             std::span<const net::LocalAddress> ours) {
  std::vector<sockets::SocketUrl> urls;
  for (const ArtNetPlace& place : places) {
    if (is_for_all(place)) add_once(urls, place.url);
  }
  for (const ArtNetPlace& place : places) {
    if (is_for_all(place)) continue;
    const net::LocalAddress* network = network_of(place.address, ours);
    if (network == nullptr || is_ours(place.address, ours)) {
      add_once(urls, place.url);
      continue;
    }
    const bool hears_all = std::any_of(places.begin(), places.end(), [&](const ArtNetPlace& other) {
      return is_for_all(other) && other.url.port == place.url.port &&
             network->is_in_network(other.address);
    });
    if (hears_all) continue;
    sockets::SocketUrl url = place.url;
    url.host = network->broadcast->to_string();
    add_once(urls, std::move(url));
  }
  return urls;
}

}  // namespace roomwire::bridges
