// Bridges that share a room tell each other where they send from. A packet that comes from there
// carries a message that the room has already; passed on, it would go round for ever.
//
// Anybody in a room can say anything, so what a bridge says of itself counts when it could not be
// said by others: on this machine, by a token that is made of something that only this machine
// knows, and elsewhere when a probe of that bridge has come from the endpoint (LoopProbes).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <roomwire/ids.hpp>
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

  /// `machine`: the same for all processes of this machine, and known to no other one.
  LoopGuard(std::string machine, PeerId self)
      : machine_(std::move(machine)), self_(std::move(self)) {}

  /// Our own endpoints (of a bridge that only listens, none), as the JSON text that `to`'s heard()
  /// reads. Bound to no address (0.0.0.0), an endpoint stands for every address of `local`.
  std::string announcement(const PeerId& to, const std::vector<Endpoint>& sources,
                           const std::vector<IpAddress>& local) const;

  /// A peer's announcement, which replaces its last one. False when it is none.
  bool heard(const PeerId& peer, std::string_view text);
  void gone(const PeerId& peer) { bridges_.erase(peer); }
  /// A probe of that bridge came from there.
  void proved(const PeerId& peer, const Endpoint& source);

  /// It told us where it sends from.
  bool is_bridge(const PeerId& peer) const { return bridges_.count(peer) > 0; }
  /// It did, and is on another machine.
  bool is_far(const PeerId& peer) const;
  bool knows_far_ones() const;

  struct Sender {
    PeerId bridge;
    bool is_far = false;
    /// So it is: the bridge is on this machine, or has proved it.
    bool is_certain = false;
  };
  /// The bridge that says it sends from there, a certain one before others. Loopback means that
  /// machine's own, so it counts for bridges on this one alone.
  std::optional<Sender> sender(const Endpoint& source) const;

 private:
  struct Bridge {
    bool is_far = true;
    std::map<Endpoint, bool> endpoints;  ///< Whether it is proved.
  };
  std::string token(const PeerId& from, const PeerId& to) const;

  std::string machine_;
  PeerId self_;
  std::map<PeerId, Bridge> bridges_;
};

}  // namespace roomwire::osc
