// Names to addresses, by the system's resolver (DNS, /etc/hosts) and by multicast DNS.
#pragma once

#include <base/address.hpp>
#include <functional>
#include <memory>
#include <net/mdns_resolver.hpp>
#include <net/system.hpp>
#include <roomwire/error.hpp>
#include <string>
#include <vector>

namespace roomwire::net {

class Loop;

/// getaddrinfo() blocks, for many seconds when a name server is dead, so each lookup has a
/// thread: up to 8 at once, 256 more wait, and beyond that a lookup fails with limit.
///
/// Names that end in .local are asked for by multicast DNS as well, at the same time, since many a
/// Linux does not (nss-mdns); the first answer counts.
class Resolver {
 public:
  using Addresses = Result<std::vector<IpAddress>>;
  using Done = std::function<void(Addresses)>;
  /// Blocking, called on another thread. Tests replace it.
  using Lookup = std::function<Addresses(const std::string& host)>;

  explicit Resolver(Loop& loop);
  /// `routes`: where multicast DNS goes, asked each time. Tests replace both.
  Resolver(Loop& loop, Lookup lookup, std::function<std::vector<MdnsRoute>()> routes = {});
  /// Nothing is called any more. Lookups under way end by themselves, without touching the loop.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Calls `done` later on the loop, with at least one address, in the order to try them; or
  /// with unavailable ("host not found"). `host` is a name, or an address without brackets,
  /// which needs no lookup. There is no time limit here.
  void resolve(const std::string& host, Done done);

 private:
  void resolve_local(const std::string& host, Done done);
  void resolve_by_system(const std::string& host, Done done);

  struct State;
  std::shared_ptr<State> state_;
  std::function<std::vector<MdnsRoute>()> routes_;
  SystemEntropy entropy_;
  MdnsResolver mdns_;
};

}  // namespace roomwire::net
