// The other OSC bridges of a room: who they are, and what of theirs would go round.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <net/loop.hpp>
#include <net/system.hpp>
#include <optional>
#include <roomwire/roomwire.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/drop_counter.hpp"
#include "osc/loop_guard.hpp"
#include "osc/loop_probe.hpp"
#include "osc/loop_watch.hpp"
#include "sockets/socket_set.hpp"

namespace roomwire::bridges {

class OtherBridgesPort {
 public:
  virtual ~OtherBridgesPort() = default;
  /// Where this bridge sends from, for the others.
  virtual std::vector<Endpoint> sources() const = 0;
  /// To all OSC ends that messages of the room go to.
  virtual void send_probe(ByteView packet) = 0;
  /// What admits() kept goes on now.
  virtual void pass_on(const std::string& channel, Message message) = 0;
  /// Another bridge said where it sends from.
  virtual void on_bridges_change() = 0;
};

/// Bridges tell each other on a channel of their own where they send from, which shows most loops
/// at once (LoopGuard), and look for the others by probes (LoopWatch). A bridge on another machine
/// proves what it says by a probe, too: when another bridge appears, when it sends from somewhere
/// else, and when it is asked to.
class OtherBridges final : osc::LoopWatchPort {
 public:
  static constexpr const char* own_channel = "roomwire-osc";

  /// All outlive this.
  OtherBridges(net::Loop& loop, const PeerId& self, Room& room, OtherBridgesPort& port,
               DropCounter& drops);
  ~OtherBridges() override;
  OtherBridges(const OtherBridges&) = delete;
  OtherBridges& operator=(const OtherBridges&) = delete;

  /// Fails as Room::action does. `silent`: tells the others nothing.
  Result<void> open(bool silent);
  void joined(const PeerId& peer);
  void left(const PeerId& peer);
  /// sources() is another.
  void announce();

  /// Another bridge sends from there. What another machine says of a source on this one is nothing.
  bool is_bridge(const Endpoint& source);
  /// A packet that came is another bridge's probe: nothing for the room.
  bool takes_probe(const sockets::Source& source, ByteView packet);
  /// Of the room: false when it goes round, or is kept until pass_on().
  bool admits(const std::string& channel, Message& message);
  /// At the end: nothing is kept any longer.
  void finish();

 private:
  struct Held {
    std::string channel;
    Message message;
  };

  void announce_to(const PeerId& peer);
  void prove_soon();
  void prove();
  void ask_for_proof(const PeerId& peer);
  void probe_came(const PeerId& peer, std::uint64_t number, const Endpoint& from);
  std::uint64_t probe();
  void handle_timeout();
  void tell(const PeerId& peer, const std::string& json);
  void heard(const PeerId& peer, const std::string& text);
  void hold(const std::string& channel, Message& message);

  std::uint64_t send_probe() override;
  void release(const PeerId& bridge, bool goes_on) override;
  void found_loop(const PeerId& bridge, const std::string& how) override;

  net::Loop& loop_;
  Room& room_;
  OtherBridgesPort& port_;
  DropCounter& drops_;
  net::SystemEntropy entropy_;
  osc::LoopGuard guard_;
  osc::LoopWatch watch_;
  osc::LoopProbes probes_;
  std::optional<Action> action_;
  bool silent_ = false;
  std::set<PeerId> told_;  ///< Peers in the room that may be bridges.
  Deadline proof_due_;
  Time proved_at_{};
  std::map<PeerId, Time> asked_;  ///< When to prove what they say.
  std::deque<Held> held_;
  net::Timer timer_;
  net::TurnHook turn_end_;
};

}  // namespace roomwire::bridges
