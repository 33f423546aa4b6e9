// OSC listeners as services that others find by multicast DNS.
#pragma once

#include <base/entropy.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <net/mdns_announcer.hpp>
#include <string>
#include <vector>

#include "sockets/socket_url.hpp"

namespace roomwire::net {
class Loop;
}

namespace roomwire::bridges {

struct Announced {
  sockets::SocketUrl url;
  std::uint16_t port;  ///< That was chosen.
  std::string channel;
};

/// `_osc._udp` or `_osc._tcp`, named after this machine and the channel. Groups, which are no place
/// of this machine, and what listens on loopback alone are left out: nothing is announced if that
/// is all. What listens on one address is told of with that one. `hint` is told in a line what a
/// person should know. `loop` and `entropy` outlive it.
std::vector<std::unique_ptr<net::MdnsAnnouncer>> announce_osc(
    net::Loop& loop, Entropy& entropy, const std::vector<Announced>& listeners,
    const std::function<void(const std::string&)>& hint);

}  // namespace roomwire::bridges
