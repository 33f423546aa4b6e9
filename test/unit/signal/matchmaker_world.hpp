// One matchmaker, told what relays and connections do.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
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

/// Writes down what the matchmaker asks for, and answers as the test wants.
struct MatchmakerDouble : MatchmakerPort {
  bool publish(Time, RelayId relay, const Topic& topic, const std::string& payload) override {
    if (deaf.count(relay) > 0) return false;
    published.push_back({relay, topic, parse_signal(payload).value()});
    return true;
  }
  bool is_connected(const PeerId& peer) const override { return connected.count(peer) > 0; }
  bool is_connecting_elsewhere(const PeerId& peer) const override {
    return elsewhere.count(peer) > 0;
  }
  Attempt begin_offer(Time, const PeerId& peer) override {
    log.push_back("offer to " + peer.str());
    return {AttemptId{++last}, "my offer"};
  }
  Result<Attempt> begin_answer(Time, const PeerId& peer, std::string_view offer) override {
    log.push_back("answer " + peer.str() + ": " + std::string(offer.substr(0, 20)));
    if (offer == "bad") return failure(ErrorKind::invalid_input, "no fingerprint");
    return Attempt{AttemptId{++last}, "my answer"};
  }
  Result<void> accept_answer(Time, AttemptId, std::string_view answer) override {
    log.push_back("accept " + std::string(answer.substr(0, 20)));
    if (answer == "bad") return failure(ErrorKind::invalid_input, "no fingerprint");
    return {};
  }
  void add_candidate(Time, AttemptId, std::string_view candidate) override {
    log.push_back("candidate " + std::string(candidate));
  }
  void abandon(Time, AttemptId attempt) override {
    log.push_back("abandon " + std::to_string(static_cast<std::uint64_t>(attempt)));
  }
  void on_peer_heard(const PeerId& peer) override { heard.push_back(peer); }
  void on_doubt(const PeerId& peer) override { log.push_back("doubt " + peer.str()); }
  void on_deaf(const PeerId& peer) override { log.push_back(peer.str() + " is deaf"); }
  void on_wrong_password(const PeerId& peer) override {
    log.push_back("wrong password of " + peer.str());
  }
  void on_signal_dropped(RelayId, const std::string& reason) override { dropped.push_back(reason); }

  std::vector<Published> take_published() { return std::exchange(published, {}); }
  std::vector<std::string> take_log() { return std::exchange(log, {}); }

  std::vector<Published> published;
  std::vector<std::string> log;
  std::vector<PeerId> heard;
  std::vector<std::string> dropped;
  std::set<PeerId> connected;
  std::set<PeerId> elsewhere;
  std::set<RelayId> deaf;
  std::uint64_t last = 0;
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
  void connect(const PeerId& peer) {
    port.connected.insert(peer);
    matchmaker.peer_connected(now, peer);
  }

  SeededEntropy entropy{1};
  MatchmakerDouble port;
  Matchmaker matchmaker;
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
