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

/// What a pool put out, sorted, once read() was called.
class PoolDouble {
 public:
  void read(RelayPool& pool) {
    for (auto& output : pool.take_outputs())
      std::visit([this](auto& each) { note(each); }, output);
  }

  std::vector<std::string> log;
  std::map<RelayId, bool> in_use;
  std::map<RelayId, std::vector<std::string>> sent;
  std::vector<RelayId> ready;
  std::vector<std::string> failures;
  Duration wait{};
  std::vector<std::string> notices;
  std::vector<std::string> refusals;
  std::vector<std::pair<RelayId, std::string>> messages;
  std::vector<std::string> dropped;

 private:
  void note(RelayPool::Open& each) {
    log.push_back("open " + each.url);
    EXPECT_EQ(each.subprotocol, "");
    EXPECT_FALSE(std::exchange(in_use[each.relay], true));
  }
  void note(RelayPool::Send& each) {
    EXPECT_TRUE(in_use[each.relay]);
    EXPECT_TRUE(each.frame.is_text);
    sent[each.relay].push_back(std::move(each.frame.bytes));
  }
  void note(RelayPool::Close& each) {
    log.emplace_back("close");
    EXPECT_TRUE(std::exchange(in_use[each.relay], false));
  }
  void note(RelayPool::Ready& each) { ready.push_back(each.relay); }
  void note(RelayPool::Failed& each) {
    failures.push_back((each.was_connected ? "lost: " : "refused: ") + each.why.message);
    wait = each.retry_in;
  }
  void note(RelayPool::Notice& each) { notices.push_back(each.text); }
  void note(RelayPool::Refused& each) {
    refusals.push_back(each.silently ? "silent: " + each.reason : each.reason);
  }
  void note(RelayPool::Passes&) { refusals.emplace_back("passes"); }
  void note(RelayPool::GivenUp&) { refusals.emplace_back("given up"); }
  void note(RelayPool::Message& each) {
    messages.emplace_back(each.relay, each.topic.str() + ": " + each.payload);
  }
  void note(RelayPool::Dropped& each) { dropped.push_back(each.reason); }
};

class RelayPoolTest : public testing::Test {
 protected:
  void fail(RelayId relay) {
    said().in_use[relay] = false;
    pool.relay_closed(now, relay, {ErrorKind::unavailable, "no"});
  }
  void open(RelayId relay) {
    ASSERT_TRUE(said().in_use[relay]);
    pool.relay_opened(now, relay);
  }
  void wait(Duration duration) {
    now += duration;
    pool.handle_timeout(now);
  }
  void hear(RelayId relay, std::string_view text) {
    pool.relay_message(now, relay, as_bytes(text), true);
  }
  PoolDouble& said() {
    put_out.read(pool);
    return put_out;
  }

  FixedDate date;
  SeededEntropy entropy{1};
  RelayPool pool{{RelayUrl::parse("ws://nostr").value(),
                  RelayUrl::parse("ws://ws", RelayUrl::Kind::ws_relay).value()},
                 date,
                 entropy};
  PoolDouble put_out;
  Time now{};
  const Topic topic{"topic"};
};

TEST_F(RelayPoolTest, IsReadyOnceSubscribed) {
  pool.subscribe(now, topic);
  pool.start(now);
  pool.start(now);
  EXPECT_THAT(said().log, ElementsAre("open ws://nostr", "open ws://ws"));
  EXPECT_FALSE(pool.publish(now, ws, topic, "x"));
  open(ws);
  EXPECT_THAT(said().sent[ws], ElementsAre(R"({"type":"subscribe","topic":"topic"})"));
  EXPECT_THAT(said().ready, ElementsAre(ws));
  EXPECT_TRUE(pool.is_ready(ws));
  EXPECT_FALSE(pool.is_ready(nostr));
  open(nostr);
  EXPECT_THAT(said().sent[nostr], ElementsAre(HasSubstr("REQ")));
  EXPECT_THAT(said().ready, ElementsAre(ws, nostr));
  EXPECT_TRUE(pool.publish(now, nostr, Topic("other"), "x"));
  EXPECT_THAT(said().sent[nostr].back(), HasSubstr("EVENT"));
}

TEST_F(RelayPoolTest, SpeaksTrysterosWebSocketRelayProtocol) {
  pool.start(now);
  open(ws);
  pool.subscribe(now, topic);
  pool.subscribe(now, topic);
  EXPECT_TRUE(pool.publish(now, ws, Topic("other"), R"({"peerId":"a"})"));
  pool.unsubscribe(now, topic);
  EXPECT_THAT(said().sent[ws],
              ElementsAre(R"({"type":"subscribe","topic":"topic"})",
                          R"({"type":"publish","topic":"other","payload":"{\"peerId\":\"a\"}"})",
                          R"({"type":"unsubscribe","topic":"topic"})"));
  hear(ws, R"({"topic":"topic","payload":"late"})");
  EXPECT_THAT(said().messages, IsEmpty());
  pool.subscribe(now, topic);
  hear(ws, R"({"topic":"topic","payload":"{\"peerId\":\"b\"}"})");
  hear(ws, R"({"topic":"topic","payload":{"peerId":"c"}})");
  hear(ws, R"({"topic":"topic","payload":null})");
  EXPECT_THAT(said().messages,
              ElementsAre(std::pair(ws, R"(topic: {"peerId":"b"})"),
                          std::pair(ws, R"(topic: {"peerId":"c"})"), std::pair(ws, "topic: null")));
  EXPECT_THAT(said().dropped, IsEmpty());
  for (const char* bad : {"", "[]", "{}", R"({"topic":7,"payload":1})", R"({"topic":"topic"})"}) {
    hear(ws, bad);
  }
  hear(ws, std::string(300'000, ' '));
  pool.relay_message(now, ws, as_bytes(R"({"topic":"topic","payload":"as bytes"})"), false);
  EXPECT_EQ(said().dropped.size(), 7U);
}

TEST_F(RelayPoolTest, TriesAgainAfterGrowingWaitsOfAtMostAMinute) {
  pool.start(now);
  Duration longest{};
  for (int i = 0; i < 12; ++i) {
    fail(ws);
    longest = std::max(longest, said().wait);
    EXPECT_GT(said().wait, Duration(400ms));
    EXPECT_LE(said().wait, Duration(60s));
    wait(said().wait - 1ms);
    EXPECT_FALSE(said().in_use[ws]);
    wait(1ms);
    EXPECT_TRUE(said().in_use[ws]);
  }
  EXPECT_GE(longest, Duration(30s));
  EXPECT_EQ(said().failures.back(), "refused: no");
}

TEST_F(RelayPoolTest, ARelayThatLastedIsRejoinedSoonWithItsTopics) {
  pool.subscribe(now, topic);
  pool.start(now);
  for (int i = 0; i < 8; ++i) {
    fail(ws);
    wait(said().wait);
  }
  open(ws);
  wait(1s);
  fail(ws);
  EXPECT_EQ(said().failures.back(), "lost: no");
  EXPECT_GT(said().wait, Duration(2s)) << "it flaps";
  wait(said().wait);
  open(ws);
  wait(30s);
  fail(ws);
  EXPECT_LE(said().wait, Duration(1s));
  EXPECT_FALSE(pool.is_ready(ws));
  said().sent.clear();
  wait(said().wait);
  open(ws);
  EXPECT_EQ(said().sent[ws].size(), 1U);
}

TEST_F(RelayPoolTest, ARelayThatDoesNotAnswerIsGivenUpAndHoldsUpNoOther) {
  pool.start(now);
  open(ws);
  wait(15s);
  EXPECT_THAT(said().failures, ElementsAre(HasSubstr("refused: no answer")));
  EXPECT_TRUE(pool.is_ready(ws));
  EXPECT_FALSE(said().in_use[nostr]);
  wait(said().wait);
  EXPECT_TRUE(said().in_use[nostr]);
}

TEST_F(RelayPoolTest, StopsAndStartsAnew) {
  pool.start(now);
  open(ws);
  pool.stop();
  EXPECT_FALSE(said().in_use[nostr]);
  EXPECT_FALSE(said().in_use[ws]);
  EXPECT_EQ(pool.next_timeout(), std::nullopt);
  EXPECT_THAT(said().failures, IsEmpty());
  pool.start(now);
  EXPECT_TRUE(said().in_use[nostr]);
}

TEST_F(RelayPoolTest, WhatARelaySaysIsFitForATerminalAndNotEndless) {
  pool.start(now);
  open(nostr);
  hear(nostr, R"(["NOTICE","\u001b[31mred\nline\u202e"])");
  EXPECT_THAT(said().notices, ElementsAre(" [31mred line "));
  for (int i = 0; i < 1000; ++i)
    hear(nostr, R"(["NOTICE","again"])");
  EXPECT_LE(said().notices.size(), 5U);
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
  void echo_on_ws() { hear(ws, R"({"topic":"topic","payload":"me"})"); }
  void echo_on_nostr() {
    for (const std::string& text : said().sent[nostr]) {
      auto event = parse_json(text)->get_array();
      if (event[0] == "REQ") subscription = event[1].get_string();
      if (event[0] != "EVENT") continue;
      event.insert(event.begin() + 1, boost::json::string(subscription));
      hear(nostr, boost::json::serialize(event));
    }
  }
  std::string subscription;
};

TEST_F(RelayThatIsOfNoUseTest, OneThatTakesOurAnnouncementsAndPassesNothingOnIsTold) {
  hear(nostr, R"(["AUTH","challenge"])");
  wait(5s);
  echo_on_ws();
  EXPECT_THAT(said().refusals, IsEmpty());
  wait(3s);
  EXPECT_THAT(said().refusals,
              ElementsAre("silent: wants clients to authenticate, which we cannot"));
  for (int i = 0; i < 10; ++i) {
    announce();
    echo_on_ws();
    wait(10s);
  }
  EXPECT_THAT(said().refusals, SizeIs(1));
  echo_on_nostr();
  EXPECT_EQ(said().refusals.back(), "passes");
}

TEST_F(RelayThatIsOfNoUseTest, OneThatPassesOthersOnIsNot) {
  hear(ws, R"({"topic":"topic","payload":"others"})");
  echo_on_nostr();
  wait(1h);
  EXPECT_THAT(said().refusals, IsEmpty());
}

TEST_F(RelayThatIsOfNoUseTest, OneThatStopsToPassThemOnIsToldLater) {
  echo_on_ws();
  echo_on_nostr();
  wait(1h);
  announce();
  echo_on_nostr();
  wait(8s);
  EXPECT_THAT(said().refusals, ElementsAre("silent: "));
  hear(ws, R"({"topic":"topic","payload":"others"})");
  EXPECT_THAT(said().refusals, ElementsAre("silent: ", "passes"));
}

TEST_F(RelayThatIsOfNoUseTest, OneThatRefusesIsToldOnceForEachReason) {
  echo_on_ws();
  const auto refuse = [this](const std::string& reason) {
    hear(nostr, R"(["OK","00",false,")" + reason + "\"]");
  };
  refuse("auth-required: we know you not");
  refuse("auth-required: we know you not");
  wait(1h);
  EXPECT_THAT(said().refusals, ElementsAre("auth-required: we know you not"));
  for (int i = 0; i < 1000; ++i)
    refuse("blocked: " + std::to_string(i));
  EXPECT_LE(said().refusals.size(), 6U);
  fail(nostr);
  wait(2s);
  open(nostr);
  said().refusals.clear();
  wait(1h);
  EXPECT_THAT(said().refusals, IsEmpty());
  refuse("blocked: you");
  EXPECT_THAT(said().refusals, ElementsAre("blocked: you"));
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
  PoolDouble& said() {
    put_out.read(guesses);
    return put_out;
  }
  RelayPool guesses{
      {RelayUrl::parse("ws://page", RelayUrl::Kind::ws_relay)->as_guess()}, date, entropy};
};

TEST_F(GuessedRelayTest, AnotherKindOfServerIsAskedOnceAndNothingIsSaid) {
  said().in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, {ErrorKind::unavailable, "HTTP 200"}, true);
  let_pass(1h);
  guesses.stop();
  guesses.start(now);
  EXPECT_THAT(said().log, ElementsAre("open ws://page"));
  EXPECT_THAT(said().failures, IsEmpty());
  EXPECT_THAT(said().refusals, ElementsAre("given up"));
}

TEST_F(GuessedRelayTest, SoIsOneThatPassesNothingOn) {
  open();
  let_pass(8s);
  let_pass(1h);
  EXPECT_THAT(said().log, ElementsAre("open ws://page", "close"));
  EXPECT_THAT(said().failures, IsEmpty());
  EXPECT_THAT(said().refusals, ElementsAre("given up"));
}

TEST_F(GuessedRelayTest, SoIsOneThatHangsUpBeforeItPassedAnythingOn) {
  open();
  said().in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, {ErrorKind::unavailable, "closed by the other side"}, true);
  let_pass(8s);
  let_pass(1h);
  EXPECT_THAT(said().log, ElementsAre("open ws://page"));
  EXPECT_THAT(said().refusals, ElementsAre("given up"));
}

TEST_F(GuessedRelayTest, ARelayIsKept) {
  open();
  guesses.relay_message(now, RelayId{0}, as_bytes(R"({"topic":"topic","payload":"me"})"), true);
  EXPECT_THAT(said().refusals, ElementsAre("passes"));
  said().in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, {ErrorKind::unavailable, "HTTP 503"}, true);
  EXPECT_THAT(said().failures, ElementsAre("lost: HTTP 503"));
  let_pass(2s);
  EXPECT_THAT(said().log, ElementsAre("open ws://page", "open ws://page"));
}

TEST_F(GuessedRelayTest, AServerThatIsDownMayComeBackAsARelay) {
  said().in_use[RelayId{0}] = false;
  guesses.relay_closed(now, RelayId{0}, {ErrorKind::unavailable, "connection refused"}, false);
  EXPECT_THAT(said().failures, ElementsAre("refused: connection refused"));
  let_pass(2s);
  EXPECT_THAT(said().log, ElementsAre("open ws://page", "open ws://page"));
}

TEST_F(RelayPoolTest, IgnoresSocketsThatItDoesNotKnow) {
  pool.relay_opened(now, RelayId{7});
  hear(RelayId{7}, "x");
  pool.relay_closed(now, RelayId{7}, {ErrorKind::unavailable, "x"});
  hear(ws, "x");
  pool.relay_closed(now, ws, {ErrorKind::unavailable, "x"});
  EXPECT_FALSE(pool.publish(now, RelayId{7}, topic, "x"));
  EXPECT_THAT(said().failures, IsEmpty());
  EXPECT_THAT(said().dropped, IsEmpty());
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
