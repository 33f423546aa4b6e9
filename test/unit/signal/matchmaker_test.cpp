// When a matchmaker announces, sleeps, and looks for those whom it lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "matchmaker_world.hpp"

namespace roomwire::signal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// ---- who is heard ----

TEST_F(MatchmakerTest, TellsTheFirstSignOfAPeerAndTheFirstSinceItWasLost) {
  matchmaker.relay_ready(now, relay_a);
  matchmaker.relay_ready(now, relay_b);
  announce(follower);
  announce(leader);
  announce(follower);
  EXPECT_THAT(port.heard, ElementsAre(follower, leader));
  connect(follower);
  matchmaker.peer_lost(now, follower);
  announce(follower);
  announce(follower);
  EXPECT_THAT(port.heard, ElementsAre(follower, leader, follower));
}

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
  matchmaker.peer_lost(now, follower);
  pass(700ms);
  EXPECT_EQ(count(Kind::announcement, root), 1U) << "somebody is there: once";
  pass(1min);
  port.published.clear();
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

// ---- who is heard, and hears ----

TEST_F(MatchmakerTest, APeerThatAnnouncesAndAnswersNothingIsDeaf) {
  for (const PeerId& peer : {leader, follower}) {
    matchmaker.relay_ready(now, relay_a);
    for (int i = 0; i < 10; ++i) {
      announce(peer);
      pass(5333ms);
    }
    const auto told = std::count(port.log.begin(), port.log.end(), peer.str() + " is deaf");
    EXPECT_EQ(told, 1) << peer.str();
    ASSERT_THAT(matchmaker.heard(now), SizeIs(1));
    EXPECT_EQ(matchmaker.heard(now)[0].peer, peer);
    EXPECT_EQ(matchmaker.heard(now)[0].since, now - 10 * 5333ms);
    EXPECT_FALSE(matchmaker.heard(now)[0].answers);
    EXPECT_TRUE(matchmaker.heard(now)[0].is_deaf);
    pass(2min);
    EXPECT_THAT(matchmaker.heard(now), IsEmpty()) << "it has gone";
  }
}

TEST_F(MatchmakerTest, APeerThatAnswersIsNotDeaf) {
  matchmaker.relay_ready(now, relay_a);
  announce(leader);
  pass(5s);
  matchmaker.handle_signal(now, relay_a, own, to_json(SignalMessage{leader}));
  EXPECT_TRUE(matchmaker.heard(now).at(0).answers);
  pass(30s);
  announce(leader);
  EXPECT_FALSE(matchmaker.heard(now).at(0).is_deaf);
  EXPECT_THAT(port.log, IsEmpty());
}

TEST_F(MatchmakerTest, APeerThatHadNoTimeToAnswerIsNotDeaf) {
  matchmaker.relay_ready(now, relay_a);
  announce(leader);
  pass(9s);
  announce(leader);
  matchmaker.relay_lost(now, relay_a);
  matchmaker.relay_ready(now, relay_a);
  pass(1s);
  announce(leader);
  pass(8s);
  announce(leader);
  EXPECT_THAT(port.log, IsEmpty());
}

TEST_F(MatchmakerTest, APeerThatIsConnectedOrLostIsNotHeard) {
  matchmaker.relay_ready(now, relay_a);
  announce(leader);
  connect(leader);
  EXPECT_THAT(matchmaker.heard(now), IsEmpty());
  matchmaker.peer_lost(now, leader);
  EXPECT_THAT(matchmaker.heard(now), IsEmpty());
  announce(leader);
  EXPECT_THAT(matchmaker.heard(now), SizeIs(1));
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
  EXPECT_THAT(port.log, ElementsAre("doubt z")) << "of the offer";
  EXPECT_THAT(port.published, IsEmpty());
}

TEST_F(MatchmakerTest, WhatAConnectedPeerOffersIsAnsweredWhenItsConnectionIsGone) {
  connect(leader);
  hear({leader, Kind::offer, SignalCipher("wrong", app, room).encrypt("x", entropy), "0"});
  candidate(leader, "too early", "1");
  EXPECT_THAT(port.take_log(), IsEmpty()) << "by somebody without the password";
  offer(leader, "theirs", "1");
  candidate(leader, "its address", "1");
  EXPECT_THAT(port.take_log(), ElementsAre("doubt a"));
  pass(6s);
  matchmaker.peer_lost(now, leader);
  EXPECT_THAT(port.take_log(), ElementsAre("answer a: theirs", "candidate its address"));
  EXPECT_EQ(count(Kind::answer, to_leader), 1U);
}

TEST_F(MatchmakerTest, WhatAConnectedPeerOfferedLongAgoIsForgotten) {
  connect(leader);
  offer(leader, "theirs", "1");
  pass(1min);
  port.take_log();
  matchmaker.peer_lost(now, leader);
  pass(10s);
  EXPECT_THAT(port.log, IsEmpty());
}

TEST_F(MatchmakerTest, APeerThatGreetsThoughItIsConnectedIsOfferedToWhenItsConnectionIsGone) {
  connect(follower);
  matchmaker.handle_signal(now, relay_a, own, to_json({follower}));
  EXPECT_THAT(port.take_log(), ElementsAre("doubt z"));
  matchmaker.peer_lost(now, follower);
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
}

TEST_F(MatchmakerTest, ALostPeerIsGreetedSoonAndMetAgain) {
  announce(follower);
  connect(follower);
  port.take_log();
  port.take_published();
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
  matchmaker.peer_lost(now, leader);
  port.take_published();
  pass(1h);
  EXPECT_LE(count(Kind::announcement, to_leader), 7U);
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

}  // namespace
}  // namespace roomwire::signal
