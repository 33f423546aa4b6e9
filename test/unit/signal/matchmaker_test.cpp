// One matchmaker, told what relays and connections do.
#include "signal/matchmaker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "captures.hpp"
#include "signal/signal_message.hpp"

namespace roomwire::signal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = SignalMessage::Kind;

struct Published {
  RelayId relay{};
  Topic topic;
  SignalMessage message;
};

struct Port : MatchmakerPort {
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
  void on_wrong_password(const PeerId& peer) override {
    log.push_back("wrong password of " + peer.str());
  }
  void on_signal_dropped(RelayId, const std::string& reason) override { dropped.push_back(reason); }

  std::vector<Published> take_published() { return std::exchange(published, {}); }
  std::vector<std::string> take_log() { return std::exchange(log, {}); }

  std::vector<Published> published;
  std::vector<std::string> log;
  std::vector<std::string> dropped;
  std::set<PeerId> connected;
  std::set<PeerId> elsewhere;
  std::set<RelayId> deaf;
  std::uint64_t last = 0;
};

constexpr RelayId relay_a{0};
constexpr RelayId relay_b{1};
const AppId app("app");
const RoomId room("room");
const PeerId self("m");
const PeerId leader("a");    // It offers to us.
const PeerId follower("z");  // We offer to it.

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
  Port port;
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

// ---- announcing ----

TEST_F(MatchmakerTest, AnnouncesOftenAtFirstAndSeldomLater) {
  EXPECT_EQ(matchmaker.next_timeout(), std::nullopt);
  matchmaker.relay_ready(now, relay_a);
  ASSERT_THAT(port.published, SizeIs(1));
  EXPECT_EQ(port.published[0].topic, root);
  EXPECT_EQ(port.published[0].message, SignalMessage{self});
  pass(2099ms);  // 233 + 533 + 1333
  EXPECT_EQ(count(Kind::announcement, root), 4U);
  pass(55s);
  EXPECT_GE(count(Kind::announcement, root), 13U);
  EXPECT_LE(count(Kind::announcement, root), 15U);
  pass(10s);
  port.published.clear();
  pass(10min);
  EXPECT_GE(count(Kind::announcement, root), 18U);
  EXPECT_LE(count(Kind::announcement, root), 21U);
}

TEST_F(MatchmakerTest, AnnouncesOnceAMinuteWhenSomebodyIsThere) {
  matchmaker.relay_ready(now, relay_a);
  connect(follower);
  pass(10s);
  port.published.clear();
  pass(10min);
  EXPECT_GE(count(Kind::announcement, root), 9U);
  EXPECT_LE(count(Kind::announcement, root), 11U);
}

TEST_F(MatchmakerTest, AnnouncesSoonWhenAPeerIsLost) {
  matchmaker.relay_ready(now, relay_a);
  connect(follower);
  connect(leader);
  pass(2min);
  port.published.clear();
  port.connected.erase(follower);
  matchmaker.peer_lost(now, follower);
  pass(700ms);
  EXPECT_EQ(count(Kind::announcement, root), 1U) << "somebody is there: once";
  pass(1min);
  port.published.clear();
  port.connected.erase(leader);
  matchmaker.peer_lost(now, leader);
  pass(3s);
  EXPECT_EQ(count(Kind::announcement, root), 4U) << "nobody is there: as at first";
}

TEST_F(MatchmakerTest, AnnouncesOnTheRelaysThatAreThere) {
  matchmaker.relay_ready(now, relay_a);
  matchmaker.relay_ready(now, relay_b);
  pass(5s);
  matchmaker.relay_lost(now, relay_a);
  port.published.clear();
  pass(1min);
  for (const Published& each : port.published)
    EXPECT_EQ(each.relay, relay_b);
  port.published.clear();
  matchmaker.relay_ready(now, relay_a);
  ASSERT_THAT(port.published, SizeIs(1));
  EXPECT_EQ(port.published[0].relay, relay_a);
}

// ---- offering ----

TEST_F(MatchmakerTest, OffersToALargerIdThroughEachRelayWhereItIsHeard) {
  announce(follower, relay_a);
  announce(follower, relay_b);
  announce(follower, relay_b);
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
  const auto sent = port.take_published();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].message, sent[1].message);
  EXPECT_EQ(sent[0].relay, relay_a);
  EXPECT_EQ(sent[1].relay, relay_b);
  EXPECT_EQ(sent[0].topic, to_follower);
  EXPECT_EQ(sent[0].message.kind, Kind::offer);
  EXPECT_THAT(sent[0].message.offer_id.value(), SizeIs(12));
  EXPECT_EQ(cipher.decrypt(sent[0].message.body).value(), "my offer");
}

TEST_F(MatchmakerTest, CandidatesFollowTheOfferOnEveryRelay) {
  announce(follower, relay_a);
  matchmaker.local_candidate(now, AttemptId{1}, "one");
  announce(follower, relay_b);
  matchmaker.local_candidate(now, AttemptId{1}, "two");
  matchmaker.local_candidate(now, AttemptId{99}, "of another room");
  std::vector<std::pair<RelayId, std::string>> sent;
  for (const Published& each : port.take_published()) {
    sent.emplace_back(each.relay, cipher.decrypt(each.message.body).value());
  }
  EXPECT_THAT(sent, ElementsAre(std::pair(relay_a, "my offer"), std::pair(relay_a, "one"),
                                std::pair(relay_b, "my offer"), std::pair(relay_b, "one"),
                                std::pair(relay_a, "two"), std::pair(relay_b, "two")));
}

TEST_F(MatchmakerTest, AnUnansweredOfferIsRepeatedForAWhileAndThenGivenUp) {
  announce(follower);
  pass(10s);
  EXPECT_EQ(count(Kind::offer, to_follower), 3U);
  pass(2min);
  EXPECT_THAT(port.log, ElementsAre("offer to z", "abandon 1"));
  EXPECT_LE(count(Kind::offer, to_follower), 7U);
  announce(follower);
  EXPECT_THAT(port.log.back(), "offer to z");
}

TEST_F(MatchmakerTest, AnOfferThatCouldNotBeSentIsSentLater) {
  port.deaf = {relay_a};
  announce(follower);
  EXPECT_THAT(port.published, IsEmpty());
  port.deaf = {};
  pass(5s);
  EXPECT_EQ(count(Kind::offer, to_follower), 1U);
}

TEST_F(MatchmakerTest, TheFirstAnswerIsAccepted) {
  announce(follower);
  const std::string id = port.take_published().at(0).message.offer_id.value();
  candidate(follower, "early", id);
  answer(follower, "wrong id", "wrong id");
  answer(follower, "theirs", id);
  answer(follower, "again", id);
  candidate(follower, "late", id);
  candidate(follower, "late", id);
  EXPECT_THAT(port.take_log(),
              ElementsAre("offer to z", "accept theirs", "candidate early", "candidate late"));
  pass(20s);
  EXPECT_THAT(port.published, IsEmpty()) << "answered, so nothing is repeated";
  pass(4s);
  EXPECT_THAT(port.take_log(), ElementsAre("abandon 1")) << "it did not connect";
  pass(5s);
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
}

TEST_F(MatchmakerTest, ABadAnswerIsDroppedAndAGoodOneStillAccepted) {
  announce(follower);
  const std::string id = port.take_published().at(0).message.offer_id.value();
  answer(follower, "bad", id);
  EXPECT_THAT(port.dropped, ElementsAre(HasSubstr("no fingerprint")));
  answer(follower, "good", id);
  EXPECT_THAT(port.log.back(), "accept good");
}

TEST_F(MatchmakerTest, WaitsWhileAnotherRoomConnectsToThePeer) {
  port.elsewhere = {follower};
  announce(follower);
  pass(3s);
  EXPECT_THAT(port.log, IsEmpty());
  offer(follower, "theirs", "1");
  EXPECT_THAT(port.take_log(), ElementsAre("answer z: theirs"));
  matchmaker.attempt_closed(now, AttemptId{1});
  port.elsewhere = {};
  pass(3s);
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
}

// ---- answering ----

TEST_F(MatchmakerTest, GreetsASmallerIdThatAnnouncesButNotTooOften) {
  announce(leader, relay_a);
  announce(leader, relay_a);
  announce(leader, relay_b);
  EXPECT_THAT(port.log, IsEmpty());
  const auto sent = port.take_published();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].topic, to_leader);
  EXPECT_EQ(sent[0].message, SignalMessage{self});
  pass(1s);
  announce(leader, relay_a);
  EXPECT_THAT(port.take_published(), SizeIs(1));
  pass(10min);
  EXPECT_LE(port.take_published().size(), 12U) << "it said nothing more";
}

TEST_F(MatchmakerTest, AnswersAnOfferOnTheRelaysThatBringIt) {
  offer(leader, "theirs", "id", relay_a);
  offer(leader, "theirs", "id", relay_b);
  matchmaker.local_candidate(now, AttemptId{1}, "mine");
  EXPECT_THAT(port.take_log(), ElementsAre("answer a: theirs"));
  const auto sent = port.take_published();
  ASSERT_THAT(sent, SizeIs(4));
  EXPECT_EQ(sent[0].relay, relay_a);
  EXPECT_EQ(sent[1].relay, relay_b);
  EXPECT_EQ(sent[0].message, sent[1].message);
  EXPECT_EQ(sent[0].topic, to_leader);
  EXPECT_EQ(sent[0].message.kind, Kind::answer);
  EXPECT_EQ(sent[0].message.offer_id, "id");
  EXPECT_EQ(cipher.decrypt(sent[0].message.body).value(), "my answer");
  EXPECT_EQ(sent[2].message.kind, Kind::candidate);
}

TEST_F(MatchmakerTest, ARepeatedOfferGetsTheSameAnswerWithItsCandidates) {
  offer(leader, "theirs", "id");
  matchmaker.local_candidate(now, AttemptId{1}, "mine");
  const auto first = port.take_published();
  pass(4800ms);
  offer(leader, "theirs", "id");
  const auto again = port.take_published();
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].message, first[0].message);
  EXPECT_EQ(again[1].message, first[1].message);
  EXPECT_THAT(port.log, SizeIs(1));
}

TEST_F(MatchmakerTest, ALeaderWhoseOfferWasAnsweredIsStillGreeted) {
  // Should the answer be lost, Trystero repeats its offer only when it hears of us.
  offer(leader, "theirs", "id");
  port.take_published();
  pass(11s);
  EXPECT_EQ(count(Kind::announcement, to_leader), 2U);
}

TEST_F(MatchmakerTest, WhatMayNotHaveArrivedBeforeARelayWasLostIsSentAgain) {
  announce(follower);
  announce(leader);
  port.take_published();
  matchmaker.relay_lost(now, relay_a);
  matchmaker.relay_ready(now, relay_a);
  announce(follower);
  announce(leader);
  EXPECT_EQ(count(Kind::offer, to_follower), 1U);
  EXPECT_EQ(count(Kind::announcement, to_leader), 1U);
}

TEST_F(MatchmakerTest, CandidatesMayComeBeforeTheirOffer) {
  candidate(leader, "one", "id");
  candidate(leader, "of another offer", "id2");
  candidate(leader, "one", "id");
  candidate(leader, "two", "id");
  EXPECT_THAT(port.log, IsEmpty());
  offer(leader, "theirs", "id");
  candidate(leader, "three", "id");
  EXPECT_THAT(port.log,
              ElementsAre("answer a: theirs", "candidate one", "candidate two", "candidate three"));
}

TEST_F(MatchmakerTest, SignalsOfOldPeersWithoutOfferIdsAreUnderstood) {
  hear({leader, Kind::candidate, cipher.encrypt("one", entropy)});
  hear({leader, Kind::offer, cipher.encrypt("theirs", entropy)});
  hear({leader, Kind::candidate, cipher.encrypt("two", entropy)});
  EXPECT_THAT(port.log, ElementsAre("answer a: theirs", "candidate one", "candidate two"));
  EXPECT_EQ(port.published.at(0).message.offer_id, std::nullopt);
}

TEST_F(MatchmakerTest, ANewOfferReplacesAnAnswerThatDidNotConnect) {
  offer(leader, "first", "1");
  offer(leader, "at once", "2");
  pass(2s);
  offer(leader, "later", "3");
  EXPECT_THAT(port.log, ElementsAre("answer a: first", "abandon 1", "answer a: later"));
}

TEST_F(MatchmakerTest, InGlareTheSmallerIdWins) {
  announce(follower);
  offer(follower, "theirs", "1");
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
}

TEST_F(MatchmakerTest, AnAttemptThatFailsIsRepeatedAfterGrowingWaits) {
  offer(leader, "theirs", "1");
  matchmaker.attempt_closed(now, AttemptId{1});
  port.published.clear();
  pass(1s);
  EXPECT_EQ(count(Kind::announcement, to_leader), 1U) << "the leader is told that we are there";
  announce(follower);
  matchmaker.attempt_closed(now, AttemptId{2});
  Duration last{};
  for (int i = 0; i < 8; ++i) {
    const Time begun = now;
    port.take_log();
    while (port.log.empty()) {
      pass(100ms);
      if (now - begun > 40s) FAIL();
    }
    EXPECT_GE(now - begun, last);
    last = now - begun;
    matchmaker.attempt_closed(now, AttemptId{port.last});
  }
  EXPECT_GE(last, Duration(29s));
  EXPECT_LE(last, Duration(31s));
}

// ---- connected peers ----

TEST_F(MatchmakerTest, SignalsOfAConnectedPeerAreIgnored) {
  announce(follower);
  connect(follower);
  port.take_log();
  port.take_published();
  announce(follower);
  offer(follower, "theirs", "1");
  matchmaker.local_candidate(now, AttemptId{1}, "late");
  matchmaker.attempt_closed(now, AttemptId{1});
  pass(1min);
  EXPECT_THAT(port.log, IsEmpty());
  EXPECT_THAT(port.published, IsEmpty());
}

TEST_F(MatchmakerTest, ALostPeerIsGreetedSoonAndMetAgain) {
  announce(follower);
  connect(follower);
  port.take_log();
  port.take_published();
  port.connected.clear();
  matchmaker.peer_lost(now, follower);
  pass(1s);
  EXPECT_EQ(count(Kind::announcement, to_follower), 1U);
  EXPECT_THAT(port.log, IsEmpty()) << "it may be gone";
  announce(follower);
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
}

TEST_F(MatchmakerTest, ALostPeerThatStaysAwayIsLeftAlone) {
  announce(leader);
  connect(leader);
  port.connected.clear();
  matchmaker.peer_lost(now, leader);
  port.take_published();
  pass(1h);
  EXPECT_LE(count(Kind::announcement, to_leader), 7U);
}

// ---- passwords and hostile peers ----

TEST_F(MatchmakerTest, AWrongPasswordIsSaidOnceInAWhile) {
  const SignalCipher wrong("other", app, room);
  for (int i = 0; i < 10; ++i) {
    hear({leader, Kind::offer, wrong.encrypt("theirs", entropy), "1"});
    hear({leader, Kind::candidate, wrong.encrypt("theirs", entropy), "1"});
  }
  EXPECT_THAT(port.log, ElementsAre("wrong password of a"));
  EXPECT_THAT(port.dropped, IsEmpty()) << "its candidates are refused with its offer";
  pass(10s);
  hear({leader, Kind::offer, wrong.encrypt("theirs", entropy), "1"});
  EXPECT_THAT(port.log, SizeIs(2));
  announce(follower);
  const auto id = port.published.back().message.offer_id;
  hear({follower, Kind::answer, wrong.encrypt("theirs", entropy), id});
  EXPECT_THAT(port.log.back(), "wrong password of z");
}

TEST_F(MatchmakerTest, NonsenseIsDroppedAndCounted) {
  matchmaker.handle_signal(now, relay_a, root, "nonsense");
  hear({leader, Kind::offer, "not encrypted", "1"});
  offer(leader, "bad", "2");
  offer(leader, std::string((64U << 10) + 1, 'x'), "3");
  candidate(leader, std::string(1025, 'x'), "4");
  EXPECT_THAT(port.dropped, SizeIs(5));
  announce(self);
  matchmaker.handle_signal(now, relay_a, Topic("another"), to_json({leader}));
  EXPECT_THAT(port.published, IsEmpty());
}

TEST_F(MatchmakerTest, InventedPeersDoNotExhaustUs) {
  for (int i = 0; i < 20'000; ++i) {
    announce(PeerId("z" + std::to_string(i)));
    announce(PeerId("a" + std::to_string(i)));
    if (i % 10 == 0) pass(1ms);
  }
  EXPECT_LE(port.log.size(), 64U);
  EXPECT_LE(port.published.size(), 200U);
  // An honest peer on another relay gets its turn as soon as the first ones had theirs.
  pass(5s);
  announce(PeerId("zzz"), relay_b);
  EXPECT_EQ(port.log.back(), "offer to zzz");
  pass(10min);
  EXPECT_EQ(std::count_if(port.log.begin(), port.log.end(),
                          [](const std::string& line) { return line[0] == 'a'; }),
            std::count_if(port.log.begin(), port.log.end(),
                          [](const std::string& line) { return line[0] == 'o'; }))
      << "every attempt was closed";
}

TEST_F(MatchmakerTest, InventedOffersDoNotExhaustUs) {
  for (int i = 0; i < 2'000; ++i) {
    offer(PeerId("a" + std::to_string(i)), "theirs", "1");
    for (int k = 0; k < 3; ++k) {
      candidate(PeerId("b" + std::to_string(i)), std::to_string(k), std::to_string(k));
    }
  }
  EXPECT_LE(port.log.size(), 64U);
  EXPECT_FALSE(port.dropped.empty());
}

TEST_F(MatchmakerTest, OnePeersCandidatesAreBounded) {
  offer(leader, "theirs", "1");
  for (int i = 0; i < 1000; ++i)
    candidate(leader, std::to_string(i), "1");
  EXPECT_THAT(port.log, SizeIs(1 + 64));
}

// ---- passive ----

TEST_F(PassiveMatchmakerTest, IsSilentUntilAnActivePeerAppears) {
  matchmaker.relay_ready(now, relay_a);
  hear({follower, Kind::announcement, {}, {}, true});
  answer(follower, "theirs", "1");
  candidate(follower, "theirs", "1");
  pass(1min);
  EXPECT_FALSE(matchmaker.is_active());
  EXPECT_THAT(port.published, IsEmpty());
  EXPECT_EQ(matchmaker.next_timeout(), std::nullopt);
  announce(follower);
  EXPECT_TRUE(matchmaker.is_active());
  ASSERT_EQ(count(Kind::announcement, root), 1U);
  EXPECT_EQ(count(Kind::offer, to_follower), 1U);
  for (const Published& each : port.published)
    EXPECT_TRUE(each.message.passive);
}

TEST_F(PassiveMatchmakerTest, SleepsAgainWhenNothingIsLeft) {
  matchmaker.relay_ready(now, relay_a);
  offer(leader, "theirs", "1");
  EXPECT_TRUE(matchmaker.is_active());
  connect(leader);
  pass(1min);
  EXPECT_TRUE(matchmaker.is_active());
  port.connected.clear();
  matchmaker.peer_lost(now, leader);
  EXPECT_FALSE(matchmaker.is_active());
  port.published.clear();
  pass(10min);
  EXPECT_THAT(port.published, IsEmpty());
}

TEST_F(PassiveMatchmakerTest, SleepsAgainWhenNobodyOffers) {
  announce(leader);
  pass(7s);
  EXPECT_TRUE(matchmaker.is_active());
  pass(1s);
  EXPECT_FALSE(matchmaker.is_active());
  EXPECT_EQ(matchmaker.next_timeout(), std::nullopt);
}

// ---- captured traffic ----

class Replay : public testing::TestWithParam<std::string> {};

TEST_P(Replay, PlaysThePartOfTheCapturedPeer) {
  const Capture captured = capture(GetParam());
  SeededEntropy entropy(1);
  Port port;
  Matchmaker matchmaker({captured.app, captured.room, captured.password, captured.self, false},
                        port, entropy);
  const Topic peer_topic = self_topic(captured.app, captured.room, captured.peer);
  matchmaker.relay_ready(Time{}, relay_a);
  std::optional<std::string> offer_id;
  for (const RelayText& text : captured.relay) {
    if (text.out || !text.is_event()) continue;
    SignalMessage message = parse_signal(text.content()).value();
    if (message.kind == Kind::answer || message.kind == Kind::candidate) {
      if (offer_id) message.offer_id = offer_id;  // Ours is another than the captured peer's.
    }
    matchmaker.handle_signal(Time{}, relay_a, text.topic(), to_json(message));
    if (!port.published.empty() && port.published.back().message.kind == Kind::offer) {
      offer_id = port.published.back().message.offer_id;
    }
  }
  EXPECT_THAT(port.dropped, IsEmpty());
  const bool leads = captured.self < captured.peer;
  ASSERT_GE(port.log.size(), leads ? 2U : 1U);
  if (leads) {
    EXPECT_EQ(port.log[0], "offer to " + captured.peer.str());
    EXPECT_THAT(port.log[1], HasSubstr("accept v=0\r\n"));
  } else {
    EXPECT_THAT(port.log[0], HasSubstr("answer " + captured.peer.str() + ": v=0\r\n"));
  }
  EXPECT_EQ(port.published.back().topic, peer_topic);
  EXPECT_EQ(port.published.back().message.kind, leads ? Kind::offer : Kind::answer);
}

INSTANTIATE_TEST_SUITE_P(Vectors, Replay,
                         testing::Values("23-listen", "23-speak", "25-listen", "25-speak",
                                         "25-pw-listen", "25-pw-speak"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace roomwire::signal
