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
  void on_relay_message(RelayId relay, const Topic& topic, std::string_view payload) override {
    messages.emplace_back(relay, topic.str() + ": " + std::string(payload));
  }
  void on_relay_dropped(RelayId, const std::string& reason) override { dropped.push_back(reason); }

  std::vector<RelayId> ready;
  std::vector<std::string> failures;
  Duration wait{};
  std::vector<std::string> notices;
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
