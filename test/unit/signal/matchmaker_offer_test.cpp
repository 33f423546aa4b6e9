// Offers, answers and candidates, on either side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "matchmaker_world.hpp"

namespace roomwire::signal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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
  matchmaker.relay_lost(now, relay_a);
  announce(follower);
  EXPECT_THAT(port.published, IsEmpty());
  matchmaker.relay_ready(now, relay_a);
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
  matchmaker.peer_sought(now, follower, Time::max());
  announce(follower);
  pass(3s);
  EXPECT_THAT(port.log, IsEmpty());
  offer(follower, "theirs", "1");
  EXPECT_THAT(port.take_log(), ElementsAre("answer z: theirs"));
  matchmaker.attempt_closed(now, AttemptId{1});
  matchmaker.peer_sought(now, follower, {});
  pass(3s);
  EXPECT_THAT(port.take_log(), ElementsAre("offer to z"));
}

TEST_F(MatchmakerTest, OffersAgainAfterThereWasNoRoomForAConnection) {
  port.is_full = true;
  announce(follower);
  EXPECT_THAT(port.published, IsEmpty());
  matchmaker.local_candidate(now, AttemptId{port.last}, "of no attempt");
  port.is_full = false;
  pass(2s);
  EXPECT_EQ(count(Kind::offer, to_follower), 1U);
  EXPECT_EQ(count(Kind::candidate, to_follower), 0U);
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

}  // namespace
}  // namespace roomwire::signal
