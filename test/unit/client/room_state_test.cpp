// What the callbacks of a room are told, and when: the events of the mesh are the test's.
#include "client/room_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/context_state.hpp"

namespace roomwire::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const RoomId stage("stage");
const PeerId ada("Ada");
const PeerId bob("Bob");

class RoomStateTest : public testing::Test {
 protected:
  void SetUp() override {
    ContextOptions options;
    options.relays = {RelayUrl::parse("ws://127.0.0.1:9").value()};
    options.ice_servers.emplace();
    options.ice_interfaces = {"127.0.0.1"};
    auto created = ContextState::create(options);
    ASSERT_TRUE(created) << created.error().message;
    context = std::move(*created);
    room = std::make_shared<RoomState>(*context, AppId("app"), stage);
  }
  void join(const PeerId& peer) {
    mesh::PeerJoined event{stage, peer};
    room->handle(event);
  }
  void leave(const PeerId& peer) {
    mesh::PeerLeft event{stage, peer, "left"};
    room->handle(event);
  }
  void receive(const std::string& text, const std::string& action = "x") {
    mesh::MessageReceived event{stage, ada, action, text, {}};
    room->handle(event);
  }
  void monitor() {
    room->set_on_unclaimed([this](const std::string& action, const Message& message) {
      told.push_back(action + ":" + std::get<std::string>(message.payload));
    });
  }
  void listen() {
    room->set_on_join([this](const PeerId& peer) { told.push_back("+" + peer.str()); });
    room->set_on_leave(
        [this](const PeerId& peer, const std::string&) { told.push_back("-" + peer.str()); });
  }
  /// Lets come what was set for later.
  void settle() {
    context->after(5ms, [this] { context->runtime().loop().stop(); });
    context->runtime().loop().run();
  }

  std::unique_ptr<ContextState> context;
  std::shared_ptr<RoomState> room;
  std::vector<std::string> told;
};

TEST_F(RoomStateTest, ALateListenerIsToldOnceOfEachWhoIsThere) {
  join(ada);
  join(bob);
  listen();
  EXPECT_THAT(told, IsEmpty()) << "not from within the call";
  settle();
  EXPECT_THAT(told, ElementsAre("+Ada", "+Bob"));
}

TEST_F(RoomStateTest, WhoComesBeforeTheTellingIsToldOnceToo) {
  join(ada);
  listen();
  join(bob);
  settle();
  EXPECT_THAT(told, testing::UnorderedElementsAre("+Ada", "+Bob"));
}

TEST_F(RoomStateTest, WhoGoesBeforeTheTellingIsNotToldOf) {
  join(ada);
  join(bob);
  listen();
  leave(ada);
  settle();
  EXPECT_THAT(told, ElementsAre("+Bob"));
  leave(bob);
  EXPECT_THAT(told, ElementsAre("+Bob", "-Bob"));
}

TEST_F(RoomStateTest, WhoComesBackBeforeTheTellingIsToldOnce) {
  join(ada);
  listen();
  leave(ada);
  join(ada);
  settle();
  EXPECT_THAT(told, ElementsAre("+Ada"));
}

TEST_F(RoomStateTest, ALaterListenerIsToldOfAllAndAnEarlierOnesPeerIsSaidToLeave) {
  listen();
  join(ada);
  join(bob);
  told.clear();
  listen();
  leave(bob);
  settle();
  EXPECT_THAT(told, ElementsAre("-Bob", "+Ada"));
}

TEST_F(RoomStateTest, AListenerMayReplaceItselfAndLeave) {
  join(ada);
  join(bob);
  room->set_on_join([this](const PeerId&) { listen(); });
  settle();
  EXPECT_THAT(told, ElementsAre("+Ada", "+Bob"));
  room->set_on_join([this](const PeerId& peer) {
    told.push_back("*" + peer.str());
    room->set_on_join({});
  });
  settle();
  EXPECT_THAT(told, ElementsAre("+Ada", "+Bob", "*Ada"));
}

TEST_F(RoomStateTest, WithoutAListenerForJoinersLeavingIsTold) {
  room->set_on_leave(
      [this](const PeerId& peer, const std::string&) { told.push_back(peer.str()); });
  join(ada);
  leave(ada);
  EXPECT_THAT(told, ElementsAre("Ada"));
}

TEST_F(RoomStateTest, EarlyMessagesComeBeforeLaterOnes) {
  receive("1");
  receive("2");
  const auto action = room->action("x");
  action->set_on_message(
      [this](const Message& message) { told.push_back(std::get<std::string>(message.payload)); });
  EXPECT_THAT(told, IsEmpty()) << "not from within the call";
  receive("3");
  settle();
  receive("4");
  EXPECT_THAT(told, ElementsAre("1", "2", "3", "4"));
}

TEST_F(RoomStateTest, WhatNobodyListensToIsUnclaimed) {
  const auto action = room->action("x");
  action->set_on_message(
      [this](const Message& message) { told.push_back(std::get<std::string>(message.payload)); });
  room->action("made, but without a listener");
  monitor();
  settle();
  receive("1");
  receive("2", "y");
  receive("3", "made, but without a listener");
  EXPECT_THAT(told, ElementsAre("1", "y:2", "made, but without a listener:3"));
}

TEST_F(RoomStateTest, WhatWaitedForAListenerIsUnclaimedFirst) {
  receive("1");
  receive("2");
  monitor();
  EXPECT_THAT(told, IsEmpty()) << "not from within the call";
  receive("3", "y");
  settle();
  EXPECT_THAT(told, ElementsAre("x:1", "x:2", "y:3"));
  room->action("x")->set_on_message([this](const Message&) { told.emplace_back("too late"); });
  settle();
  EXPECT_EQ(told.size(), 3U) << "nothing is kept of what was told";
}

TEST_F(RoomStateTest, WhatAListenerIsAboutToGetIsNotUnclaimed) {
  receive("1");
  room->action("x")->set_on_message(
      [this](const Message& message) { told.push_back(std::get<std::string>(message.payload)); });
  monitor();
  receive("2", "y");
  settle();
  EXPECT_THAT(told, ElementsAre("y:2", "1"));
}

TEST_F(RoomStateTest, NothingIsDroppedOfTheUnclaimedHoweverMuchComes) {
  std::size_t bytes = 0;
  room->set_on_unclaimed(
      [&bytes](const std::string&, const Message& message) { bytes += size_of(message.payload); });
  for (int i = 0; i < 40; ++i)
    receive(std::string(100'000, 'x'));
  EXPECT_EQ(bytes, 4'000'000U);
  EXPECT_EQ(context->stats().dropped, 0U);
}

TEST_F(RoomStateTest, WithoutItAgainMessagesWait) {
  monitor();
  settle();
  room->set_on_unclaimed({});
  receive("1");
  settle();
  EXPECT_THAT(told, IsEmpty());
  room->action("x")->set_on_message(
      [this](const Message& message) { told.push_back(std::get<std::string>(message.payload)); });
  settle();
  EXPECT_THAT(told, ElementsAre("1"));
}

TEST_F(RoomStateTest, AnUnclaimedMessageMayFindItsAction) {
  receive("1");
  room->set_on_unclaimed([this](const std::string& action, const Message& message) {
    told.push_back(action + ":" + std::get<std::string>(message.payload));
    room->action(action)->set_on_message(
        [this](const Message& later) { told.push_back(std::get<std::string>(later.payload)); });
    room->set_on_unclaimed({});
  });
  settle();
  receive("2");
  EXPECT_THAT(told, ElementsAre("x:1", "2"));
}

}  // namespace
}  // namespace roomwire::client
