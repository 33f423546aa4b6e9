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
    options.relays = {{RelayUrl::Kind::nostr, "ws://127.0.0.1:9"}};
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
  void receive(const std::string& text) {
    mesh::MessageReceived event{stage, ada, "x", text, {}};
    room->handle(event);
  }
  void listen() {
    room->set_on_join([this](const PeerId& peer) { told.push_back("+" + peer.str()); });
    room->on_leave.set(
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
  room->on_leave.set(
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

}  // namespace
}  // namespace roomwire::client
