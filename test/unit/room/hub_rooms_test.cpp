// Rooms on shared links: presence, passwords, leaving and coming back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room/hub_world.hpp"

namespace roomwire::room {
namespace {

using testing::ElementsAre;

class HubRoomsTest : public testing::Test {
 protected:
  void meet(const std::string& password = "") {
    pair.join(stage, password, password);
    pair.connect();
    pair.run();
    ASSERT_EQ(a.notes().take_events(), "join stage B\n");
    ASSERT_EQ(b.notes().take_events(), "join stage A\n");
  }
  std::size_t count_frames(const std::string& action) {
    const auto actions = actions_in(pair.a_to_b);
    return static_cast<std::size_t>(std::count(actions.begin(), actions.end(), action));
  }

  Node a{"A"};
  Node b{"B", {}, 2};
  Pair pair{a, b};
};

TEST_F(HubRoomsTest, ASecondRoomSharesTheLink) {
  meet();
  a.hub.join(pair.now, {foyer, ""});
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "");
  b.hub.join(pair.now, {foyer, ""});
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "join foyer B\n");
  EXPECT_EQ(b.notes().take_events(), "join foyer A\n");
  ASSERT_TRUE(a.hub.send(pair.now, foyer, "x", "in the foyer", {}));
  ASSERT_TRUE(a.hub.send(pair.now, stage, "x", "on stage", {}));
  pair.run();
  ASSERT_EQ(b.notes().messages.size(), 2U);
  EXPECT_EQ(b.notes().messages[0].room, foyer);
  EXPECT_EQ(b.notes().messages[1].room, stage);
  b.hub.leave(pair.now, stage, 0s);
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "leave stage B: left the room\n");
  EXPECT_THAT(a.hub.peers(foyer), ElementsAre(b.id));
  pair.advance(200s);
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubRoomsTest, RoomsJoinedBeforeTheLinkAllAttach) {
  pair.join(stage);
  pair.join(foyer);
  pair.connect();
  pair.run();
  EXPECT_THAT(a.hub.peers(stage), ElementsAre(b.id));
  EXPECT_THAT(a.hub.peers(foyer), ElementsAre(b.id));
}

TEST_F(HubRoomsTest, APassiveRoomIsSilentUntilItWakes) {
  HubRoomOptions sleeping{stage, ""};
  sleeping.advertise = false;
  a.hub.join(pair.now, sleeping);
  pair.connect(std::nullopt);
  EXPECT_EQ(count_frames("+"), 0U);
  b.hub.join(pair.now, {stage, ""});
  pair.run();
  EXPECT_EQ(b.notes().take_events(), "");
  a.hub.set_advertised(pair.now, stage, true);
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "join stage B\n");
  EXPECT_EQ(b.notes().take_events(), "join stage A\n");
  // Falling asleep again is not leaving.
  a.hub.set_advertised(pair.now, stage, false);
  pair.run();
  EXPECT_EQ(b.notes().take_events(), "");
}

TEST_F(HubRoomsTest, TheSamePasswordLetsBothIn) {
  meet("sesame");
  EXPECT_FALSE(a.hub.next_timeout());
}

TEST_F(HubRoomsTest, AWrongPasswordIsReportedByBothAndNotTriedAgain) {
  pair.join(stage, "right", "wrong");
  pair.connect();
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "wrong password stage B\n");
  EXPECT_EQ(b.notes().take_events(), "");
  pair.advance(10s);
  EXPECT_EQ(b.notes().take_events(), "wrong password stage A\n");
  a.hub.attach(pair.now, stage, b.id);
  EXPECT_TRUE(pair.a_to_b.frames.empty());

  b.hub.leave(pair.now, stage, 0s);
  pair.advance(1s);
  b.notes().take_events();
  b.hub.join(pair.now, {stage, "right"});
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "join stage B\n");
  EXPECT_EQ(b.notes().take_events(), "join stage A\n");
}

TEST_F(HubRoomsTest, PasswordOnOneSideOnlyKeepsBothOut) {
  pair.join(stage, "", "secret");
  pair.join(foyer, "secret", "");
  pair.connect();
  pair.advance(10s);
  EXPECT_TRUE(a.hub.peers(stage).empty());
  EXPECT_TRUE(b.hub.peers(stage).empty());
  EXPECT_TRUE(a.hub.peers(foyer).empty());
  EXPECT_TRUE(b.hub.peers(foyer).empty());
  EXPECT_THAT(b.notes().events, testing::Contains("wrong password stage A"));
  EXPECT_THAT(a.notes().events, testing::Contains("wrong password foyer B"));
}

TEST_F(HubRoomsTest, AHandshakeWithoutAnAnswerEnds) {
  a.hub.join(pair.now, {stage, ""});
  pair.connect();
  pair.advance(9'999ms);
  EXPECT_TRUE(a.notes().drops.empty());
  pair.advance(1ms);
  EXPECT_THAT(a.notes().drops, ElementsAre("a handshake that timed out"));
  EXPECT_EQ(a.notes().take_events(), "idle B\n")
      << "nothing was heard, so a new connection may help";
}

TEST_F(HubRoomsTest, AConnectionWithoutAWordIsGivenUp) {
  a.hub.join(pair.now, {stage, ""});
  pair.connect();
  pair.advance(3'999ms);
  EXPECT_EQ(a.notes().take_events(), "");
  pair.advance(1ms);
  EXPECT_EQ(a.notes().take_events(), "idle B\n");
}

TEST_F(HubRoomsTest, AConnectionWithAWordIsKept) {
  a.hub.join(pair.now, {stage, ""});
  b.hub.join(pair.now, {foyer, ""});
  pair.connect();
  pair.advance(60s);
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubRoomsTest, NothingIsDeliveredBeforeTheHandshakeIsOver) {
  pair.join(stage);
  pair.connect();
  a.hub.handle_frame(pair.now, b.id, text_message(stage, "x", "too early"));
  EXPECT_EQ(a.notes().drops.size(), 1U);
  pair.run();
  EXPECT_TRUE(a.notes().messages.empty());
  EXPECT_EQ(a.notes().take_events(), "join stage B\n");
}

TEST_F(HubRoomsTest, LeavingTellsThePeersAndEndsWithThePresence) {
  meet();
  a.hub.leave(pair.now, stage, 5s);
  EXPECT_THAT(actions_in(pair.a_to_b), ElementsAre("@_leave"));
  EXPECT_TRUE(a.hub.peers(stage).empty());
  EXPECT_TRUE(a.hub.is_joined(stage));
  b.hub.handle_frame(pair.now, a.id, pair.a_to_b.take());
  EXPECT_EQ(b.notes().take_events(), "leave stage A: left the room\n");
  pair.advance(98ms);
  EXPECT_EQ(a.notes().take_events(), "");
  pair.now += 1ms;
  a.hub.handle_timeout(pair.now);
  EXPECT_THAT(actions_in(pair.a_to_b), ElementsAre("-"));
  EXPECT_EQ(a.notes().take_events(), "left stage\n");
  EXPECT_FALSE(a.hub.is_joined(stage));
}

TEST_F(HubRoomsTest, LeavingDrainsWhatIsQueuedFirst) {
  meet();
  ASSERT_TRUE(a.hub.send(pair.now, stage, "file", Bytes(1'000'000), {}));
  a.hub.leave(pair.now, stage, 5s);
  EXPECT_EQ(a.hub.send(pair.now, stage, "x", "y", {}).error().kind, ErrorKind::closed);
  pair.advance(1s);
  EXPECT_EQ(b.notes().messages.size(), 1U);
  EXPECT_EQ(b.notes().take_events(), "leave stage A: left the room\n");
  EXPECT_EQ(a.notes().take_events(), "left stage\n");
}

TEST_F(HubRoomsTest, LeavingWaitsOnlySoLongForASlowPeer) {
  meet();
  const auto id = a.hub.send(pair.now, stage, "file", Bytes(1'000'000), {});
  a.hub.leave(pair.now, stage, 5s);
  pair.now += 5s;
  a.hub.handle_timeout(pair.now);
  EXPECT_THAT(a.notes().sent, ElementsAre(*id));
  EXPECT_EQ(count_frames("@_leave"), 1U);
  pair.now += 99ms;
  a.hub.handle_timeout(pair.now);
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleft stage\n");
}

TEST_F(HubRoomsTest, LeavingWaitsForTheConnectionUnlessAnotherRoomKeepsIt) {
  for (const bool shared : {false, true}) {
    meet();
    if (shared) {
      pair.join(foyer);
      pair.run();
    }
    pair.a_to_b.buffered = 1;
    a.hub.leave(pair.now, stage, 5s);
    pair.now += 99ms;
    a.hub.handle_timeout(pair.now);
    EXPECT_EQ(a.hub.is_joined(stage), !shared);
    pair.a_to_b = Pipe();
    pair.advance(20ms);
    EXPECT_FALSE(a.hub.is_joined(stage));
    b.hub.link_down(pair.now, a.id, "next");
    b.hub.leave(pair.now, stage, 0s);
    pair.advance(1s);
    a.notes().events.clear();
    b.notes().events.clear();
  }
}

TEST_F(HubRoomsTest, LeavingEndsWhenThePeersGoFirst) {
  meet();
  ASSERT_TRUE(a.hub.send(pair.now, stage, "file", Bytes(1'000'000), {}));
  a.hub.leave(pair.now, stage, 5s);
  a.hub.link_down(pair.now, b.id, "gone");
  pair.now += 99ms;
  a.hub.handle_timeout(pair.now);
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleft stage\n");
}

TEST_F(HubRoomsTest, WhatComesWhileLeavingIsIgnored) {
  meet();
  ASSERT_TRUE(a.hub.send(pair.now, stage, "file", Bytes(1'000'000), {}));
  a.hub.leave(pair.now, stage, 5s);
  ASSERT_TRUE(b.hub.send(pair.now, stage, "x", "to one who drains", {}));
  a.hub.handle_frame(pair.now, b.id, pair.b_to_a.take());
  pair.run();
  ASSERT_FALSE(b.hub.send(pair.now, foyer, "x", "y", {}));
  a.hub.handle_frame(pair.now, b.id, text_message(stage, "x", "to one who left"));
  EXPECT_TRUE(a.notes().messages.empty());
}

TEST_F(HubRoomsTest, WhatComesRightAfterLeavingIsNothingToSpeakOf) {
  meet();
  pair.join(foyer);
  pair.run();
  a.hub.leave(pair.now, stage, 0s);
  a.hub.handle_frame(pair.now, b.id, text_message(stage, "x", "to one who left"));
  b.hub.leave(pair.now, foyer, 0s);
  a.hub.handle_frame(pair.now, b.id, pair.b_to_a.take());
  pair.now += 99ms;  // As long as Trystero's leave() lets its app go on sending.
  a.hub.handle_frame(pair.now, b.id, text_message(foyer, "x", "from one who left"));
  EXPECT_TRUE(a.notes().drops.empty());
  EXPECT_TRUE(a.notes().messages.empty());
  pair.now += 10s;
  a.hub.handle_frame(pair.now, b.id, text_message(foyer, "x", "much later"));
  EXPECT_EQ(a.notes().drops.size(), 1U);
}

TEST_F(HubRoomsTest, APeerMayLeaveAndComeBackOverTheSameLink) {
  for (const std::string password : {"", "sesame"}) {
    meet(password);
    for (Node* who : {&a, &b, &a}) {
      who->hub.leave(pair.now, stage, 1s);
      pair.advance(99ms);
      who->hub.join(pair.now, {stage, password});
      pair.run();
      EXPECT_THAT(a.hub.peers(stage), ElementsAre(b.id));
      EXPECT_THAT(b.hub.peers(stage), ElementsAre(a.id));
    }
    ASSERT_TRUE(a.hub.send(pair.now, stage, "x", "back", {}));
    pair.run();
    EXPECT_THAT(b.notes().take_texts(), ElementsAre("x 'back'"));
    pair.advance(11s);
    EXPECT_TRUE(a.notes().drops.empty());
    for (Node* who : {&a, &b})
      who->hub.leave(pair.now, stage, 0s);
    pair.advance(100ms);
    a.notes().events.clear();
    b.notes().events.clear();
  }
}

/// The peer hears an announcement of ours that is older than our leaving, and attaches again.
TEST_F(HubRoomsTest, AHandshakeThatCrossedOurLeavingCountsWhenWeComeBack) {
  for (const std::string password : {"", "sesame"}) {
    meet(password);
    a.hub.leave(pair.now, stage, 0s);
    pair.run();
    b.hub.attach(pair.now, stage, a.id);
    pair.run();
    pair.now += 99ms;
    a.hub.handle_timeout(pair.now);
    // Trystero takes no notice of presence that ends.
    pair.a_to_b.take();
    a.hub.join(pair.now, {stage, password});
    pair.run();
    EXPECT_THAT(a.hub.peers(stage), ElementsAre(b.id));
    EXPECT_THAT(b.hub.peers(stage), ElementsAre(a.id));
    for (Node* who : {&a, &b})
      who->hub.leave(pair.now, stage, 0s);
    pair.advance(100ms);
    a.notes().events.clear();
    b.notes().events.clear();
  }
}

/// The other way round: a challenge of ours waits at the peer until it comes back.
TEST_F(HubRoomsTest, AnEarlierChallengeMayBeAnswered) {
  meet("sesame");
  b.hub.leave(pair.now, stage, 0s);
  const Bytes leave_frame = pair.b_to_a.take();
  a.hub.handle_frame(pair.now, b.id, leave_frame);
  a.hub.attach(pair.now, stage, b.id);
  ASSERT_THAT(actions_in(pair.a_to_b), ElementsAre("@_hsdata"));
  pair.advance(99ms);
  b.hub.join(pair.now, {stage, "sesame"});
  pair.run();
  EXPECT_THAT(a.hub.peers(stage), ElementsAre(b.id));
  EXPECT_THAT(b.hub.peers(stage), ElementsAre(a.id));
}

TEST_F(HubRoomsTest, PresenceThatEndsIsALeaveToo) {
  meet();
  a.hub.handle_frame(pair.now, b.id, presence(stage, false));
  EXPECT_EQ(a.notes().take_events(), "leave stage B: left the room\n");
}

TEST_F(HubRoomsTest, MessagesOfAnEarlierStayAreNotMixedIn) {
  meet();
  const std::string half(16348, 'x');
  const Chunk first{"x", 0, {false, false, false, false}, 128, as_bytes(half)};
  a.hub.handle_frame(pair.now, b.id, data(stage, first));
  a.hub.handle_frame(pair.now, b.id, text_message(stage, "@_leave", ""));
  a.hub.handle_frame(pair.now, b.id, presence(stage, true));
  a.hub.handle_frame(pair.now, b.id, text_message(stage, "@_hsready", ""));
  a.hub.handle_frame(pair.now, b.id, text_message(stage, "x", "new"));
  EXPECT_THAT(a.notes().take_texts(), ElementsAre("x 'new'"));
}

TEST_F(HubRoomsTest, ADestroyedHubSendsNothing) {
  Pipe pipe;
  {
    Node gone("C");
    gone.hub.join(pair.now, {stage, ""});
    gone.hub.link_up(pair.now, b.id, pipe, stage);
    ASSERT_THAT(actions_in(pipe), ElementsAre("+", "@_hsready"));
  }
  EXPECT_EQ(pipe.frames.size(), 2U);
}

}  // namespace
}  // namespace roomwire::room
