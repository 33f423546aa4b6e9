// Two peers that can reach each other, as the tests of connections and of the transport need them.
#pragma once

#include "rtc/simulation.hpp"

namespace roomwire::rtc {

/// Two hosts in one network, a peer on each.
class World : public Simulation {
 public:
  explicit World(std::uint64_t seed = 1) : Simulation(seed) {}
  /// The peers say good-bye, and what a test notes in its tap is gone by then.
  ~World() { tap = nullptr; }

  bool open() {
    introduce(offerer, answerer);
    return run_until([&] { return offerer.opened > 0 && answerer.opened > 0; });
  }

  Host& left = add_host({endpoint_of("192.0.2.1:1000"), endpoint_of("[2001:db8::1]:1000")});
  Host& right = add_host({endpoint_of("192.0.2.2:2000"), endpoint_of("[2001:db8::2]:2000")});
  SimulatedPeer offerer{*this, left, IceRole::controlling};
  SimulatedPeer answerer{*this, right, IceRole::controlled};
};

}  // namespace roomwire::rtc
