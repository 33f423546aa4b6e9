// Whole peers in one process and in virtual time: a relay and a network of seeded loss, delay and
// reordering, and nothing that sleeps.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/entropy.hpp"
#include "base/json_value.hpp"
#include "mesh/mesh.hpp"

namespace roomwire::mesh {

struct Conditions {
  double loss = 0;         ///< Of datagrams, 0 to 1.
  double signal_loss = 0;  ///< Of relay messages.
  Duration delay = 5ms;    ///< Shortest way of a datagram or relay message.
  Duration jitter = 10ms;  ///< Added at random, so datagrams overtake each other.
};

class World;

/// One peer: its mesh, and all that it was told.
class SimPeer final : public rtc::DatagramPort, public WallClock {
 public:
  SimPeer(World& world, std::string id, std::uint8_t host, std::size_t max_message_bytes);

  const PeerId& id() const { return id_; }
  const Endpoint& endpoint() const { return endpoint_; }
  Mesh& mesh() { return *mesh_; }
  void join(const std::string& room, const std::string& password = "", bool passive = false);
  void leave(const std::string& room);
  Result<room::SendId> send(const std::string& room, const std::string& action, Payload payload,
                            std::optional<std::vector<PeerId>> to = {});
  /// Ends a turn of the loop, as the edge does.
  void end_turn();
  void note(Event& event);

  std::set<std::pair<std::string, PeerId>> joined;  ///< (room, peer) that are there.
  std::vector<MessageReceived> messages;
  std::vector<PeerLeft> left;
  std::vector<std::string> rooms_left;
  std::vector<Status> statuses;
  std::size_t joins = 0;
  bool alive = true;

 private:
  friend class World;
  void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) override;
  void carry_out(const Request& request);
  std::int64_t unix_seconds() override { return 1'700'000'000; }

  World& world_;
  PeerId id_;
  Endpoint endpoint_;
  SeededEntropy entropy_;
  std::unique_ptr<Mesh> mesh_;
  std::set<std::string> topics_;
};

class World {
 public:
  explicit World(std::uint64_t seed, Conditions conditions = {})
      : seed_(seed), conditions_(conditions), entropy_(seed), stack_(*rtc::Stack::create()) {}
  /// The first to go says good-bye to nobody: the others are half gone.
  ~World() {
    for (const auto& peer : peers_)
      peer->alive = false;
  }

  SimPeer& add(const std::string& id, std::size_t max_message_bytes = 64U << 20) {
    const auto host = static_cast<std::uint8_t>(peers_.size() + 1);
    peers_.push_back(std::make_unique<SimPeer>(*this, id, host, max_message_bytes));
    return *peers_.back();
  }

  Time now() const { return now_; }
  std::uint64_t seed() const { return seed_; }
  rtc::Stack& stack() { return *stack_; }
  Conditions& conditions() { return conditions_; }

  /// From now on the peer neither sends nor hears anything, as if its machine had lost power.
  void kill(SimPeer& peer) { peer.alive = false; }
  /// As if somebody published it.
  void publish(const std::string& topic, const std::string& payload);
  void stop_relay();
  void start_relay() { relay_up_ = true; }

  /// Nobody notices the time, as when a machine sleeps.
  void stand_still(Duration time) { now_ += time; }

  /// Jumps from event to event until `done`, for at most `limit` of virtual time.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }

 private:
  friend class SimPeer;
  void datagram(const Endpoint& from, const Endpoint& to, Bytes data);
  void relay_open(SimPeer& peer, signal::RelayId relay);
  void relay_send(SimPeer& peer, const std::string& text);
  void after(Duration delay, std::function<void()> task) { tasks_.emplace(now_ + delay, task); }
  Duration way();
  void wake_peers();

  std::uint64_t seed_;
  Conditions conditions_;
  SeededEntropy entropy_;
  Time now_{};
  bool relay_up_ = true;
  std::multimap<Time, std::function<void()>> tasks_;
  std::unique_ptr<rtc::Stack> stack_;
  std::vector<std::unique_ptr<SimPeer>> peers_;
};

}  // namespace roomwire::mesh
