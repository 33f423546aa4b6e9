// One matchmaker, told what relays and connections do.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "signal/matchmaker.hpp"
#include "signal/signal_message.hpp"

namespace roomwire::signal {

using Kind = SignalMessage::Kind;

/// A signal that the matchmaker sent.
struct Published {
  RelayId relay{};
  Topic topic;
  SignalMessage message;
};

/// Writes down what a matchmaker put out, and answers as the owner of connections would.
class MatchmakerDouble {
 public:
  void read(Time now, Matchmaker& matchmaker) {
    for (auto outputs = matchmaker.take_outputs(); !outputs.empty();
         outputs = matchmaker.take_outputs()) {
      for (auto& output : outputs)
        std::visit([&](auto& each) { note(now, matchmaker, each); }, output);
    }
  }

  std::vector<Published> take_published() { return std::exchange(published, {}); }
  std::vector<std::string> take_log() { return std::exchange(log, {}); }

  std::vector<Published> published;
  std::vector<std::string> log;
  std::vector<PeerId> heard;
  std::vector<std::string> dropped;
  bool is_full = false;    ///< Of connections.
  std::uint64_t last = 0;  ///< The attempt that was begun last.

 private:
  void note(Time, Matchmaker&, Matchmaker::Publish& each) {
    published.push_back({each.relay, each.topic, parse_signal(each.payload).value()});
  }
  void note(Time now, Matchmaker& matchmaker, Matchmaker::BeginOffer& each) {
    log.push_back("offer to " + each.peer.str());
    last = static_cast<std::uint64_t>(each.attempt);
    if (is_full) {
      matchmaker.offer_made(now, each.attempt, failure(ErrorKind::limit, "full"));
    } else {
      matchmaker.offer_made(now, each.attempt, "my offer");
    }
  }
  void note(Time now, Matchmaker& matchmaker, Matchmaker::BeginAnswer& each) {
    log.push_back("answer " + each.peer.str() + ": " + each.offer.substr(0, 20));
    last = static_cast<std::uint64_t>(each.attempt);
    if (each.offer == "bad") {
      matchmaker.answer_made(now, each.attempt,
                             failure(ErrorKind::invalid_input, "no fingerprint"));
    } else {
      matchmaker.answer_made(now, each.attempt, "my answer");
    }
  }
  void note(Time now, Matchmaker& matchmaker, Matchmaker::TakeAnswer& each) {
    log.push_back("accept " + each.answer.substr(0, 20));
    if (each.answer == "bad") {
      matchmaker.answer_taken(now, each.attempt,
                              failure(ErrorKind::invalid_input, "no fingerprint"));
    } else {
      matchmaker.answer_taken(now, each.attempt, {});
    }
  }
  void note(Time, Matchmaker&, Matchmaker::AddCandidate& each) {
    log.push_back("candidate " + each.candidate);
  }
  void note(Time, Matchmaker&, Matchmaker::Abandon& each) {
    log.push_back("abandon " + std::to_string(static_cast<std::uint64_t>(each.attempt)));
  }
  void note(Time, Matchmaker&, Matchmaker::PeerHeard& each) { heard.push_back(each.peer); }
  void note(Time, Matchmaker&, Matchmaker::PeerDoubted& each) {
    log.push_back("doubt " + each.peer.str());
  }
  void note(Time, Matchmaker&, Matchmaker::PeerDeaf& each) {
    log.push_back(each.peer.str() + " is deaf");
  }
  void note(Time, Matchmaker&, Matchmaker::WrongPassword& each) {
    log.push_back("wrong password of " + each.peer.str());
  }
  void note(Time, Matchmaker&, Matchmaker::SignalDropped& each) { dropped.push_back(each.reason); }
};

/// A matchmaker whose outputs are taken after each call, as at the end of a turn.
class OwnedMatchmaker {
 public:
  OwnedMatchmaker(MatchmakerOptions options, MatchmakerDouble& owner, Entropy& entropy)
      : matchmaker_(std::move(options), entropy), owner_(owner) {}

  bool is_active() const { return matchmaker_.is_active(); }
  std::vector<HeardPeer> heard(Time now) const { return matchmaker_.heard(now); }
  Deadline next_timeout() const { return matchmaker_.next_timeout(); }
  void relay_ready(Time now, RelayId relay) { call(now, &Matchmaker::relay_ready, relay); }
  void relay_lost(Time now, RelayId relay) { call(now, &Matchmaker::relay_lost, relay); }
  void handle_signal(Time now, RelayId relay, const Topic& topic, std::string_view payload) {
    call(now, &Matchmaker::handle_signal, relay, topic, payload);
  }
  void local_candidate(Time now, AttemptId attempt, std::string_view candidate) {
    call(now, &Matchmaker::local_candidate, attempt, candidate);
  }
  void attempt_closed(Time now, AttemptId attempt) {
    call(now, &Matchmaker::attempt_closed, attempt);
  }
  void peer_sought(Time now, const PeerId& peer, Deadline until) {
    call(now, &Matchmaker::peer_sought, peer, until);
  }
  void peer_connected(Time now, const PeerId& peer) {
    call(now, &Matchmaker::peer_connected, peer);
  }
  void peer_lost(Time now, const PeerId& peer) { call(now, &Matchmaker::peer_lost, peer); }
  void handle_timeout(Time now) { call(now, &Matchmaker::handle_timeout); }

 private:
  template <class Function, class... Arguments>
  void call(Time now, Function function, Arguments&&... arguments) {
    (matchmaker_.*function)(now, std::forward<Arguments>(arguments)...);
    owner_.read(now, matchmaker_);
  }

  Matchmaker matchmaker_;
  MatchmakerDouble& owner_;
};

inline constexpr RelayId relay_a{0};
inline constexpr RelayId relay_b{1};
inline const AppId app("app");
inline const RoomId room("room");
inline const PeerId self("m");
inline const PeerId leader("a");    // It offers to us.
inline const PeerId follower("z");  // We offer to it.

class MatchmakerTest : public testing::Test {
 protected:
  explicit MatchmakerTest(bool passive = false)
      : matchmaker({app, room, "", self, passive}, port, entropy) {}

  void hear(SignalMessage message, RelayId relay = relay_a) {
    const Topic topic = message.kind == Kind::announcement ? root : own;
    matchmaker.handle_signal(now, relay, topic, to_json(message));
  }
  void announce(const PeerId& peer, RelayId relay = relay_a) { hear({peer}, relay); }
  void offer(const PeerId& peer, const std::string& sdp, const std::string& id,
             RelayId relay = relay_a) {
    hear({peer, Kind::offer, cipher.encrypt(sdp, entropy), id}, relay);
  }
  void candidate(const PeerId& peer, const std::string& text, const std::string& id) {
    hear({peer, Kind::candidate, cipher.encrypt(text, entropy), id});
  }
  void answer(const PeerId& peer, const std::string& sdp, const std::string& id) {
    hear({peer, Kind::answer, cipher.encrypt(sdp, entropy), id});
  }
  /// Lets time pass, as the loop would.
  void pass(Duration duration) {
    const Time end = now + duration;
    for (auto next = matchmaker.next_timeout(); next && *next <= end;
         next = matchmaker.next_timeout()) {
      now = std::max(now, *next);
      matchmaker.handle_timeout(now);
    }
    now = end;
  }
  std::size_t count(Kind kind, const Topic& topic) {
    std::size_t found = 0;
    for (const Published& each : port.published) {
      if (each.message.kind == kind && each.topic == topic) ++found;
    }
    return found;
  }
  void connect(const PeerId& peer) { matchmaker.peer_connected(now, peer); }

  SeededEntropy entropy{1};
  MatchmakerDouble port;
  OwnedMatchmaker matchmaker;
  const SignalCipher cipher{"", app, room};
  const Topic root = root_topic(app, room);
  const Topic own = self_topic(app, room, self);
  const Topic to_leader = self_topic(app, room, leader);
  const Topic to_follower = self_topic(app, room, follower);
  Time now{};
};

class PassiveMatchmakerTest : public MatchmakerTest {
 protected:
  PassiveMatchmakerTest() : MatchmakerTest(true) {}
};

}  // namespace roomwire::signal
