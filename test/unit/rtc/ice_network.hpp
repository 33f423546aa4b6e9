// Two ICE agents over a simulated network, in virtual time: seeded loss, delay, reordering and
// address translation.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "rtc/ice_support.hpp"

namespace roomwire::rtc {

struct Change {
  Time when;
  IceState state;
  std::optional<IcePair> pair;
};

class Network;

class Peer : public IceSink {
 public:
  Peer(Network& network, IceRole role, Entropy& entropy)
      : agent(role, IceCredentials::draw(entropy), entropy, *this), network_(network) {}

  void send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) override;
  void on_ice_state(IceState state, const std::optional<IcePair>& selected) override;

  Deadline first(IceState state) const {
    for (const Change& change : changes) {
      if (change.state == state) return change.when;
    }
    return std::nullopt;
  }

  IceAgent agent;
  std::vector<Change> changes;
  std::vector<Datagram> sent;
  bool alive = true;

 private:
  Network& network_;
};

class Network {
 public:
  explicit Network(std::uint64_t seed) : entropy(seed) {}

  Peer& add(IceRole role) {
    return *peers_.emplace_back(std::make_unique<Peer>(*this, role, entropy));
  }
  /// A socket of `peer`; the network sees it as `outside` when that is given. A link-local one has
  /// a scope, and its interface is plugged into `cable`.
  void attach(Peer& peer, std::string_view local, std::string_view outside = {}, int cable = 0) {
    const Endpoint inside = at(local);
    const Endpoint seen = outside.empty() ? inside : at(outside);
    sockets_[{cable, seen.with_scope(0)}] = {&peer, inside};
    seen_as_[inside] = seen;
    cables_[inside] = cable;
  }

  void send(const Endpoint& local, const Endpoint& remote, ByteView packet) {
    const auto source = seen_as_.find(local);
    ASSERT_NE(source, seen_as_.end()) << "sent from " << local.to_string();
    ASSERT_EQ(local.address.scope(), remote.address.scope()) << "no system sends that way";
    if (entropy.unit() < loss || (blocked && blocked(source->second, remote))) return;
    Duration delay = delay_min;
    if (delay_max > delay_min) {
      const auto spread = static_cast<std::uint64_t>((delay_max - delay_min).count());
      delay += Duration(entropy.below(spread));
    }
    if (extra_delay) delay += extra_delay(source->second, remote);
    flying_.emplace(now + delay,
                    Flying{cables_[local], remote, source->second, {packet.begin(), packet.end()}});
  }

  void at_time(Time when, std::function<void()> action) {
    actions_.emplace(when, std::move(action));
  }

  void run_until(Time end) {
    std::size_t steps_in_place = 0;
    for (;;) {
      const Time next = std::max(next_event(end), now);
      if (next >= end) break;
      steps_in_place = next == now ? steps_in_place + 1 : 0;
      ASSERT_LT(steps_in_place, 2000U) << "the agents ask for time-outs that do nothing";
      now = next;
      step();
    }
    now = end;
  }
  void run_for(Duration duration) { run_until(now + duration); }

  SeededEntropy entropy;
  Time now;
  double loss = 0;
  Duration delay_min = 1ms;
  Duration delay_max = 1ms;
  std::function<bool(const Endpoint& from, const Endpoint& to)> blocked;
  std::function<Duration(const Endpoint& from, const Endpoint& to)> extra_delay;

 private:
  struct Flying {
    int cable;
    Endpoint to;
    Endpoint from;
    Bytes packet;
  };

  Time next_event(Time end) const {
    Deadline next = end;
    if (!flying_.empty()) next = earlier(next, flying_.begin()->first);
    if (!actions_.empty()) next = earlier(next, actions_.begin()->first);
    for (const auto& peer : peers_) {
      if (peer->alive) next = earlier(next, peer->agent.next_timeout());
    }
    return *next;
  }

  void step() {
    while (!actions_.empty() && actions_.begin()->first <= now) {
      const auto action = actions_.extract(actions_.begin());
      action.mapped()();
    }
    while (!flying_.empty() && flying_.begin()->first <= now) {
      const auto datagram = flying_.extract(flying_.begin());
      deliver(datagram.mapped());
    }
    for (const auto& peer : peers_) {
      const Deadline deadline = peer->agent.next_timeout();
      if (peer->alive && deadline && *deadline <= now) peer->agent.handle_timeout(now);
    }
  }

  /// As a socket says it: a link-local source has the scope of the interface that took it.
  void deliver(const Flying& datagram) {
    const auto socket = sockets_.find({datagram.cable, datagram.to.with_scope(0)});
    if (socket == sockets_.end() || !socket->second.first->alive) return;
    const Endpoint& local = socket->second.second;
    socket->second.first->agent.handle_stun(
        now, local, datagram.from.with_scope(local.address.scope()), datagram.packet);
  }

  std::vector<std::unique_ptr<Peer>> peers_;
  std::map<std::pair<int, Endpoint>, std::pair<Peer*, Endpoint>> sockets_;
  std::map<Endpoint, Endpoint> seen_as_;
  std::map<Endpoint, int> cables_;
  std::multimap<Time, Flying> flying_;
  std::multimap<Time, std::function<void()>> actions_;
};

inline void Peer::send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) {
  sent.push_back({local, remote, {packet.begin(), packet.end()}});
  network_.send(local, remote, packet);
}

inline void Peer::on_ice_state(IceState state, const std::optional<IcePair>& selected) {
  changes.push_back({network_.now, state, selected});
}

}  // namespace roomwire::rtc
