// All rooms of one app: one set of relays, one connection to each peer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/drop_log.hpp"
#include "mesh/events.hpp"
#include "mesh/links.hpp"
#include "mesh/mesh.hpp"
#include "room/hub.hpp"
#include "signal/matchmaker.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::mesh {

/// Of unfinished messages from all peers together: at least two of the largest find room.
constexpr std::size_t max_pending_bytes(std::size_t max_message_bytes) {
  constexpr std::size_t least = 256U << 20;
  return std::max(least, 2 * max_message_bytes);
}

class App final : public LinksObserver {
 public:
  App(const AppId& id, const MeshOptions& options, std::vector<RelayUrl> relays,
      rtc::Transport& transport, WallClock& date, Entropy& entropy);
  ~App() override;

  /// Time for everything that follows, until the next call.
  void set_time(Time now);

  Result<void> join(const RoomOptions& options);
  void leave(const RoomId& room, Duration drain);
  room::Hub& hub() { return hub_; }
  signal::RelayPool& relays() { return pool_; }
  Links& links() { return links_; }
  std::vector<UnmetPeer> unmet_peers(Time now, const RoomId& room) const;
  void mdns_resolved(const std::string& name, const std::vector<IpAddress>& addresses);
  /// The process stood still: whether the peers still hold their connections is not known.
  void stood_still();

  void settle();
  Deadline next_timeout() const;
  void handle_timeout();
  std::vector<Request> take_requests() { return std::exchange(requests_, {}); }
  std::vector<Event> take_events() { return std::exchange(events_, {}); }
  bool has_outputs() const { return !requests_.empty() || !events_.empty(); }
  Stats stats() const;

 private:
  class RoomSignals;
  struct WaitingCandidate {
    signal::AttemptId attempt{};
    rtc::Candidate candidate;
    std::string username_fragment;
  };

  // What the rooms tell and want (app_rooms.cpp).
  bool drain_hub();
  template <class RoomEvent>
  void apply(RoomEvent& event);  ///< For the program, as it is.
  void apply(room::MessageReceived& message);
  void apply(room::SignalReceived& signal);  ///< A renegotiation, answered over the link.
  void apply(room::LinkIdle& idle);
  void apply(room::LinkAbandoned& abandoned);
  void apply(room::FrameDropped& dropped);
  void apply(WrongPassword& wrong) { events_.emplace_back(Status(std::move(wrong))); }
  void apply(Undelivered& undelivered) { events_.emplace_back(Status(std::move(undelivered))); }
  void drop_frame(const PeerId& peer, const std::string& reason);

  // What the relays want and tell.
  bool drain_relays();
  void apply(signal::RelayPool::Open& open) { requests_.emplace_back(std::move(open)); }
  void apply(signal::RelayPool::Send& send) { requests_.emplace_back(std::move(send)); }
  void apply(signal::RelayPool::Close& close) { requests_.emplace_back(close); }
  void apply(signal::RelayPool::Ready& ready);
  void apply(signal::RelayPool::Failed& failed);
  void apply(signal::RelayPool::Notice& notice);
  void apply(signal::RelayPool::Refused& refused);
  void apply(signal::RelayPool::Passes& passes);
  void apply(signal::RelayPool::GivenUp& given_up) { relay_lost(given_up.relay); }
  void apply(signal::RelayPool::Message& message);
  void apply(signal::RelayPool::Dropped& dropped) { drop_signal(dropped.relay, dropped.reason); }
  void relay_lost(signal::RelayId relay);
  void drop_signal(signal::RelayId relay, const std::string& reason);

  // LinksObserver
  void on_candidate(signal::AttemptId attempt, const std::string& candidate_init) override;
  void on_attempt_gone(signal::AttemptId attempt) override;
  void on_link_up(const PeerId& peer) override;
  void on_link_down(const PeerId& peer) override;
  void on_link_status(Status status) override;
  void on_link_dropped(const PeerId& peer, const std::string& reason) override {
    drop_frame(peer, reason);
  }

  void add_candidate_init(signal::AttemptId attempt, std::string_view init);
  void resolve_described(signal::AttemptId attempt, std::string_view sdp);
  void add_candidate(signal::AttemptId attempt, const rtc::Candidate& candidate,
                     std::string_view fragment);
  void probe(const PeerId& peer);
  void renegotiate(const RoomId& room, const PeerId& peer, const Json& description);
  const RelayUrl& relay_url(signal::RelayId relay) const;
  void defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }

  AppId id_;
  PeerId self_;
  Entropy& entropy_;
  Time now_{};
  Stats stats_;
  std::vector<Request> requests_;
  std::vector<Event> events_;
  std::vector<std::function<void()>> deferred_;
  DropLog drops_;
  std::set<signal::RelayId> guesses_;  ///< Relays that are none, for all that is known.
  std::map<std::string, std::vector<WaitingCandidate>> unresolved_;
  signal::RelayPool pool_;
  room::Hub hub_;
  Links links_;
  std::map<RoomId, std::unique_ptr<RoomSignals>> rooms_;
  std::map<signal::Topic, RoomSignals*> topics_;  ///< The two of each room.
};

}  // namespace roomwire::mesh
