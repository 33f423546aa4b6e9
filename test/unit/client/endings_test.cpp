// Who goes first, and what "for ever" is: rooms, contexts, callbacks and times in every order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <roomwire/roomwire.hpp>
#include <stdexcept>

#include "client/client_fixture.hpp"

namespace roomwire {
namespace {

using testing::IsEmpty;

class EndingsTest : public ClientTest {
 protected:
  static void expect_left(Room& room, Action& action) {
    EXPECT_THAT(room.peers(), IsEmpty());
    EXPECT_THAT(room.unmet_peers(), IsEmpty());
    EXPECT_EQ(room.path(nobody), std::nullopt);
    EXPECT_EQ(room.software(nobody), "");
    EXPECT_EQ(room.id(), RoomId("stage"));
    room.on_peer_join([](const PeerId&) {});
    room.on_unclaimed([](const std::string&, const Message&) {});
    const auto sent = action.send("x");
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, ErrorKind::closed);
    int called = 0;
    const auto expect_closed = [&](const auto& result) {
      ++called;
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().kind, ErrorKind::closed);
    };
    room.ping(nobody, expect_closed);
    action.request(nobody, "x", {}, expect_closed);
    room.leave([&] { ++called; });
    EXPECT_EQ(called, 3);
  }
};

TEST_F(EndingsTest, ARoomMayOutliveItsContext) {
  start();
  auto room = join();
  auto action = *room->action("a");
  action.on_message([](const Message&) {});
  context.reset();
  expect_left(*room, action);
  room.reset();
}

TEST_F(EndingsTest, ARoomThatLeavesMayOutliveItsContext) {
  start();
  auto room = join();
  auto action = *room->action("a");
  room->leave([] { ADD_FAILURE() << "called after the end"; });
  context.reset();
  expect_left(*room, action);
}

TEST_F(EndingsTest, TasksAndCallbacksThatOwnARoomGoWithTheContext) {
  start();
  std::vector<std::weak_ptr<Room>> rooms;
  const auto make = [&](const std::string& name) {
    const std::shared_ptr<Room> room = join(name);
    rooms.push_back(room);
    return room;
  };
  context->post([room = make("posted")] {});
  context->post_after(1h, [room = make("later")] {});
  context->on_status([room = make("status")](const Status&) {});
  {
    const auto one = make("one");
    const auto other = make("other");
    SendOptions send;
    send.on_sent = [one] {};
    ASSERT_TRUE(one->action("a")->send("x", send));
    one->on_peer_join([one](const PeerId&) {});
    one->on_peer_leave([one](const PeerId&, const std::string&) {});
    one->on_unclaimed([other](const std::string&, const Message&) {});
    one->action("a")->on_message([one](const Message&) {});
    one->action("a")->on_progress([one](const Progress&) {});
    one->action("c")->on_request([one](const Message&, std::unique_ptr<Responder>) {});
    one->action("d")->on_message([action = *one->action("d")](const Message&) {});
    one->action("b")->on_message([other](const Message&) {});
    other->action("a")->on_message([one](const Message&) {});
  }
  context.reset();
  for (const auto& room : rooms)
    EXPECT_TRUE(room.expired());
}

TEST_F(EndingsTest, ACallbackThatThrowsEndsTheProgramWithItsWords) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto throw_in = [this](const auto& arrange) {
    start();
    arrange();
    context->run();
  };
  const auto fail = [] { throw std::runtime_error("the patch is not there"); };
  EXPECT_DEATH(throw_in([&] { context->post(fail); }), "the patch is not there");
  EXPECT_DEATH(throw_in([&] { context->post_after(0ms, fail); }), "the patch is not there");
  EXPECT_DEATH(throw_in([&] {
                 context->on_status([&](const Status&) { fail(); });
                 join().release();
               }),
               "the patch is not there");
}

TEST_F(EndingsTest, TheLongestTimeIsForEver) {
  constexpr auto for_ever = std::chrono::milliseconds::max();
  start();
  const auto unexpected = [] { ADD_FAILURE() << "for ever is over"; };
  context->post_after(for_ever, unexpected);
  context->post_after(for_ever - 1ms, unexpected);
  auto options = room_options("stage");
  options.handshake_timeout = for_ever;
  auto joined = context->join(options);
  ASSERT_TRUE(joined);
  RequestOptions request;
  request.timeout = for_ever;
  (*joined)->action("a")->request(nobody, "x", request, [](const auto&) {});
  settle();
  bool left = false;
  (*joined)->leave(
      [&] {
        left = true;
        context->stop();
      },
      for_ever);
  context->run();
  EXPECT_TRUE(left);
}

TEST_F(EndingsTest, ANegativeTimeIsNone) {
  start();
  context->post_after(std::chrono::milliseconds::min(), [this] { context->stop(); });
  context->run();
  auto room = join();
  room->leave([this] { context->stop(); }, std::chrono::milliseconds::min());
  context->run();
}

}  // namespace
}  // namespace roomwire
