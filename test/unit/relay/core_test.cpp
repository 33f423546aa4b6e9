#include "relay/core.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "relay/admission.hpp"
#include "signal/nostr_event.hpp"

namespace roomwire::relay {
namespace {

using signal::NostrEvent;
using signal::NostrKey;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using Texts = std::vector<std::string>;

/// Clients that a test can listen to, and slow down.
class Clients : public Sink {
 public:
  void send(SessionId session, const SharedText& text) override { inbox[session].push_back(*text); }
  void close(SessionId session, std::uint16_t code, const std::string& reason) override {
    closed[session] = {code, reason};
  }
  std::size_t queued_bytes(SessionId session) const override {
    const auto found = queued.find(session);
    return found == queued.end() ? 0 : found->second;
  }
  Texts take(SessionId session) { return std::exchange(inbox[session], {}); }

  std::map<SessionId, Texts> inbox;
  std::map<SessionId, std::pair<std::uint16_t, std::string>> closed;
  std::map<SessionId, std::size_t> queued;
};

std::string in_quotes(std::string_view text) {
  std::string out;
  signal::append_json_string(out, text);
  return out;
}

class RelayCore : public testing::Test {
 protected:
  void use(const Limits& limits) { core_ = std::make_unique<Core>(limits, clients_); }
  SessionId open() { return core_->open(now_); }
  void say(SessionId session, std::string_view text) { core_->message(now_, session, text); }
  /// Says it, and returns what the same client hears.
  Texts ask(SessionId session, std::string_view text) {
    say(session, text);
    return clients_.take(session);
  }

  NostrEvent event(std::string content, std::string topic = "room", std::uint16_t kind = 20'001) {
    NostrEvent event;
    event.created_at = created_at_++;
    event.kind = kind;
    event.tags = {{"x", std::move(topic)}};
    event.content = std::move(content);
    key_.sign(event);
    return event;
  }
  static std::string publish(const NostrEvent& event) {
    return R"(["EVENT",)" + signal::to_json(event) + "]";
  }
  static std::string heard(std::string_view subscription, const NostrEvent& event) {
    return R"(["EVENT",)" + in_quotes(subscription) + "," + signal::to_json(event) + "]";
  }
  static std::string accepted(const NostrEvent& event) {
    return R"(["OK",")" + event.id + R"(",true,""])";
  }

  SeededEntropy entropy_{1};
  NostrKey key_ = NostrKey::draw(entropy_);
  std::int64_t created_at_ = 1'700'000'000;
  Time now_{};
  Clients clients_;
  std::unique_ptr<Core> core_ = std::make_unique<Core>(Limits{}, clients_);
};

// --- Nostr ---

TEST_F(RelayCore, PassesAnEventToItsSubscribersThePublisherIncluded) {
  const SessionId a = open();
  const SessionId b = open();
  const SessionId other = open();
  for (const SessionId session : {a, b}) {
    EXPECT_THAT(ask(session, R"(["REQ","s1",{"kinds":[20001],"since":1,"#x":["room","self"]}])"),
                ElementsAre(R"(["EOSE","s1"])"));
  }
  ask(other, R"(["REQ","s1",{"kinds":[20001],"#x":["elsewhere"]}])");
  const NostrEvent sent = event("żółć \" 🎛");
  say(a, publish(sent));
  EXPECT_THAT(clients_.take(a), ElementsAre(heard("s1", sent), accepted(sent)));
  EXPECT_THAT(clients_.take(b), ElementsAre(heard("s1", sent)));
  EXPECT_THAT(clients_.take(other), IsEmpty());
}

TEST_F(RelayCore, FiltersByEveryConditionAndTakesAnyOfSeveralFilters) {
  const NostrEvent sent = event("x");
  const std::string other(64, 'a');
  const struct {
    std::string filters;
    bool fits;
  } cases[] = {
      {R"({})", true},
      {R"({"kinds":[1,20001]})", true},
      {R"({"kinds":[1]})", false},
      {R"({"kinds":[]})", false},
      {R"({"ids":[")" + sent.id + R"("]})", true},
      {R"({"ids":[")" + other + R"("]})", false},
      {R"({"authors":[")" + other + R"(",")" + sent.pubkey + R"("]})", true},
      {R"({"authors":[")" + other + R"("]})", false},
      {R"({"#x":["a","room","z"]})", true},
      {R"({"#x":["roo"]})", false},
      {R"({"#X":["room"]})", false},
      {R"({"#x":[]})", false},
      {R"({"#x":["room"],"#y":["room"]})", false},
      {R"({"#x":["room"],"kinds":[1]})", false},
      {R"({"until":1700000000.5})", true},
      {R"({"until":1699999999})", false},
      // Nothing is stored: since and limit are about the past.
      {R"({"since":4000000000})", true},
      {R"({"limit":0})", true},
      {R"({"kinds":[1]},{"#x":["room"]})", true},
      {R"({"search":"NIP-50 is not ours"})", true},
  };
  for (const auto& [filters, fits] : cases) {
    use(Limits{});
    const SessionId session = open();
    ASSERT_THAT(ask(session, R"(["REQ","s",)" + filters + "]"), ElementsAre(R"(["EOSE","s"])"))
        << filters;
    EXPECT_THAT(ask(session, publish(sent)), SizeIs(fits ? 2 : 1)) << filters;
  }
}

TEST_F(RelayCore, DeliversOnceToASubscriptionAndToEachThatFits) {
  const SessionId session = open();
  ask(session, R"(["REQ","both",{"#x":["room","again"]},{"kinds":[20001]},{"#x":["room"]}])");
  ask(session, R"(["REQ","kind",{"kinds":[20001]}])");
  NostrEvent sent = event("x");
  sent.tags.push_back({"x", "again"});
  key_.sign(sent);
  EXPECT_THAT(
      ask(session, publish(sent)),
      testing::UnorderedElementsAre(heard("both", sent), heard("kind", sent), accepted(sent)));
}

TEST_F(RelayCore, RequestOfTheSameIdReplacesAndCloseEnds) {
  const SessionId session = open();
  ask(session, R"(["REQ","s",{"#x":["old"]}])");
  ask(session, R"(["REQ","s",{"#x":["new"]}])");
  EXPECT_THAT(ask(session, publish(event("1", "old"))), SizeIs(1));
  EXPECT_THAT(ask(session, publish(event("2", "new"))), SizeIs(2));
  EXPECT_THAT(ask(session, R"(["CLOSE","s"])"), IsEmpty()) << "Trystero retires on CLOSED";
  EXPECT_THAT(ask(session, publish(event("3", "new"))), SizeIs(1));
  EXPECT_THAT(ask(session, R"(["CLOSE","never opened"])"), IsEmpty());
}

TEST_F(RelayCore, RepeatedEventGoesOnlyToThoseWhoSubscribedSince) {
  const SessionId publisher = open();
  const SessionId early = open();
  const SessionId late = open();
  ask(early, R"(["REQ","s",{"#x":["room"]}])");
  const NostrEvent sent = event("announcement");
  say(publisher, publish(sent));
  EXPECT_THAT(clients_.take(early), SizeIs(1));
  ask(late, R"(["REQ","s",{"#x":["room"]}])");
  clients_.take(publisher);
  EXPECT_THAT(
      ask(publisher, publish(sent)),
      ElementsAre(R"(["OK",")" + sent.id + R"(",true,"duplicate: this event came before"])"));
  EXPECT_THAT(clients_.take(early), IsEmpty());
  EXPECT_THAT(clients_.take(late), ElementsAre(heard("s", sent)));
  say(publisher, publish(sent));
  EXPECT_THAT(clients_.take(late), IsEmpty());
}

TEST_F(RelayCore, ForgetsTheOldestEventIds) {
  Limits limits;
  limits.remembered_events = 2;
  use(limits);
  const SessionId session = open();
  const NostrEvent first = event("1");
  EXPECT_THAT(ask(session, publish(first)), ElementsAre(accepted(first)));
  EXPECT_THAT(ask(session, publish(first)), ElementsAre(HasSubstr("duplicate:")));
  ask(session, publish(event("2")));
  ask(session, publish(event("3")));
  EXPECT_THAT(ask(session, publish(first)), ElementsAre(accepted(first)));
}

TEST_F(RelayCore, RefusesForgedAndMalformedEvents) {
  const SessionId session = open();
  const SessionId listener = open();
  ask(listener, R"(["REQ","s",{}])");
  NostrEvent forged = event("x");
  forged.content = "y";
  const auto refused = StartsWith(R"(["OK",")" + forged.id + R"(",false,"invalid: )");
  EXPECT_THAT(ask(session, publish(forged)), ElementsAre(refused));
  EXPECT_THAT(ask(session, R"(["EVENT",{"id":")" + forged.id + R"("}])"), ElementsAre(refused));
  EXPECT_THAT(ask(session, R"(["EVENT",{}])"), ElementsAre(StartsWith(R"(["NOTICE","invalid: )")));
  EXPECT_THAT(clients_.take(listener), IsEmpty());
}

TEST_F(RelayCore, AnswersNonsense) {
  const SessionId session = open();
  for (const char* text :
       {"", "x", "1", "null", "[", "[]", "[1]", R"(["AUTH",{}])", R"(["EVENT"])", R"(["EVENT",1])",
        R"(["REQ"])", R"(["REQ",1,{}])", R"(["REQ","",{}])", "[\"REQ\",\"\xff\",{}]"}) {
    EXPECT_THAT(ask(session, text), ElementsAre(StartsWith(R"(["NOTICE","invalid: )"))) << text;
  }
  EXPECT_THAT(ask(session, R"(["REQ",")" + std::string(257, 's') + R"(",{}])"),
              ElementsAre(StartsWith(R"(["NOTICE","invalid: )")));
  for (const char* filters :
       {"1", R"({"kinds":1})", R"({"kinds":["1"]})", R"({"kinds":[65536]})", R"({"kinds":[-1]})",
        R"({"ids":["a"]})", R"({"authors":[1]})", R"({"#x":"room"})", R"({"#x":[1]})",
        R"({"until":"now"})", R"({},1)"}) {
    EXPECT_THAT(ask(session, R"(["REQ","s",)" + std::string(filters) + "]"),
                ElementsAre(StartsWith(R"(["CLOSED","s","invalid: )")))
        << filters;
  }
  EXPECT_THAT(ask(session, R"(["REQ","s"])"), ElementsAre(StartsWith(R"(["CLOSED","s","inv)")));
  EXPECT_THAT(clients_.closed, IsEmpty());
  EXPECT_EQ(core_->values(), 0U);
}

// --- Trystero's WebSocket relay protocol ---

TEST_F(RelayCore, PassesAPayloadToTheSubscribersOfItsTopic) {
  const SessionId a = open();
  const SessionId b = open();
  EXPECT_THAT(ask(a, R"({"type":"subscribe","topic":"t\"ö"})"), IsEmpty());
  say(a, R"({"type":"subscribe","topic":"t\"ö"})");
  say(b, R"({"type":"subscribe","topic":"t\"ö"})");
  say(b, R"({"type":"subscribe","topic":"other"})");
  say(a, R"({"type":"publish","topic":"t\"ö","payload":"{\"peerId\":\"a\"}"})");
  const std::string text = R"({"topic":"t\"ö","payload":"{\"peerId\":\"a\"}"})";
  EXPECT_THAT(clients_.take(a), ElementsAre(text));
  EXPECT_THAT(clients_.take(b), ElementsAre(text));
  say(a, R"({"payload":{"b":[1,1.5,null],"a":true},"topic":"t\"ö","type":"publish"})");
  EXPECT_THAT(clients_.take(b),
              ElementsAre(HasSubstr(R"("payload":{"b":[1,1.5E0,null],"a":true)")));
}

TEST_F(RelayCore, UnsubscribedTopicsAreQuiet) {
  const SessionId session = open();
  say(session, R"({"type":"subscribe","topic":"t"})");
  say(session, R"({"type":"unsubscribe","topic":"t"})");
  say(session, R"({"type":"unsubscribe","topic":"t"})");
  EXPECT_THAT(ask(session, R"({"type":"publish","topic":"t","payload":1})"), IsEmpty());
  EXPECT_EQ(core_->values(), 0U);
}

TEST_F(RelayCore, AnswersNonsenseOfTheTopicProtocol) {
  const SessionId session = open();
  for (const std::string text :
       {R"({})", R"({"type":"subscribe"})", R"({"type":"subscribe","topic":1})",
        R"({"type":"publish","topic":"t"})", R"({"type":"shout","topic":"t"})", R"({"type")",
        R"({"type":1,"topic":"t"})"}) {
    EXPECT_THAT(ask(session, text),
                ElementsAre(StartsWith(R"({"type":"error","message":"invalid: )")))
        << text;
  }
  EXPECT_THAT(ask(session, R"({"type":"subscribe","topic":")" + std::string(257, 't') + R"("})"),
              ElementsAre(HasSubstr("256 bytes")));
}

TEST_F(RelayCore, TheProtocolsDoNotHearEachOther) {
  const SessionId session = open();
  ask(session, R"(["REQ","s",{"#x":["room"]}])");
  say(session, R"({"type":"subscribe","topic":"room"})");
  EXPECT_THAT(ask(session, publish(event("x"))), SizeIs(2));
  EXPECT_THAT(ask(session, R"({"type":"publish","topic":"room","payload":"x"})"), SizeIs(1));
}

// --- Limits ---

TEST_F(RelayCore, BoundsSubscriptionsAndSaysSoWithoutClosed) {
  Limits limits;
  limits.subscriptions = 2;
  use(limits);
  const SessionId session = open();
  ask(session, R"(["REQ","1",{}])");
  ask(session, R"(["REQ","2",{}])");
  const auto refused = ElementsAre(StartsWith(R"(["NOTICE","rate-limited: )"));
  EXPECT_THAT(ask(session, R"(["REQ","3",{}])"), refused);
  EXPECT_THAT(ask(session, R"(["REQ","2",{}])"), ElementsAre(R"(["EOSE","2"])")) << "replaces";
  ask(session, R"(["CLOSE","1"])");
  EXPECT_THAT(ask(session, R"(["REQ","3",{}])"), ElementsAre(R"(["EOSE","3"])"));
}

TEST_F(RelayCore, BoundsTheValuesOfARequestOfAClientAndOfAll) {
  Limits limits;
  limits.values_per_request = 3;
  limits.values_per_client = 5;
  limits.values_total = 7;
  limits.values_guaranteed = 0;
  limits.filters_per_request = 2;
  limits.value_bytes = 8;
  use(limits);
  const SessionId a = open();
  const SessionId b = open();
  const auto refused = ElementsAre(StartsWith(R"(["NOTICE","rate-limited: )"));
  EXPECT_THAT(ask(a, R"(["REQ","1",{"#x":["1","2","3","4"]}])"), refused);
  EXPECT_THAT(ask(a, R"(["REQ","1",{},{},{}])"), refused);
  EXPECT_THAT(ask(a, R"(["REQ","1",{"#x":["123456789"]}])"), refused);
  ask(a, R"(["REQ","1",{"#x":["1","2","3"]}])");
  EXPECT_THAT(ask(a, R"(["REQ","2",{"#x":["1","2","3"]}])"), refused);
  EXPECT_THAT(ask(a, R"(["REQ","1",{"#x":["4","5","6"]}])"), ElementsAre(R"(["EOSE","1"])"));
  ask(b, R"(["REQ","1",{"#x":["1","2","3"]}])");
  EXPECT_EQ(core_->values(), 6U);
  EXPECT_THAT(ask(b, R"(["REQ","2",{"#x":["1","2"]}])"), refused);
  EXPECT_THAT(ask(b, R"(["REQ","2",{"#x":["1"]}])"), ElementsAre(R"(["EOSE","2"])"));
}

TEST_F(RelayCore, GreedyClientsShutNobodyOut) {
  Limits limits;
  limits.values_total = 6;
  limits.values_guaranteed = 2;
  use(limits);
  const SessionId greedy = open();
  const SessionId late = open();
  ask(greedy, R"(["REQ","1",{"#x":["1","2","3","4","5","6"]}])");
  EXPECT_THAT(ask(late, R"(["REQ","1",{"#x":["1","2"]}])"), ElementsAre(R"(["EOSE","1"])"));
  EXPECT_THAT(ask(late, R"(["REQ","2",{"#x":["3"]}])"),
              ElementsAre(StartsWith(R"(["NOTICE","rate-limited: )")));
}

TEST_F(RelayCore, TrysterosLargestBatchFitsTheDefaults) {
  const SessionId session = open();
  std::string kinds;
  std::string topics;
  for (int i = 0; i < 250; ++i) {
    kinds += (i > 0 ? "," : "") + std::to_string(20'000 + i);
    topics += (i > 0 ? "," : "") + in_quotes("topic" + std::to_string(i));
  }
  EXPECT_THAT(ask(session, R"(["REQ","s",{"kinds":[)" + kinds + R"(],"#x":[)" + topics + "]}]"),
              ElementsAre(R"(["EOSE","s"])"));
}

TEST_F(RelayCore, BoundsTopics) {
  Limits limits;
  limits.values_per_client = 1;
  use(limits);
  const SessionId session = open();
  say(session, R"({"type":"subscribe","topic":"1"})");
  EXPECT_THAT(ask(session, R"({"type":"subscribe","topic":"2"})"),
              ElementsAre(StartsWith(R"({"type":"error","message":"rate-limited: )")));
  EXPECT_THAT(ask(session, R"({"type":"subscribe","topic":"1"})"), IsEmpty()) << "has it already";
}

TEST_F(RelayCore, TooManyMessagesAreRefusedThenPatienceEndsAndTimeHeals) {
  Limits limits;
  limits.messages_per_second = 1;
  limits.message_burst = 2;
  use(limits);
  const SessionId session = open();
  ask(session, R"({"type":"subscribe","topic":"t"})");
  ask(session, R"(["REQ","s",{}])");
  const NostrEvent sent = event("x");
  EXPECT_THAT(ask(session, publish(sent)),
              ElementsAre(StartsWith(R"(["OK",")" + sent.id + R"(",false,"rate-limited: )")));
  now_ += 2s;
  EXPECT_THAT(ask(session, publish(sent)), SizeIs(2)) << "accepted, and heard";
  EXPECT_THAT(ask(session, R"({"type":"publish","topic":"t","payload":1})"),
              ElementsAre(StartsWith(R"({"type":"error","message":"rate-limited: )")));
  EXPECT_THAT(ask(session, R"(["REQ","s2",{}])"),
              ElementsAre(StartsWith(R"(["NOTICE","rate-limited: )")));
  EXPECT_THAT(clients_.closed, IsEmpty());
  say(session, R"(["REQ","s2",{}])");
  EXPECT_EQ(clients_.closed[session].first, close_code::try_again_later);
  EXPECT_EQ(core_->sessions(), 0U);
  EXPECT_EQ(core_->values(), 0U);
}

TEST_F(RelayCore, TooManyBytesAreRefused) {
  Limits limits;
  limits.byte_burst = 1000;
  use(limits);
  const SessionId session = open();
  EXPECT_THAT(ask(session, publish(event(std::string(1500, 'x')))),
              ElementsAre(HasSubstr("rate-limited: ")));
}

TEST_F(RelayCore, OversizeMessageClosesTheSession) {
  Limits limits;
  limits.message_bytes = 10;
  use(limits);
  const SessionId session = open();
  say(session, "[\"12345678\"]");
  EXPECT_EQ(clients_.closed[session].first, close_code::too_big);
  EXPECT_THAT(ask(session, "[]"), IsEmpty()) << "forgotten";
}

TEST_F(RelayCore, SlowConsumerIsClosedAndTheOthersGetTheirs) {
  const SessionId slow = open();
  const SessionId fast = open();
  for (const SessionId session : {slow, fast}) {
    ask(session, R"(["REQ","s",{}])");
    say(session, R"({"type":"subscribe","topic":"t"})");
  }
  clients_.queued[slow] = Limits{}.queued_bytes - 10;
  say(fast, publish(event("x")));
  EXPECT_EQ(clients_.closed[slow].first, close_code::try_again_later);
  EXPECT_THAT(clients_.take(slow), IsEmpty());
  EXPECT_THAT(clients_.take(fast), SizeIs(2));
  say(fast, R"({"type":"publish","topic":"t","payload":1})");
  EXPECT_THAT(clients_.take(slow), IsEmpty());
  EXPECT_THAT(clients_.take(fast), SizeIs(1));
  EXPECT_EQ(core_->sessions(), 1U);
}

TEST_F(RelayCore, SlowConsumersShareWhatMayWaitForAll) {
  Limits limits;
  limits.queued_bytes_total = 3000;
  use(limits);
  const SessionId slow = open();
  const SessionId patient = open();
  const SessionId sender = open();
  for (const SessionId session : {slow, patient}) {
    say(session, R"({"type":"subscribe","topic":"t"})");
  }
  clients_.queued[slow] = 990;
  clients_.queued[patient] = 500;
  say(sender, R"({"type":"publish","topic":"t","payload":1})");
  EXPECT_EQ(clients_.closed[slow].first, close_code::try_again_later);
  EXPECT_THAT(clients_.take(patient), SizeIs(1));
}

TEST_F(RelayCore, WhoLeavesTakesEverythingAlong) {
  const SessionId stays = open();
  ask(stays, R"(["REQ","s",{"#x":["room"]}])");
  for (int i = 0; i < 10; ++i) {
    const SessionId session = open();
    ask(session, R"(["REQ","s",{"#x":["room","a"]},{"#x":["room"]},{"kinds":[1]},{}])");
    say(session, R"({"type":"subscribe","topic":"t"})");
    core_->closed(session);
    core_->closed(session);
    EXPECT_THAT(ask(session, R"(["REQ","s",{}])"), IsEmpty());
  }
  EXPECT_EQ(core_->sessions(), 1U);
  EXPECT_EQ(core_->values(), 1U);
  EXPECT_THAT(ask(stays, publish(event("x"))), SizeIs(2));
}

TEST(Admission, BoundsConnectionsInAllAndByAddress) {
  Limits limits;
  limits.connections = 3;
  limits.connections_per_address = 2;
  Admission admission(limits);
  const IpAddress a = IpAddress::v4({10, 0, 0, 1});
  const IpAddress b = IpAddress::v4({10, 0, 0, 2});
  EXPECT_FALSE(admission.enter(a));
  EXPECT_FALSE(admission.enter(a));
  EXPECT_EQ(admission.enter(a), "too many connections from 10.0.0.1");
  EXPECT_FALSE(admission.enter(b));
  EXPECT_EQ(admission.enter(b), "too many connections");
  admission.leave(a);
  EXPECT_FALSE(admission.enter(b));
  EXPECT_EQ(admission.total(), 3U);
}

}  // namespace
}  // namespace roomwire::relay
