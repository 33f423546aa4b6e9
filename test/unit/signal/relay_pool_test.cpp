#include "signal/relay_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "base/json_value.hpp"
#include "signal/relay_text.hpp"

namespace roomwire::signal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr RelayId nostr{0};
constexpr RelayId ws{1};

struct FixedDate : WallClock {
  std::int64_t unix_seconds() override { return 1'700'000'000; }
};

struct Sockets : RelaySocketPort {
  void open(RelayId relay, const std::string& url) override {
    log.push_back("open " + url);
    EXPECT_FALSE(std::exchange(in_use[relay], true));
  }
  void send(RelayId relay, std::string text) override {
    EXPECT_TRUE(in_use[relay]);
    sent[relay].push_back(std::move(text));
  }
  void close(RelayId relay) override {
    log.push_back("close");
    EXPECT_TRUE(std::exchange(in_use[relay], false));
  }
  std::vector<std::string> log;
  std::map<RelayId, bool> in_use;
  std::map<RelayId, std::vector<std::string>> sent;
};

struct Observer : RelayPoolObserver {
  void on_relay_ready(RelayId relay) override { ready.push_back(relay); }
  void on_relay_failed(RelayId, const std::string& reason, Duration retry_in,
                       bool was_connected) override {
    failures.push_back((was_connected ? "lost: " : "refused: ") + reason);
    wait = retry_in;
  }
  void on_relay_notice(RelayId, const std::string& text) override { notices.push_back(text); }
  void on_relay_refused(RelayId, const std::string& reason, bool silently) override {
    refusals.push_back(silently ? "silent: " + reason : reason);
  }
  void on_relay_passes(RelayId) override { refusals.emplace_back("passes"); }
  void on_relay_given_up(RelayId) override { refusals.emplace_back("given up"); }
  void on_relay_message(RelayId relay, const Topic& topic, std::string_view payload) override {
    messages.emplace_back(relay, topic.str() + ": " + std::string(payload));
  }
  void on_relay_dropped(RelayId, const std::string& reason) override { dropped.push_back(reason); }

  std::vector<RelayId> ready;
  std::vector<std::string> failures;
  Duration wait{};
  std::vector<std::string> notices;
  std::vector<std::string> refusals;
  std::vector<std::pair<RelayId, std::string>> messages;
  std::vector<std::string> dropped;
};

class RelayPoolTest : public testing::Test {
 protected:
  void fail(RelayId relay) {
    sockets.in_use[relay] = false;
    pool.relay_closed(now, relay, "no");
  }
  void open(RelayId relay) {
    ASSERT_TRUE(sockets.in_use[relay]);
    pool.relay_opened(now, relay);
  }
  void wait(Duration duration) {
    now += duration;
    pool.handle_timeout(now);
  }

  FixedDate date;
  SeededEntropy entropy{1};
  Sockets sockets;
  Observer observer;
  RelayPool pool{{{RelayUrl::Kind::nostr, "ws://nostr"}, {RelayUrl::Kind::ws_relay, "ws://ws"}},
                 sockets,
                 date,
                 entropy,
                 observer};
  Time now{};
  const Topic topic{"topic"};
};

TEST_F(RelayPoolTest, IsReadyOnceSubscribed) {
  pool.subscribe(now, topic);
  pool.start(now);
  pool.start(now);
  EXPECT_THAT(sockets.log, ElementsAre("open ws://nostr", "open ws://ws"));
  EXPECT_FALSE(pool.publish(now, ws, topic, "x"));
  open(ws);
  EXPECT_THAT(sockets.sent[ws], ElementsAre(R"({"type":"subscribe","topic":"topic"})"));
  EXPECT_THAT(observer.ready, ElementsAre(ws));
  EXPECT_TRUE(pool.is_ready(ws));
  EXPECT_FALSE(pool.is_ready(nostr));
  open(nostr);
  EXPECT_THAT(sockets.sent[nostr], ElementsAre(HasSubstr("REQ")));
  EXPECT_THAT(observer.ready, ElementsAre(ws, nostr));
  EXPECT_TRUE(pool.publish(now, nostr, Topic("other"), "x"));
  EXPECT_THAT(sockets.sent[nostr].back(), HasSubstr("EVENT"));
}

TEST_F(RelayPoolTest, SpeaksTrysterosWebSocketRelayProtocol) {
  pool.start(now);
  open(ws);
  pool.subscribe(now, topic);
  pool.subscribe(now, topic);
  EXPECT_TRUE(pool.publish(now, ws, Topic("other"), R"({"peerId":"a"})"));
  pool.unsubscribe(now, topic);
  EXPECT_THAT(sockets.sent[ws],
              ElementsAre(R"({"type":"subscribe","topic":"topic"})",
                          R"({"type":"publish","topic":"other","payload":"{\"peerId\":\"a\"}"})",
                          R"({"type":"unsubscribe","topic":"topic"})"));
  pool.relay_message(now, ws, R"({"topic":"topic","payload":"late"})");
  EXPECT_THAT(observer.messages, IsEmpty());
  pool.subscribe(now, topic);
  pool.relay_message(now, ws, R"({"topic":"topic","payload":"{\"peerId\":\"b\"}"})");
  pool.relay_message(now, ws, R"({"topic":"topic","payload":{"peerId":"c"}})");
  pool.relay_message(now, ws, R"({"topic":"topic","payload":null})");
  EXPECT_THAT(observer.messages,
              ElementsAre(std::pair(ws, R"(topic: {"peerId":"b"})"),
                          std::pair(ws, R"(topic: {"peerId":"c"})"), std::pair(ws, "topic: null")));
  EXPECT_THAT(observer.dropped, IsEmpty());
  for (const char* bad : {"", "[]", "{}", R"({"topic":7,"payload":1})", R"({"topic":"topic"})"}) {
    pool.relay_message(now, ws, bad);
  }
  pool.relay_message(now, ws, std::string(300'000, ' '));
  EXPECT_EQ(observer.dropped.size(), 6U);
}

TEST_F(RelayPoolTest, TriesAgainAfterGrowingWaitsOfAtMostAMinute) {
  pool.start(now);
  Duration longest{};
  for (int i = 0; i < 12; ++i) {
    fail(ws);
    longest = std::max(longest, observer.wait);
    EXPECT_GT(observer.wait, Duration(400ms));
    EXPECT_LE(observer.wait, Duration(60s));
    wait(observer.wait - 1ms);
    EXPECT_FALSE(sockets.in_use[ws]);
    wait(1ms);
    EXPECT_TRUE(sockets.in_use[ws]);
  }
  EXPECT_GE(longest, Duration(30s));
  EXPECT_EQ(observer.failures.back(), "refused: no");
}

TEST_F(RelayPoolTest, ARelayThatLastedIsRejoinedSoonWithItsTopics) {
  pool.subscribe(now, topic);
  pool.start(now);
  for (int i = 0; i < 8; ++i) {
    fail(ws);
    wait(observer.wait);
  }
  open(ws);
  wait(1s);
  fail(ws);
  EXPECT_EQ(observer.failures.back(), "lost: no");
  EXPECT_GT(observer.wait, Duration(2s)) << "it flaps";
  wait(observer.wait);
  open(ws);
  wait(30s);
  fail(ws);
  EXPECT_LE(observer.wait, Duration(1s));
  EXPECT_FALSE(pool.is_ready(ws));
  sockets.sent.clear();
  wait(observer.wait);
  open(ws);
  EXPECT_EQ(sockets.sent[ws].size(), 1U);
}

TEST_F(RelayPoolTest, ARelayThatDoesNotAnswerIsGivenUpAndHoldsUpNoOther) {
  pool.start(now);
  open(ws);
  wait(15s);
  EXPECT_THAT(observer.failures, ElementsAre(HasSubstr("refused: no answer")));
  EXPECT_TRUE(pool.is_ready(ws));
  EXPECT_FALSE(sockets.in_use[nostr]);
  wait(observer.wait);
  EXPECT_TRUE(sockets.in_use[nostr]);
}

TEST_F(RelayPoolTest, StopsAndStartsAnew) {
  pool.start(now);
  open(ws);
  pool.stop();
  EXPECT_FALSE(sockets.in_use[nostr]);
  EXPECT_FALSE(sockets.in_use[ws]);
  EXPECT_EQ(pool.next_timeout(), std::nullopt);
  EXPECT_THAT(observer.failures, IsEmpty());
  pool.start(now);
  EXPECT_TRUE(sockets.in_use[nostr]);
}

TEST_F(RelayPoolTest, WhatARelaySaysIsFitForATerminalAndNotEndless) {
  pool.start(now);
  open(nostr);
  pool.relay_message(now, nostr, R"(["NOTICE","\u001b[31mred\nline\u202e"])");
  EXPECT_THAT(observer.notices, ElementsAre(" [31mred line "));
  for (int i = 0; i < 1000; ++i)
    pool.relay_message(now, nostr, R"(["NOTICE","again"])");
  EXPECT_LE(observer.notices.size(), 5U);
}

class RelayThatIsOfNoUseTest : public RelayPoolTest {
 protected:
  RelayThatIsOfNoUseTest() {
    pool.subscribe(now, topic);
    pool.start(now);
    open(nostr);
    open(ws);
    announce();
  }
  void announce() {
    pool.publish(now, nostr, topic, "me");
    pool.publish(now, ws, topic, "me");
  }
  void echo_on_ws() { pool.relay_message(now, ws, R"({"topic":"topic","payload":"me"})"); }
  void echo_on_nostr() {
    for (const std::string& text : sockets.sent[nostr]) {
      auto event = parse_json(text)->get_array();
      if (event[0] == "REQ") subscription = event[1].get_string();
      if (event[0] != "EVENT") continue;
      event.insert(event.begin() + 1, boost::json::string(subscription));
      pool.relay_message(now, nostr, boost::json::serialize(event));
    }
  }
  std::string subscription;
};

TEST_F(RelayThatIsOfNoUseTest, OneThatTakesOurAnnouncementsAndPassesNothingOnIsTold) {
  pool.relay_message(now, nostr, R"(["AUTH","challenge"])");
  wait(5s);
  echo_on_ws();
  EXPECT_THAT(observer.refusals, IsEmpty());
  wait(3s);
  EXPECT_THAT(observer.refusals,
              ElementsAre("silent: wants clients to authenticate, which we cannot"));
  for (int i = 0; i < 10; ++i) {
    announce();
    echo_on_ws();
    wait(10s);
  }
  EXPECT_THAT(observer.refusals, SizeIs(1));
  echo_on_nostr();
  EXPECT_EQ(observer.refusals.back(), "passes");
}

TEST_F(RelayThatIsOfNoUseTest, OneThatPassesOthersOnIsNot) {
  pool.relay_message(now, ws, R"({"topic":"topic","payload":"others"})");
  echo_on_nostr();
  wait(1h);
  EXPECT_THAT(observer.refusals, IsEmpty());
}

TEST_F(RelayThatIsOfNoUseTest, OneThatStopsToPassThemOnIsToldLater) {
  echo_on_ws();
  echo_on_nostr();
  wait(1h);
  announce();
  echo_on_nostr();
  wait(8s);
  EXPECT_THAT(observer.refusals, ElementsAre("silent: "));
  pool.relay_message(now, ws, R"({"topic":"topic","payload":"others"})");
  EXPECT_THAT(observer.refusals, ElementsAre("silent: ", "passes"));
}

TEST_F(RelayThatIsOfNoUseTest, OneThatRefusesIsToldOnceForEachReason) {
  echo_on_ws();
  const auto refuse = [this](const std::string& reason) {
    pool.relay_message(now, nostr, R"(["OK","00",false,")" + reason + "\"]");
  };
  refuse("auth-required: we know you not");
  refuse("auth-required: we know you not");
  wait(1h);
  EXPECT_THAT(observer.refusals, ElementsAre("auth-required: we know you not"));
  for (int i = 0; i < 1000; ++i)
    refuse("blocked: " + std::to_string(i));
  EXPECT_LE(observer.refusals.size(), 6U);
  fail(nostr);
  wait(2s);
  open(nostr);
  observer.refusals.clear();
  wait(1h);
  EXPECT_THAT(observer.refusals, IsEmpty());
  refuse("blocked: you");
  EXPECT_THAT(observer.refusals, ElementsAre("blocked: you"));
}

class GuessedRelayTest : public RelayPoolTest {
 protected:
  GuessedRelayTest() {
    guesses.subscribe(now, topic);
    guesses.start(now);
  }
  void open() {
    guesses.relay_opened(now, RelayId{0});
    guesses.publish(now, RelayId{0}, topic, "me");
  }
  void let_pass(Duration duration) {
    now += duration;
    guesses.handle_timeout(now);
  }
  RelayPool guesses{
      {{RelayUrl::Kind::ws_relay, "ws://page", true}}, sockets, date, entropy, observer};
};

TEST_F(GuessedRelayTest, AnotherKindOfServerIsAskedOnceAndNothingIsSaid) {
  sockets.in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, "HTTP 200", true);
  let_pass(1h);
  guesses.stop();
  guesses.start(now);
  EXPECT_THAT(sockets.log, ElementsAre("open ws://page"));
  EXPECT_THAT(observer.failures, IsEmpty());
  EXPECT_THAT(observer.refusals, ElementsAre("given up"));
}

TEST_F(GuessedRelayTest, SoIsOneThatPassesNothingOn) {
  open();
  let_pass(8s);
  let_pass(1h);
  EXPECT_THAT(sockets.log, ElementsAre("open ws://page", "close"));
  EXPECT_THAT(observer.failures, IsEmpty());
  EXPECT_THAT(observer.refusals, ElementsAre("given up"));
}

TEST_F(GuessedRelayTest, SoIsOneThatHangsUpBeforeItPassedAnythingOn) {
  open();
  sockets.in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, "closed by the other side", true);
  let_pass(8s);
  let_pass(1h);
  EXPECT_THAT(sockets.log, ElementsAre("open ws://page"));
  EXPECT_THAT(observer.refusals, ElementsAre("given up"));
}

TEST_F(GuessedRelayTest, ARelayIsKept) {
  open();
  guesses.relay_message(now, RelayId{0}, R"({"topic":"topic","payload":"me"})");
  EXPECT_THAT(observer.refusals, ElementsAre("passes"));
  sockets.in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, "HTTP 503", true);
  EXPECT_THAT(observer.failures, ElementsAre("lost: HTTP 503"));
  let_pass(2s);
  EXPECT_THAT(sockets.log, ElementsAre("open ws://page", "open ws://page"));
}

TEST_F(GuessedRelayTest, AServerThatIsDownMayComeBackAsARelay) {
  sockets.in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, "connection refused", false);
  EXPECT_THAT(observer.failures, ElementsAre("refused: connection refused"));
  let_pass(2s);
  EXPECT_THAT(sockets.log, ElementsAre("open ws://page", "open ws://page"));
}

TEST_F(RelayPoolTest, IgnoresSocketsThatItDoesNotKnow) {
  pool.relay_opened(now, RelayId{7});
  pool.relay_message(now, RelayId{7}, "x");
  pool.relay_closed(now, RelayId{7}, "x");
  pool.relay_message(now, ws, "x");
  pool.relay_closed(now, ws, "x");
  EXPECT_FALSE(pool.publish(now, RelayId{7}, topic, "x"));
  EXPECT_THAT(observer.failures, IsEmpty());
  EXPECT_THAT(observer.dropped, IsEmpty());
}

TEST(Printable, IsOneShortLine) {
  EXPECT_EQ(printable("plain ü🎛"), "plain ü🎛");
  EXPECT_EQ(printable("a\x7f\xc2\x85\xe2\x80\xa8z\xff"), "a   z\xef\xbf\xbd");
  for (const std::string& text : {std::string(1000, 'x'), std::string(1000, '\xff'),
                                  "xx" + std::string(300, '\xc3') + std::string(300, '\xbc')}) {
    const std::string line = printable(text);
    EXPECT_LE(line.size(), 200U);
    EXPECT_EQ(line.substr(line.size() - 3), "…");
  }
}

}  // namespace
}  // namespace roomwire::signal
