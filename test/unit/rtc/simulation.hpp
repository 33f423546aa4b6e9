// Transports in virtual time, over a network with seeded loss, delay and reordering.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "rtc/peer_connection.hpp"
#include "rtc/virtual_clock.hpp"

namespace roomwire::rtc {

inline Endpoint endpoint_of(const char* text) {
  return *Endpoint::parse(text);
}

struct NetworkSettings {
  double loss = 0;
  Duration min_delay = 1ms;
  Duration max_delay = 1ms;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed = 1) : seed_(seed), random_(seed) {
    auto stack = Stack::create();
    stack_ = std::move(*stack);
  }

  NetworkSettings network;
  /// May change or drop (by returning false) what is under way.
  std::function<bool(const Endpoint& from, const Endpoint& to, Bytes& datagram)> tap;

  Time now() const { return now_; }
  std::uint64_t seed() const { return seed_; }
  Entropy& random() { return random_; }
  Stack& stack() { return *stack_; }

  class Host : public DatagramPort {
   public:
    Host(Simulation& simulation, std::vector<Endpoint> endpoints, std::uint64_t seed)
        : simulation_(simulation), entropy_(seed) {
      transport = Transport::create(*simulation.stack_, *this, entropy_);
      transport->set_local_endpoints(simulation.now_, endpoints);
      for (const Endpoint& endpoint : endpoints)
        simulation.routes_[endpoint.with_scope(0)] = {this, endpoint};
    }
    void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) override {
      ASSERT_EQ(local.address.scope(), remote.address.scope()) << "no system sends that way";
      simulation_.transmit(local, remote, {datagram.begin(), datagram.end()});
    }
    std::unique_ptr<Transport> transport;
    std::size_t refused = 0;

   private:
    Simulation& simulation_;
    SeededEntropy entropy_;
  };

  Host& add_host(std::vector<Endpoint> endpoints) {
    hosts_.push_back(
        std::make_unique<Host>(*this, std::move(endpoints), seed_ * 1000 + hosts_.size()));
    return *hosts_.back();
  }
  /// Answers datagrams to `endpoint`, as a server would.
  void add_server(const Endpoint& endpoint,
                  std::function<Bytes(const Endpoint& from, ByteView datagram)> answer) {
    servers_[endpoint] = std::move(answer);
  }
  /// From now on nothing gets there or comes from there.
  void cut_off(const Endpoint& endpoint) { cut_.insert(endpoint); }

  /// Runs until `done` says so, and tells whether it did within `limit`.
  bool run_until(const std::function<bool()>& done, Duration limit = 60s) {
    const Time end = now_ + limit;
    while (!done()) {
      if (!step(end)) return done();
    }
    return true;
  }
  void run_for(Duration duration) {
    run_until([] { return false; }, duration);
  }

 private:
  struct Packet {
    Endpoint from;
    Endpoint to;
    Bytes bytes;
  };

  void transmit(const Endpoint& from, const Endpoint& to, Bytes bytes) {
    if (cut_.contains(from) || cut_.contains(to) || random_.unit() < network.loss) return;
    if (tap && !tap(from, to, bytes)) return;
    const auto spread = static_cast<std::uint64_t>((network.max_delay - network.min_delay).count());
    const Duration delay = network.min_delay + Duration(random_.below(spread + 1));
    packets_.emplace(now_ + delay, Packet{from, to, std::move(bytes)});
  }

  /// One thing that happens next; false when nothing does before `end`.
  bool step(Time end) {
    Deadline next = stack_->next_timeout();
    for (const auto& host : hosts_)
      next = earlier(next, host->transport->next_timeout());
    if (!packets_.empty()) next = earlier(next, packets_.begin()->first);
    if (!next || *next > end) {
      now_ = end;
      clock_.set(now_);
      return false;
    }
    now_ = std::max(now_, *next);
    clock_.set(now_);
    if (!packets_.empty() && packets_.begin()->first <= now_) {
      const Packet packet = std::move(packets_.extract(packets_.begin()).mapped());
      // What is there at the same moment is read together.
      const auto after = packets_.begin();
      deliver(packet, after != packets_.end() && after->first <= now_ &&
                          after->second.to == packet.to && after->second.from == packet.from);
    }
    for (const auto& host : hosts_)
      host->transport->handle_timeout(now_);
    stack_->handle_timeout(now_);
    return true;
  }

  /// As a socket says it: a link-local source has the scope of the interface that took it.
  void deliver(const Packet& packet, bool more) {
    if (const auto route = routes_.find(packet.to.with_scope(0)); route != routes_.end()) {
      const auto& [host, local] = route->second;
      const Endpoint from = packet.from.with_scope(local.address.scope());
      if (!host->transport->handle_datagram(now_, local, from, packet.bytes, more)) ++host->refused;
    } else if (const auto server = servers_.find(packet.to); server != servers_.end()) {
      transmit(packet.to, packet.from, server->second(packet.from, packet.bytes));
    }
  }

  std::uint64_t seed_;
  SeededEntropy random_;
  VirtualClock clock_;
  Time now_{};
  std::unique_ptr<Stack> stack_;
  std::map<Endpoint, std::pair<Host*, Endpoint>> routes_;
  std::map<Endpoint, std::function<Bytes(const Endpoint&, ByteView)>> servers_;
  std::set<Endpoint> cut_;
  std::multimap<Time, Packet> packets_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

/// One end of a connection, and what it was told.
class SimulatedPeer : public ConnectionObserver {
 public:
  SimulatedPeer(Simulation& world, Simulation::Host& host, IceRole role)
      : simulation(world), connection(host.transport->connect(role, *this)) {}

  void on_local_candidate(const Candidate& candidate) override { candidates.push_back(candidate); }
  void on_open(const IcePair& new_pair) override {
    ++opened;
    pair = new_pair;
  }
  void on_pair_changed(const IcePair& new_pair) override { pair = new_pair; }
  void on_message(ByteView data, bool is_text) override {
    messages.emplace_back(data.begin(), data.end());
    texts += is_text ? 1 : 0;
    if (echo) connection->send(simulation.now(), data);
    if (pause_after == messages.size()) connection->set_receiving(simulation.now(), false);
  }
  void on_writable() override { ++writable; }
  void on_closed(const std::string& reason) override { closed.push_back(reason); }

  bool send(ByteView message) { return connection->send(simulation.now(), message); }

  Simulation& simulation;
  bool echo = false;
  std::size_t pause_after = SIZE_MAX;
  int opened = 0;
  int writable = 0;
  int texts = 0;
  IcePair pair;
  std::vector<Bytes> messages;
  std::vector<Candidate> candidates;
  std::vector<std::string> closed;
  std::unique_ptr<PeerConnection> connection;
};

/// An offer and its answer, without a signalling channel's delay.
inline void introduce(SimulatedPeer& offerer, SimulatedPeer& answerer) {
  const Time now = offerer.simulation.now();
  const auto answer = answerer.connection->accept_offer(now, offerer.connection->create_offer(now));
  ASSERT_TRUE(answer) << answer.error().message;
  const auto accepted = offerer.connection->accept_answer(now, *answer);
  ASSERT_TRUE(accepted) << accepted.error().message;
}

}  // namespace roomwire::rtc
