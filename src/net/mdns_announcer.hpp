// A MdnsHost on the network.
#pragma once

#include <base/address.hpp>
#include <base/entropy.hpp>
#include <functional>
#include <memory>
#include <net/mdns_host.hpp>
#include <net/mdns_resolver.hpp>
#include <optional>
#include <string>
#include <vector>

namespace roomwire::net {

class Loop;

/// Announces services on all networks of this machine for as long as it lives, beside whatever else
/// here speaks multicast DNS. Networks may come and go; where the port cannot be had, that one is
/// left out.
class MdnsAnnouncer {
 public:
  /// `renamed`: somebody else has the name.
  using Renamed = std::function<void(const std::string& from, const std::string& to)>;

  /// `bound`: the services are there at this address alone, or if it is unspecified at all of its
  /// family; nothing: at all. Nothing is said on networks where they are not.
  MdnsAnnouncer(Loop& loop, Entropy& entropy, const std::vector<MdnsService>& services,
                std::optional<IpAddress> bound, Renamed renamed);
  /// Takes everything back.
  ~MdnsAnnouncer();
  MdnsAnnouncer(const MdnsAnnouncer&) = delete;
  MdnsAnnouncer& operator=(const MdnsAnnouncer&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace roomwire::net
