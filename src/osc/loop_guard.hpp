// Bridges that share a room tell each other where they send from. A packet that comes from there
// carries a message that the room has already; passed on, it would go round for ever.
#pragma once

#include <cstddef>
#include <map>
#include <roomwire/ids.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace roomwire::osc {

class LoopGuard {
 public:
  /// What others may fill. A bridge with more is not known by the rest of its endpoints.
  static constexpr std::size_t max_endpoints = 256;
  static constexpr std::size_t max_bridges = 256;

  /// `host`: the same for all processes of this machine, another on any other one.
  explicit LoopGuard(std::string host) : host_(std::move(host)) {}

  /// Our own endpoints (of a bridge that only listens, none), as the JSON text that others' heard()
  /// reads. Bound to no address (0.0.0.0), an endpoint stands for every address of `local`.
  std::string announcement(const std::vector<Endpoint>& sources,
                           const std::vector<IpAddress>& local) const;

  /// A peer's announcement, which replaces its last one. False when it is none.
  bool heard(const PeerId& peer, std::string_view text);
  void gone(const PeerId& peer) { bridges_.erase(peer); }

  /// It told us where it sends from.
  bool is_bridge(const PeerId& peer) const { return bridges_.count(peer) > 0; }
  /// Another bridge of the room sends from there. Loopback means that machine's own, so it counts
  /// for bridges on this one alone.
  bool is_bridge(const Endpoint& source) const;

 private:
  struct Bridge {
    bool same_host = false;
    std::set<Endpoint> endpoints;
  };
  std::string host_;
  std::map<PeerId, Bridge> bridges_;
};

}  // namespace roomwire::osc
