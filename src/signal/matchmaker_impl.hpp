// The inside of the matchmaker: matchmaker.cpp says when, matchmaker_signals.cpp what.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rate_limit.hpp"
#include "signal/announcer.hpp"
#include "signal/early_candidates.hpp"
#include "signal/known_peer.hpp"
#include "signal/matchmaker.hpp"
#include "signal/signal_message.hpp"

namespace roomwire::signal {

class Matchmaker::Impl {
 public:
  Impl(MatchmakerOptions options, Entropy& entropy);

  std::uint32_t number() const { return options_.number; }
  const Topic& root_topic() const { return root_topic_; }
  const Topic& self_topic() const { return self_topic_; }
  bool is_active() const { return active_; }
  std::vector<HeardPeer> heard(Time now) const;

  void relay_ready(Time now, RelayId relay);
  void relay_lost(RelayId relay);
  void handle_signal(Time now, RelayId relay, const Topic& topic, std::string_view payload);
  void offer_made(Time now, AttemptId attempt, const Result<std::string>& offer);
  void answer_made(Time now, AttemptId attempt, const Result<std::string>& answer);
  void answer_taken(Time now, AttemptId attempt, const Result<void>& taken);
  void local_candidate(AttemptId attempt, std::string_view candidate);
  void attempt_closed(Time now, AttemptId attempt);
  void peer_sought(const PeerId& peer, Deadline until);
  void peer_connected(const PeerId& peer);
  void peer_lost(Time now, const PeerId& peer);
  Deadline next_timeout() const;
  void handle_timeout(Time now);
  std::vector<Output> take_outputs() { return std::exchange(outputs_, {}); }

 private:
  using KnownPeers = std::map<PeerId, KnownPeer>;
  using Entry = KnownPeers::value_type;

  struct RelayLimits {
    RateLimit attempts;
    RateLimit greetings;
  };

  /// What a connected peer signalled.
  struct Held {
    RelayId relay{};
    SignalMessage message;
    Time since{};
  };

  // When (matchmaker.cpp)
  bool we_lead(const PeerId& peer) const { return options_.self < peer; }
  void announce(Time now);
  void wake(Time now);
  void sleep_if_idle(Time now);
  /// Finds or makes the entry, and notes that the peer was heard there.
  Entry& meet(Time now, RelayId relay, const PeerId& peer);
  void evict_one();
  /// Offers to the peer or greets it, as far as it is time.
  void attend(Time now, Entry& entry);
  void offer_everywhere(Time now, Entry& entry);
  void greet_everywhere(Time now, Entry& entry);
  bool begin_offer(Time now, Entry& entry);
  bool is_sought_elsewhere(Time now, const PeerId& peer) const;
  Proposal& propose(Time now, RelayId relay, Entry& entry);
  /// The peer with that attempt, when it is at that stage; nullptr when it was abandoned meanwhile.
  Entry* find(AttemptId attempt, Proposal::Stage stage);
  /// Room for one more attempt that the relay's budget allows.
  bool may_begin(Time now, RelayId relay);
  bool displace_one(Time now);
  void expire(Time now, Entry& entry);
  void give_up(Time now, Entry& entry);
  /// Forgets the proposal; its attempt is closed unless the owner knows already.
  void drop(KnownPeer& known, bool abandon);
  RelayLimits& limits(RelayId relay);

  // What (matchmaker_signals.cpp)
  void handle_unconnected(Time now, RelayId relay, Entry& entry, const SignalMessage& message);
  void handle_connected(Time now, RelayId relay, const SignalMessage& message);
  /// What the peer signalled while it was connected.
  void handle_held(Time now, const PeerId& peer);
  void handle_announcement(Time now, RelayId relay, Entry& entry);
  /// Whether it hears us, by what it sends where.
  void judge_hearing(Time now, Entry& entry, bool to_us);
  void handle_offer(Time now, RelayId relay, Entry& entry, const SignalMessage& message);
  void handle_answer(Time now, RelayId relay, Entry& entry, const SignalMessage& message);
  void handle_candidate(Time now, RelayId relay, Entry& entry, const SignalMessage& message);
  /// Nothing, and it is said why, when the text does not decrypt or is too long.
  std::optional<std::string> decrypt(Time now, RelayId relay, Entry& entry,
                                     const SignalMessage& message);
  void add_early_candidates(const PeerId& peer, Proposal& proposal);
  bool greet(Time now, RelayId relay, Entry& entry);
  /// The description and the candidates so far.
  void send_proposal(Time now, RelayId relay, Entry& entry, Proposal& proposal);
  /// False when the relay is lost.
  bool send(RelayId relay, const Topic& topic, SignalMessage::Kind kind, const std::string& body,
            const std::optional<std::string>& offer_id);
  void put(Output output) { outputs_.push_back(std::move(output)); }

  MatchmakerOptions options_;
  Entropy& entropy_;
  SignalCipher cipher_;
  Topic root_topic_;
  Topic self_topic_;
  bool active_;
  Time awake_since_{};
  Announcer announcer_;
  EarlyCandidates early_candidates_;
  KnownPeers known_;
  std::uint32_t last_attempt_ = 0;
  std::map<AttemptId, PeerId> attempts_;     ///< Those of the proposals.
  std::map<PeerId, Time> sought_elsewhere_;  ///< As told, as the next; the owner bounds both.
  std::set<PeerId> connected_;
  std::set<RelayId> lost_;       ///< Relays, as told.
  std::map<PeerId, Held> held_;  ///< At most max_held, of connected peers.
  std::map<RelayId, RelayLimits> limits_;
  mutable std::optional<Deadline> next_timeout_;  ///< Computed when asked for.
  std::vector<Output> outputs_;
};

}  // namespace roomwire::signal
