// What a room's users notice: joining, messages, requests, leaving.
#include "room/hub.hpp"
#include "room/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room/hub_world.hpp"
#include "room/request.hpp"

namespace roomwire::room {
namespace {

using testing::ElementsAre;

class HubTest : public testing::Test {
 protected:
  /// Both in `stage`, active.
  void meet() {
    pair.join(stage);
    pair.connect();
    pair.run();
    a.notes().take_events();
    b.notes().take_events();
  }
  Result<SendId> send(std::string_view action, Payload payload, HubSendOptions options = {}) {
    return a.hub.send(pair.now, stage, action, std::move(payload), std::move(options));
  }

  Node a{"A"};
  Node b{"B", {}, 2};
  Pair pair{a, b};
};

TEST_F(HubTest, TwoPeersMeet) {
  pair.join(stage);
  EXPECT_TRUE(a.hub.is_joined(stage));
  pair.connect();
  EXPECT_THAT(actions_in(pair.a_to_b), ElementsAre("+", "@_hsready"));
  EXPECT_TRUE(a.hub.peers(stage).empty());
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "join stage B\n");
  EXPECT_EQ(b.notes().take_events(), "join stage A\n");
  EXPECT_THAT(a.hub.peers(stage), ElementsAre(b.id));
  EXPECT_FALSE(a.hub.next_timeout());
}

TEST_F(HubTest, EveryKindOfMessageArrivesAsWhatItWas) {
  meet();
  HubSendOptions options;
  options.metadata = json(R"({"b":1.0,"a":[]})");
  ASSERT_TRUE(send("text", "żółć 🎛"));
  ASSERT_TRUE(send("text", ""));
  ASSERT_TRUE(send("json", json(R"({"z":1e400,"a":[null,-0]})")));
  ASSERT_TRUE(send("bytes", Bytes{0, 255}));
  ASSERT_TRUE(send("bytes", Bytes{}));
  ASSERT_TRUE(send("text", "with metadata", options));
  ASSERT_TRUE(send("bytes", Bytes{}, options));
  pair.run();
  EXPECT_THAT(b.notes().take_texts(),
              ElementsAre("text 'żółć 🎛'", "text ''", R"(json {"z":1e400,"a":[null,-0]})",
                          "bytes 0x00ff", "bytes 0x", R"(text 'with metadata' {"b":1.0,"a":[]})",
                          R"(bytes 0x {"b":1.0,"a":[]})"));
  EXPECT_EQ(a.notes().sent.size(), 7U);
}

TEST_F(HubTest, ALargeMessageArrivesWholeAndTellsItsProgress) {
  meet();
  Bytes large(5'000'000);
  SeededEntropy(7).fill(large);
  HubSendOptions options;
  options.metadata = json("1");
  options.wants_progress = true;
  const auto id = send("file", large, options);
  ASSERT_TRUE(id);
  EXPECT_TRUE(a.notes().sent.empty());
  pair.run();
  EXPECT_THAT(a.notes().sent, ElementsAre(*id));
  ASSERT_EQ(b.notes().messages.size(), 1U);
  EXPECT_TRUE(b.notes().messages[0].payload == Payload(large));
  EXPECT_LE(pair.a_to_b.most_buffered, Outlet::low_mark + 16384 + 67);
  for (const auto& progress : {a.notes().sending[*id], b.notes().received["file"]}) {
    EXPECT_EQ(progress.size(), 307U);
    EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
    EXPECT_EQ(std::count(progress.begin(), progress.end(), 1.0), 1);
    EXPECT_EQ(progress.back(), 1);
  }
}

TEST_F(HubTest, AShortMessageDoesNotWaitBehindALargeOne) {
  meet();
  ASSERT_TRUE(send("file", Bytes(5'000'000)));
  ASSERT_TRUE(send("fader", "1"));
  ASSERT_TRUE(send("fader", "2"));
  ASSERT_TRUE(send("file", "after"));
  pair.run();
  EXPECT_EQ(b.notes().messages[0].action, "fader");
  EXPECT_EQ(b.notes().messages[1].payload, Payload("2"));
  EXPECT_EQ(b.notes().messages[2].action, "file");
  EXPECT_EQ(b.notes().messages[3].payload, Payload("after"));
  // At most the chunks that were buffered already, and one a message, came before the faders.
  EXPECT_LT(b.notes().received["fader"].size() + 8, b.notes().received["file"].size());
}

TEST_F(HubTest, ManyMessagesArriveInOrderAcrossTheWrapOfTheNonce) {
  meet();
  constexpr int count = 70'000;
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(send("n", json(std::to_string(i))));
    if (i % 100 == 99) pair.run();
  }
  pair.run();
  ASSERT_EQ(b.notes().messages.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const Payload& payload = b.notes().messages[static_cast<std::size_t>(i)].payload;
    ASSERT_EQ(std::get<Json>(payload).text(), std::to_string(i));
  }
}

TEST_F(HubTest, OnlyTargetsGetAMessageAndEachOnce) {
  meet();
  HubSendOptions nobody;
  nobody.to = {PeerId("not there")};
  const auto id = send("x", "lost", nobody);
  ASSERT_TRUE(id);
  EXPECT_THAT(a.notes().sent, ElementsAre(*id));
  nobody.to.emplace();
  ASSERT_TRUE(send("x", "lost as well", nobody));
  HubSendOptions twice;
  twice.to = {b.id, b.id};
  ASSERT_TRUE(send("x", "once", twice));
  pair.run();
  EXPECT_THAT(b.notes().take_texts(), ElementsAre("x 'once'"));
}

TEST_F(HubTest, SendingWithNobodyThereSucceedsAndOutsideARoomFails) {
  a.hub.join(pair.now, {stage, ""});
  const auto alone = send("x", "y");
  ASSERT_TRUE(alone);
  EXPECT_THAT(a.notes().sent, ElementsAre(*alone));
  EXPECT_EQ(a.hub.send(pair.now, foyer, "x", "y", {}).error().kind, ErrorKind::closed);
}

TEST_F(HubTest, MetadataThatNoChannelTakesIsRefused) {
  meet();
  HubSendOptions options;
  options.metadata = json("\"" + std::string(60'000, 'x') + "\"");
  EXPECT_EQ(send("x", "y", options).error().kind, ErrorKind::invalid_input);
}

TEST_F(HubTest, PingMeasuresTheWayThereAndBack) {
  meet();
  const auto ping = a.hub.ping(pair.now, stage, b.id);
  ASSERT_TRUE(ping);
  b.hub.handle_frame(pair.now, a.id, pair.a_to_b.take());
  pair.now += 7ms;
  pair.run();
  ASSERT_EQ(a.notes().pongs.size(), 1U);
  EXPECT_EQ(a.notes().pongs[0].first, *ping);
  EXPECT_EQ(a.notes().pongs[0].second, Result<Duration>(7ms));
  EXPECT_EQ(a.hub.ping(pair.now, stage, PeerId("nobody")).error().kind, ErrorKind::closed);
}

TEST_F(HubTest, WaitingPingsAreBoundedAndFailWithThePeer) {
  meet();
  std::size_t accepted = 0;
  while (a.hub.ping(pair.now, stage, b.id))
    ++accepted;
  EXPECT_GT(accepted, 10U);
  a.hub.link_down(pair.now, b.id, "gone");
  ASSERT_EQ(a.notes().pongs.size(), accepted);
  EXPECT_EQ(a.notes().pongs[0].second.error().kind, ErrorKind::closed);
}

TEST_F(HubTest, AProbeThatIsAnsweredIsNoticedByNobody) {
  a.hub.probe(pair.now, b.id);
  EXPECT_TRUE(pair.a_to_b.frames.empty()) << "there is nobody";
  meet();
  a.hub.probe(pair.now, b.id);
  a.hub.probe_all(pair.now);
  EXPECT_THAT(actions_in(pair.a_to_b), ElementsAre("@_ping"));
  const auto ping = a.hub.ping(pair.now, stage, b.id);
  pair.advance(1min);
  EXPECT_EQ(a.notes().take_events(), "");
  ASSERT_EQ(a.notes().pongs.size(), 1U);
  EXPECT_EQ(a.notes().pongs[0].first, *ping);
}

TEST_F(HubTest, APeerThatLeavesInsteadOfAnsweringIsNotSaidToHaveGivenUp) {
  meet();
  a.hub.probe(pair.now, b.id);
  b.hub.leave(pair.now, stage, 0s);
  pair.a_to_b.frames.clear();
  pair.advance(1min);
  EXPECT_EQ(a.notes().take_events(), "leave stage B: left the room\n");
}

TEST_F(HubTest, AProbeThatArrivedAndIsNotAnsweredShowsALinkThatWasGivenUp) {
  meet();
  a.hub.probe(pair.now, b.id);
  pair.a_to_b.take();
  pair.advance(9'999ms);
  EXPECT_EQ(a.notes().take_events(), "");
  pair.advance(1ms);
  EXPECT_EQ(a.notes().take_events(), "abandoned B\n");
}

TEST_F(HubTest, AProbeThatIsHeldUpIsWaitedForLonger) {
  meet();
  ASSERT_TRUE(send("file", Bytes(1'000'000)));
  a.hub.probe(pair.now, b.id);
  EXPECT_EQ(actions_in(pair.a_to_b).back(), "@_ping") << "before the rest of the file";
  const auto pass = [&](Duration time) {
    pair.now += time;
    a.hub.handle_timeout(pair.now);
  };
  for (int i = 0; i < 5; ++i)
    pass(5s);
  EXPECT_EQ(a.notes().take_events(), "");
  pass(5s);
  EXPECT_EQ(a.notes().take_events(), "abandoned B\n");
}

TEST_F(HubTest, AProbeThatOvertookAPingIsAnsweredToo) {
  meet();
  ASSERT_TRUE(send("file", Bytes(1'000'000)));
  ASSERT_TRUE(a.hub.ping(pair.now, stage, b.id));
  a.hub.probe(pair.now, b.id);
  while (a.notes().pongs.empty())
    pair.step();
  ASSERT_FALSE(pair.a_to_b.frames.empty()) << "the ping still waits";
  for (int i = 0; i < 7; ++i) {
    pair.now += 5s;
    a.hub.handle_timeout(pair.now);
  }
  EXPECT_EQ(a.notes().take_events(), "");
}

class RequestsTest : public HubTest {
 protected:
  void SetUp() override { meet(); }
  RequestId ask(Payload payload, std::optional<Json> metadata = {}) {
    return a.hub.request(pair.now, stage, b.id, "ask", std::move(payload), metadata, 30s).value();
  }
};

TEST_F(RequestsTest, AnswerComesBack) {
  const RequestId id = ask("question", json("[1.0]"));
  pair.run();
  ASSERT_EQ(b.notes().messages.size(), 1U);
  const auto request = request_of(b.notes().messages[0].metadata);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id.size(), 20U);
  EXPECT_EQ(request->metadata, json("[1.0]"));
  b.hub.respond(pair.now, stage, a.id, request->id, Payload(Bytes{1}));
  b.hub.respond(pair.now, stage, a.id, request->id, Payload(Bytes{2}));
  pair.run();
  ASSERT_EQ(a.notes().responses.size(), 1U);
  EXPECT_EQ(a.notes().responses[0].first, id);
  EXPECT_EQ(a.notes().responses[0].second, Result<Payload>(Bytes{1}));
  EXPECT_FALSE(a.hub.next_timeout());
}

TEST_F(RequestsTest, AnErrorComesBackAsARejection) {
  ask("question");
  pair.run();
  const auto request = request_of(b.notes().messages[0].metadata);
  b.hub.respond(pair.now, stage, a.id, request->id, failure(ErrorKind::rejected, "no \"ü\""));
  pair.run();
  ASSERT_EQ(a.notes().responses.size(), 1U);
  EXPECT_EQ(a.notes().responses[0].second.error(), (Error{ErrorKind::rejected, "no \"ü\""}));
}

TEST_F(RequestsTest, SilenceTimesOutAndAnAnswerAfterwardsIsIgnored) {
  ask("question");
  pair.run();
  pair.advance(29s);
  EXPECT_TRUE(a.notes().responses.empty());
  pair.advance(1s);
  ASSERT_EQ(a.notes().responses.size(), 1U);
  EXPECT_EQ(a.notes().responses[0].second.error().kind, ErrorKind::timed_out);
  b.hub.respond(pair.now, stage, a.id, request_of(b.notes().messages[0].metadata)->id, "late");
  pair.run();
  EXPECT_EQ(a.notes().responses.size(), 1U);
}

TEST_F(RequestsTest, AreClosedWhenThePeerGoesOrWeLeave) {
  ask("question");
  b.hub.leave(pair.now, stage, 0s);
  pair.run();
  ASSERT_EQ(a.notes().responses.size(), 1U);
  EXPECT_EQ(a.notes().responses[0].second.error().kind, ErrorKind::closed);
  pair.advance(1s);
  b.hub.join(pair.now, {stage, ""});
  pair.run();
  ask("again");
  a.hub.leave(pair.now, stage, 0s);
  EXPECT_EQ(a.notes().responses.size(), 2U);
  EXPECT_FALSE(a.hub.request(pair.now, stage, b.id, "ask", "x", std::nullopt, 1s));
}

TEST_F(HubTest, SignalsReachTheOtherSideOnlyWhenActive) {
  pair.join(stage);
  pair.connect();
  a.hub.send_signal(pair.now, stage, b.id, json(R"({"type":"offer","sdp":"too early"})"));
  pair.run();
  const std::string sdp(40'000, 'x');
  a.hub.send_signal(pair.now, stage, b.id, json(R"({"type":"offer","sdp":")" + sdp + "\"}"));
  pair.run();
  EXPECT_THAT(b.notes().signals, ElementsAre(R"({"type":"offer","sdp":")" + sdp + "\"}"));
  EXPECT_TRUE(b.notes().messages.empty());
}

TEST_F(HubTest, AClosedLinkLeavesEveryRoomAndFinishesWhatWaited) {
  meet();
  const auto id = send("file", Bytes(1'000'000));
  ASSERT_TRUE(id);
  pair.a_to_b.open = false;
  a.hub.link_writable(pair.now, b.id);
  a.hub.link_down(pair.now, b.id, "consent expired");
  EXPECT_EQ(a.notes().take_events(), "undelivered B\nleave stage B: consent expired\n");
  EXPECT_THAT(a.notes().sent, ElementsAre(*id));
  EXPECT_FALSE(a.hub.next_timeout());
  a.hub.link_down(pair.now, b.id, "again");
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubTest, ALinkThatIsReplacedBeginsAnew) {
  meet();
  pair.connect();
  pair.run();
  EXPECT_EQ(a.notes().take_events(), "leave stage B: moved to another connection\njoin stage B\n");
  ASSERT_TRUE(send("x", "y"));
  pair.run();
  EXPECT_THAT(b.notes().take_texts(), ElementsAre("x 'y'"));
}

TEST_F(HubTest, AttachingAgainChangesNothing) {
  meet();
  a.hub.attach(pair.now, stage, b.id);
  a.hub.attach(pair.now, foyer, b.id);
  a.hub.attach(pair.now, stage, PeerId("nobody"));
  a.hub.handle_frame(pair.now, b.id, presence(stage, true));
  EXPECT_TRUE(pair.a_to_b.frames.empty());
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubTest, AnUnusedLinkIsReportedIdleOnce) {
  meet();
  b.hub.leave(pair.now, stage, 0s);
  pair.advance(123s);
  EXPECT_EQ(a.notes().take_events(), "leave stage B: left the room\n");
  pair.advance(1s);
  EXPECT_EQ(a.notes().take_events(), "idle B\n");
  pair.advance(1h);
  EXPECT_EQ(a.notes().take_events(), "");
}

TEST_F(HubTest, ALinkInUseIsNotIdle) {
  pair.connect(std::nullopt);
  pair.advance(100s);
  pair.join(stage);
  pair.advance(1h);
  EXPECT_EQ(a.notes().take_events(), "join stage B\n");
}

}  // namespace
}  // namespace roomwire::room
