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
#include "mesh/options.hpp"
#include "room/hub.hpp"
#include "roomwire/options.hpp"
#include "signal/matchmaker.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::mesh {

/// Of unfinished messages from all peers together: at least two of the largest find room.
constexpr std::size_t max_pending_bytes(std::size_t max_message_bytes) {
  constexpr std::size_t least = 256U << 20;
  return std::max(least, 2 * max_message_bytes);
}

class App {
 public:
  App(const AppId& id, const MeshOptions& options, std::vector<RelayUrl> relays,
      rtc::Transport& transport, WallClock& date, Entropy& entropy);
  ~App();

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
  struct JoinedRoom {
    RoomId id;
    signal::Matchmaker matchmaker;
    bool was_active;  ///< When it was last told to the hub.
  };
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

  // What the other cores put out (app_drain.cpp).
  bool drain_relays();
  bool drain_matchmakers();
  bool drain_links();
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

  void apply(JoinedRoom& room, const signal::Matchmaker::Publish& publish);
  void apply(JoinedRoom& room, const signal::Matchmaker::BeginOffer& begin);
  void apply(JoinedRoom& room, const signal::Matchmaker::BeginAnswer& begin);
  void apply(JoinedRoom& room, const signal::Matchmaker::TakeAnswer& take);
  void apply(JoinedRoom& room, const signal::Matchmaker::AddCandidate& add);
  void apply(JoinedRoom& room, const signal::Matchmaker::Abandon& abandon);
  void apply(JoinedRoom& room, const signal::Matchmaker::PeerHeard& heard);
  void apply(JoinedRoom& room, const signal::Matchmaker::WrongPassword& wrong);
  void apply(JoinedRoom& room, const signal::Matchmaker::PeerDoubted& doubted);
  void apply(JoinedRoom& room, const signal::Matchmaker::PeerDeaf& deaf);
  void apply(JoinedRoom& room, const signal::Matchmaker::SignalDropped& dropped);

  void apply(Links::LocalCandidate& candidate);
  void apply(Links::AttemptGone& gone);
  void apply(Links::SoughtChanged& changed);
  void apply(Links::PeerReached& reached);
  void apply(Links::PeerLost& lost);
  void apply(Links::FrameDropped& dropped);
  void apply(Status& status);

  JoinedRoom* room_of(signal::AttemptId attempt);
  void add_candidate_init(signal::AttemptId attempt, std::string_view init);
  void resolve_described(signal::AttemptId attempt, std::string_view sdp);
  void add_candidate(signal::AttemptId attempt, const rtc::Candidate& candidate,
                     std::string_view fragment);
  const RelayUrl& relay_url(signal::RelayId relay) const;

  AppId id_;
  PeerId self_;
  Entropy& entropy_;
  Time now_{};
  Stats stats_;
  std::vector<Request> requests_;
  std::vector<Event> events_;
  DropLog drops_;
  std::set<signal::RelayId> guesses_;  ///< Relays that are none, for all that is known.
  std::map<std::string, std::vector<WaitingCandidate>> unresolved_;
  signal::RelayPool pool_;
  room::Hub hub_;
  Links links_;
  std::map<RoomId, JoinedRoom> rooms_;
  std::map<signal::Topic, JoinedRoom*> topics_;  ///< The two of each room.
  std::uint32_t joined_ = 0;                     ///< Rooms, ever.
};

}  // namespace roomwire::mesh
