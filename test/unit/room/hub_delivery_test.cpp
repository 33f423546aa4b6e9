// Whether what was sent has arrived, and that it is said when it may not have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room/hub.hpp"
#include "room/hub_world.hpp"

namespace roomwire::room {
namespace {

using testing::HasSubstr;

class HubDeliveryTest : public testing::Test {
 protected:
  void SetUp() override {
    pair.join(stage);
    pair.connect();
    pair.run();
    a.notes().take_events();
  }
  void send(Payload payload = "hello") {
    ASSERT_TRUE(a.hub.send(pair.now, stage, "x", std::move(payload), {}));
  }
  void lose() { a.hub.link_down(pair.now, b.id, "lost"); }

  Node a{"A"};
  Node b{"B", {}, 2};
  Pair pair{a, b};
};

TEST_F(HubDeliveryTest, APeerThatDiesWithAMessageUnderWayDidNotGetIt) {
  send();
  lose();
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleave stage B: lost\n");
}

TEST_F(HubDeliveryTest, APeerThatDiesAfterTheMessageCameLostNothing) {
  send();
  pair.run();
  lose();
  EXPECT_EQ(a.notes().take_events(), "leave stage B: lost\n");
}

TEST_F(HubDeliveryTest, WhatStillWaitsInTheQueueIsLostToo) {
  send(Bytes(500'000, 7));
  lose();
  EXPECT_THAT(a.notes().take_events(), HasSubstr("undelivered B\n"));
}

TEST_F(HubDeliveryTest, AConnectionThatTakesNothingAnyMoreLosesWhatIsSent) {
  pair.a_to_b.open = false;
  send();
  lose();
  EXPECT_THAT(a.notes().take_events(), HasSubstr("undelivered B\n"));
}

TEST_F(HubDeliveryTest, AnAnswerOfItsOwnIsNoMessageThatCouldBeLost) {
  send();
  pair.run();
  ASSERT_TRUE(b.hub.ping(pair.now, stage, a.id));
  a.hub.handle_frame(pair.now, b.id, pair.b_to_a.take());
  ASSERT_EQ(actions_in(pair.a_to_b), std::vector<std::string>{"@_pong"});
  lose();
  EXPECT_EQ(a.notes().take_events(), "leave stage B: lost\n");
}

TEST_F(HubDeliveryTest, APeerThatLeavesByItselfLosesNothing) {
  send();
  b.hub.leave(pair.now, stage, 0s);
  a.hub.handle_frame(pair.now, b.id, pair.b_to_a.take());
  lose();
  EXPECT_EQ(a.notes().take_events(), "leave stage B: left the room\n");
}

TEST_F(HubDeliveryTest, NorDoesOneThatLeavesWhileWeDo) {
  send();
  a.hub.leave(pair.now, stage, 5s);
  b.hub.leave(pair.now, stage, 0s);
  a.hub.handle_frame(pair.now, b.id, pair.b_to_a.take());
  lose();
  pair.a_to_b = Pipe();
  pair.advance(10s);
  EXPECT_EQ(a.notes().take_events(), "left stage\n");
}

TEST_F(HubDeliveryTest, LeavingWaitsForTheAcknowledgement) {
  send();
  a.hub.leave(pair.now, stage, 5s);
  pair.advance(1s);
  EXPECT_EQ(a.notes().take_events(), "left stage\n");
  lose();
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubDeliveryTest, APeerThatDiesWhileWeLeaveDidNotGetIt) {
  send();
  a.hub.leave(pair.now, stage, 5s);
  lose();
  EXPECT_EQ(a.notes().take_events(), "undelivered B\n");
}

TEST_F(HubDeliveryTest, WhoHasNotAcknowledgedWhenTheDrainIsOverIsNamedOnce) {
  send();
  a.hub.leave(pair.now, stage, 1s);
  for (Time end = pair.now + 2s; pair.now < end; pair.now += 10ms)
    a.hub.handle_timeout(pair.now);
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleft stage\n");
  lose();
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubDeliveryTest, SoIsWhoDidNotEvenGetAllOfIt) {
  send(Bytes(500'000, 7));
  a.hub.leave(pair.now, stage, 1s);
  for (Time end = pair.now + 2s; pair.now < end; pair.now += 10ms)
    a.hub.handle_timeout(pair.now);
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleft stage\n");
}

// Its machine acknowledges what its program, busy with other things, loses when we go at once.
TEST_F(HubDeliveryTest, LeavingWaitsUntilThePeersProgramHasTakenEverything) {
  send();
  a.hub.leave(pair.now, stage, 5s);
  ASSERT_EQ(actions_in(pair.a_to_b), (std::vector<std::string>{"x", "@_ping"}));
  const Bytes message = pair.a_to_b.take();
  const Bytes ping = pair.a_to_b.take();
  pair.now += 2s;
  a.hub.handle_timeout(pair.now);
  EXPECT_TRUE(pair.a_to_b.frames.empty());
  b.hub.handle_frame(pair.now, a.id, message);
  b.hub.handle_frame(pair.now, a.id, ping);
  a.hub.handle_frame(pair.now, b.id, pair.b_to_a.take());
  EXPECT_EQ(actions_in(pair.a_to_b), std::vector<std::string>{"@_leave"});
  pair.advance(1s);
  EXPECT_EQ(a.notes().take_events(), "left stage\n");
}

TEST_F(HubDeliveryTest, WhoTookItInButNeverAnsweredIsNamedOnce) {
  send();
  a.hub.leave(pair.now, stage, 5s);
  pair.a_to_b = Pipe();
  pair.advance(4s);
  EXPECT_EQ(a.notes().take_events(), "");
  pair.advance(2s);
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleft stage\n");
}

TEST_F(HubDeliveryTest, SoIsWhoDiesBeforeItsProgramAnswers) {
  send();
  a.hub.leave(pair.now, stage, 5s);
  pair.a_to_b = Pipe();
  lose();
  EXPECT_EQ(a.notes().take_events(), "undelivered B\n");
}

TEST_F(HubDeliveryTest, WhoWasSentNothingIsNotWaitedFor) {
  a.hub.leave(pair.now, stage, 5s);
  EXPECT_EQ(actions_in(pair.a_to_b), std::vector<std::string>{"@_leave"});
}

TEST_F(HubDeliveryTest, NobodyIsWaitedForWithoutADrain) {
  send();
  a.hub.leave(pair.now, stage, 0s);
  EXPECT_EQ(actions_in(pair.a_to_b), (std::vector<std::string>{"x", "@_leave"}));
}

TEST_F(HubDeliveryTest, TwoThatLeaveAtOnceAnswerEachOther) {
  send();
  ASSERT_TRUE(b.hub.send(pair.now, stage, "x", "and you", {}));
  b.notes().take_events();
  a.hub.leave(pair.now, stage, 5s);
  b.hub.leave(pair.now, stage, 5s);
  pair.advance(1s);
  EXPECT_EQ(a.notes().take_events(), "left stage\n");
  EXPECT_EQ(b.notes().take_events(), "left stage\n");
}

TEST_F(HubDeliveryTest, AnotherRoomKeepsTheConnection) {
  pair.join(foyer);
  pair.run();
  a.notes().take_events();
  send();
  a.hub.leave(pair.now, stage, 1s);
  for (Time end = pair.now + 2s; pair.now < end; pair.now += 10ms)
    a.hub.handle_timeout(pair.now);
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleft stage\n");
  lose();
  EXPECT_EQ(a.notes().take_events(), "leave foyer B: lost\n");
}

}  // namespace
}  // namespace roomwire::room
