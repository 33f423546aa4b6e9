// The public interface of one process, alone: a real loop and real sockets on loopback, with no
// relay that answers and no peer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <roomwire/roomwire.hpp>
#include <set>
#include <utility>

#include "client/client_fixture.hpp"

namespace roomwire {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

Error creation_error(const ContextOptions& options) {
  const auto created = Context::create(options);
  if (created) ADD_FAILURE() << "was created";
  return created ? Error{} : created.error();
}

TEST_F(ClientTest, OneContextAtATime) {
  start();
  EXPECT_EQ(creation_error(options()).kind, ErrorKind::unavailable);
  const PeerId first = context->self_id();
  context.reset();
  start();
  EXPECT_NE(context->self_id(), first);
  const auto room = join();  // It is a whole one.
  EXPECT_TRUE(room);
}

TEST_F(ClientTest, AFailedCreationIsNotInTheWayOfTheNext) {
  ContextOptions bad = options();
  bad.ice_interfaces = {"nosuchif0", "127.0.0.1", "nosuchif1"};
  const Error error = creation_error(bad);
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("nosuchif0, nosuchif1"));
  start();
}

TEST_F(ClientTest, TheChosenUdpPortIsThatOneOrNone) {
  const TakenPort taken{SOCK_DGRAM};
  ContextOptions chosen = options();
  chosen.ice_port = taken.port();
  const Error error = creation_error(chosen);
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_EQ(error.code, ErrorCode::address_in_use);
  EXPECT_EQ(error.option, "ice_port");
  EXPECT_THAT(error.message, HasSubstr(std::to_string(taken.port())));
}

TEST_F(ClientTest, OptionsThatMakeNoSenseAreNamed) {
  const auto expect_named = [&](const ContextOptions& bad, const std::string& option,
                                const std::string& value, ErrorCode code = ErrorCode::bad_option) {
    const Error error = creation_error(bad);
    EXPECT_EQ(error.kind, ErrorKind::invalid_input) << error.message;
    EXPECT_EQ(error.code, code) << error.message;
    EXPECT_EQ(error.option, option);
    EXPECT_THAT(error.message, HasSubstr(value));
  };
  for (const std::string url : {"http://x", "stun:", "stun:host:0", "stun:host:70000", "stun:[::1",
                                "stun:[::1]1", "stun:host:", "stun:a/b", "stun:a b", ""}) {
    ContextOptions bad = options();
    bad.ice_servers = {{"stun:127.0.0.1:3478"}, {url}};
    expect_named(bad, "ice_servers", "'" + url + "'");
  }
  ContextOptions turn = options();
  turn.ice_servers = {{"turn:relay.example:3478", "user", "secret"}};
  expect_named(turn, "ice_servers", "TURN is not supported yet", ErrorCode::not_supported);
  ContextOptions set = options();
  set.relay_set = "9.9.9";
  expect_named(set, "relay_set", "9.9.9");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1023}, (std::size_t{1} << 30) + 1}) {
    ContextOptions bad = options();
    bad.max_message_bytes = size;
    expect_named(bad, "max_message_bytes", "largest message");
  }
  start();
}

TEST_F(ClientTest, ItsIdSortsBehindThoseOfBrowsers) {
  start();
  EXPECT_THAT(context->self_id().str(), SizeIs(20));
  EXPECT_THAT(context->self_id().str(), StartsWith("zzzz"));
}

TEST_F(ClientTest, RoomsThatMakeNoSenseAreNotJoined) {
  start();
  RoomOptions no_room = room_options("");
  RoomOptions no_app = room_options("stage");
  no_app.app = AppId();
  RoomOptions no_text = room_options("\xff");
  RoomOptions no_password = room_options("stage");
  no_password.password = "\xc3";
  for (const RoomOptions& bad : {no_room, no_app, no_text, no_password}) {
    const auto joined = context->join(bad);
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().kind, ErrorKind::invalid_input);
  }
}

TEST_F(ClientTest, ARoomIsJoinedOnce) {
  start();
  const auto room = join();
  const auto again = context->join(room_options("stage"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::rejected);
  EXPECT_EQ(room->id(), RoomId("stage"));
  EXPECT_EQ(room->app(), AppId("test"));
  EXPECT_THAT(room->peers(), IsEmpty());
  EXPECT_EQ(room->path(nobody), std::nullopt);
  RoomOptions same_name = room_options("stage");
  same_name.app = AppId("other");
  EXPECT_TRUE(context->join(same_name));
  EXPECT_TRUE(join("another"));
}

TEST_F(ClientTest, ActionNames) {
  start();
  const auto room = join();
  for (const std::string& good : {std::string("a"), std::string(32, 'n'), std::string("@"),
                                  std::string("ünï 🎛"), std::string("_@_")}) {
    const auto action = room->action(good);
    ASSERT_TRUE(action) << good;
    EXPECT_EQ(action->name(), good);
  }
  for (const std::string& bad : {std::string(), std::string(33, 'n'), std::string("@_ping"),
                                 std::string("@_"), std::string("\xff"), std::string("a\0b", 3)}) {
    const auto action = room->action(bad);
    ASSERT_FALSE(action) << bad;
    EXPECT_EQ(action.error().kind, ErrorKind::invalid_input);
  }
}

TEST_F(ClientTest, LeavingIsDoneOnceAndTheRoomCanBeJoinedAgain) {
  start();
  auto room = join();
  int done = 0;
  std::unique_ptr<Room> again;
  room->leave([&] {
    ++done;
    again = join();
    context->stop();
  });
  EXPECT_EQ(done, 0);
  const auto too_early = context->join(room_options("stage"));
  ASSERT_FALSE(too_early);
  EXPECT_EQ(too_early.error().kind, ErrorKind::rejected);
  context->run();
  EXPECT_TRUE(again);
  room.reset();  // It was left: this changes nothing for the new one.
  settle();
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(again->action("a")->send("x"));
  // The new room can be left as the first one was.
  again->leave([&] {
    ++done;
    context->stop();
  });
  context->run();
  EXPECT_EQ(done, 2);
}

TEST_F(ClientTest, ASecondLeaveIsDoneAtOnceAndTheFirstAsEver) {
  start();
  auto room = join();
  std::vector<int> done;
  room->leave([&] {
    done.push_back(1);
    context->stop();
  });
  room->leave([&] { done.push_back(2); });
  EXPECT_THAT(done, ElementsAre(2));
  room->leave();
  context->run();
  EXPECT_THAT(done, ElementsAre(2, 1));
}

TEST_F(ClientTest, ARoomMayBeDestroyedWhileItLeaves) {
  start();
  auto room = join();
  room->leave([&] { context->stop(); });
  room.reset();
  context->run();
  EXPECT_TRUE(join());
}

TEST_F(ClientTest, ARoomMayBeDestroyedInItsOwnCallback) {
  start();
  auto room = join();
  const auto action = room->action("a");
  SendOptions send;
  int sent = 0;
  send.on_sent = [&, kept = std::string(100, 'k')] {
    ++sent;
    room.reset();
    EXPECT_EQ(kept, std::string(100, 'k'));
    rejoin(room);
  };
  ASSERT_TRUE(Action(*action).send("x", send));
  context->run();
  EXPECT_EQ(sent, 1);
  EXPECT_TRUE(room);
}

TEST_F(ClientTest, ARoomMayBeLeftInItsOwnCallbackAndDestroyedInTheLast) {
  start();
  auto room = join();
  SendOptions send;
  send.on_sent = [&] {
    room->leave([&] {
      room.reset();
      context->stop();
    });
    EXPECT_THAT(room->peers(), IsEmpty());
  };
  ASSERT_TRUE(room->action("a")->send("x", send));
  context->run();
  EXPECT_FALSE(room);
}

TEST_F(ClientTest, ACallbackMayReplaceItselfWhileItRuns) {
  ContextOptions two = options();
  two.relays.push_back(RelayUrl::parse(relay_url + "/second", RelayUrl::Kind::ws_relay).value());
  start(two);
  std::vector<std::string> calls;
  const auto is_failure = [](const Status& status) {
    return std::holds_alternative<RelayFailed>(status);
  };
  context->on_status([&, name = std::string(100, '1')](const Status& status) {
    if (!is_failure(status)) return;
    context->on_status([&](const Status& next) {
      if (!is_failure(next)) return;
      calls.emplace_back("2");
      context->on_status({});
      context->stop();
    });
    calls.push_back(name);
  });
  const auto room = join();
  context->run();
  EXPECT_THAT(calls, ElementsAre(std::string(100, '1'), "2"));
}

TEST_F(ClientTest, ARelayThatRefusesIsReported) {
  start();
  std::optional<RelayFailed> failed;
  context->on_status([&](const Status& status) {
    const auto* failure = std::get_if<RelayFailed>(&status);
    if (failure == nullptr) return;
    failed = *failure;
    context->stop();
  });
  const auto room = join();
  EXPECT_FALSE(failed);  // Not from within join().
  context->run();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->url, relay_url);
  EXPECT_FALSE(failed->was_connected);
  EXPECT_THAT(failed->reason, HasSubstr("refused"));
  EXPECT_EQ(failed->code, ErrorCode::connection_refused);
  EXPECT_GT(failed->retry_in, 0ms);
  EXPECT_LE(failed->retry_in, 75s);
}

TEST_F(ClientTest, FurtherRelaysAreAskedBesideTheOthers) {
  ContextOptions with_further = options();
  with_further.further_relays = {RelayUrl::parse(relay_url).value()};
  start(with_further);
  std::set<RelayUrl::Kind> asked;
  context->on_status([&](const Status& status) {
    if (const auto* failed = std::get_if<RelayFailed>(&status)) asked.insert(failed->kind);
    if (asked.size() == 2) context->stop();
  });
  const auto room = join();
  context->run();
  EXPECT_EQ(asked.size(), 2U);
}

TEST_F(ClientTest, SendingToNobodySucceeds) {
  start();
  const auto room = join();
  auto action = *room->action("a");
  int sent = 0;
  SendOptions options;
  options.on_sent = [&] {
    ++sent;
    context->stop();
  };
  options.on_progress = [](const Progress&) { ADD_FAILURE() << "to whom?"; };
  ASSERT_TRUE(action.send(Bytes(1000, 7), options));
  EXPECT_EQ(sent, 0);  // Not from within send().
  context->run();
  settle();
  EXPECT_EQ(sent, 1);
  EXPECT_EQ(context->stats().messages_sent, 0U);
  EXPECT_EQ(context->stats().bytes_sent, 0U);
}

TEST_F(ClientTest, ATargetThatIsNotThereIsSkipped) {
  start();
  const auto room = join();
  SendOptions options;
  options.to = {nobody};
  options.on_sent = [&] { context->stop(); };
  ASSERT_TRUE(room->action("a")->send("x", options));
  context->run();
  EXPECT_EQ(context->stats().messages_sent, 0U);
  EXPECT_EQ(context->stats().bytes_sent, 0U);
}

TEST_F(ClientTest, RequestsAndPingsToNobodyFailWithClosed) {
  start();
  const auto room = join();
  std::vector<ErrorKind> errors;
  const auto note = [&](const auto& result) {
    ASSERT_FALSE(result);
    errors.push_back(result.error().kind);
    EXPECT_THAT(result.error().message, HasSubstr(nobody.str()));
    if (errors.size() >= 2) context->stop();
  };
  room->action("a")->request(nobody, "x", {}, note);
  room->ping(nobody, note);
  EXPECT_THAT(errors, IsEmpty());  // Not from within the calls.
  context->run();
  settle();
  EXPECT_THAT(errors, ElementsAre(ErrorKind::closed, ErrorKind::closed));
}

TEST_F(ClientTest, ActionsOfARoomThatIsGoneFailWithClosed) {
  start();
  auto left = join("left");
  auto destroyed = join("destroyed");
  std::vector<Action> actions = {*left->action("a"), *destroyed->action("a")};
  left->leave();
  destroyed.reset();
  std::vector<ErrorKind> errors;
  const auto note = [&](const auto& result) {
    ASSERT_FALSE(result);
    errors.push_back(result.error().kind);
  };
  actions.push_back(*left->action("made after it was left"));
  for (Action& action : actions) {
    note(action.send("x"));
    action.request(nobody, "x", {}, note);
    action.on_message([](const Message&) {});
    action.on_request([](const Message&, std::unique_ptr<Responder>) {});
    action.on_progress([](const Progress&) {});
  }
  left->ping(nobody, note);
  EXPECT_THAT(left->peers(), IsEmpty());
  EXPECT_EQ(left->path(nobody), std::nullopt);
  settle();
  EXPECT_THAT(errors, SizeIs(7));
  EXPECT_THAT(errors, Each(ErrorKind::closed));
}

}  // namespace
}  // namespace roomwire
