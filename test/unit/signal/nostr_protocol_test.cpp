#include "signal/nostr_protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/json_value.hpp"
#include "captures.hpp"
#include "relay_protocol_double.hpp"

namespace roomwire::signal {
namespace {

namespace json = boost::json;

constexpr std::int64_t today = 1'795'359'855;

struct FixedDate : WallClock {
  std::int64_t unix_seconds() override { return seconds; }
  std::int64_t seconds = today;
};

/// The texts, taken apart.
std::vector<json::array> take_arrays(RelayProtocolDouble& relay) {
  std::vector<json::array> all;
  for (const std::string& text : relay.take())
    all.push_back(parse_json(text).value().as_array());
  return all;
}

class NostrProtocolTest : public testing::Test {
 protected:
  void open(std::initializer_list<Topic> topics) {
    for (const Topic& topic : topics)
      protocol.subscribe(now, topic);
    protocol.opened(now);
    const auto sent = take_arrays(relay);
    ASSERT_FALSE(sent.empty());
    subscription = sent[0].at(1).as_string();
  }
  NostrEvent event(const Topic& topic, std::string content) {
    NostrEvent event;
    event.created_at = today;
    event.kind = nostr_kind(topic);
    event.tags = {{"x", topic.str()}};
    event.content = std::move(content);
    stranger.sign(event);
    return event;
  }
  std::string event_text(const NostrEvent& event) {
    return "[\"EVENT\",\"" + subscription + "\"," + to_json(event) + "]";
  }
  /// Publishes, and gives the event that was sent.
  json::object published(const Topic& topic, const std::string& payload) {
    EXPECT_TRUE(protocol.publish(now, topic, payload));
    return take_arrays(relay).back().at(1).as_object();
  }
  void refuse(const json::object& sent, std::string_view reason) {
    hear(protocol, now, json::serialize(json::array{"OK", sent.at("id"), false, reason}));
  }

  SeededEntropy entropy{1};
  FixedDate date;
  NostrKey key = NostrKey::draw(entropy);
  NostrKey stranger = NostrKey::draw(entropy);
  NostrProtocol protocol{key, date, entropy};
  RelayProtocolDouble relay{protocol};
  Time now{};
  std::string subscription;
  const Topic root{"root"};
  const Topic self{"self"};
  const Topic other{"other"};
};

TEST_F(NostrProtocolTest, KindsAreThoseThatTrysteroUses) {
  for (const Capture& capture : captures()) {
    for (const RelayText& text : capture.relay) {
      if (text.is_event()) {
        EXPECT_EQ(nostr_kind(text.topic()), text.json.back().at("kind").as_int64());
      }
    }
  }
}

TEST_F(NostrProtocolTest, AsksForAllTopicsAtOnceAsTrysteroDoes) {
  const Capture captured = capture("25-speak");
  for (const auto& topic : captured.relay.at(0).json.at(2).at("#x").as_array()) {
    protocol.subscribe(now, Topic(std::string(topic.as_string())));
  }
  protocol.opened(now);
  const auto sent = take_arrays(relay);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].at(0), "REQ");
  EXPECT_EQ(sent[0].at(1).as_string().size(), 64U);
  const auto sorted = [](const json::value& filter, const char* member) {
    std::vector<std::string> all;
    for (const auto& each : filter.at(member).as_array())
      all.push_back(json::serialize(each));
    std::sort(all.begin(), all.end());
    return all;
  };
  for (const char* member : {"kinds", "#x"}) {
    EXPECT_EQ(sorted(sent[0].at(2), member), sorted(captured.relay.at(0).json.at(2), member));
  }
  EXPECT_LE(sent[0].at(2).at("since").as_int64(), today);
  EXPECT_GT(sent[0].at(2).at("since").as_int64(), today - 300);
}

TEST_F(NostrProtocolTest, HandsOverEveryCapturedEventButItsOwn) {
  for (const Capture& captured : captures()) {
    NostrProtocol replayed(key, date, entropy);
    RelayProtocolDouble port(replayed);
    for (const RelayText& text : captured.relay) {
      if (text.json.at(0) != "REQ") continue;
      for (const auto& topic : text.json.at(2).at("#x").as_array()) {
        replayed.subscribe(now, Topic(std::string(topic.as_string())));
      }
    }
    replayed.opened(now);
    const auto id = take_arrays(port).at(0).at(1);
    std::vector<std::pair<Topic, std::string>> expected;
    for (const RelayText& text : captured.relay) {
      if (text.out) continue;
      json::array received = text.json;
      if (text.is_event()) {
        received.at(1) = id;
        expected.emplace_back(text.topic(), text.content());
      }
      hear(replayed, now, json::serialize(received));
    }
    EXPECT_EQ(port.payloads(), expected) << captured.name;
    EXPECT_THAT(port.dropped(), testing::IsEmpty());
    EXPECT_THAT(port.notices(), testing::IsEmpty());
  }
}

TEST_F(NostrProtocolTest, PublishesSignedEphemeralEvents) {
  open({root, self});
  const auto event = parse_event(published(other, "{\"ü\":1}"));
  ASSERT_TRUE(event);
  EXPECT_TRUE(verify(*event));
  EXPECT_EQ(event->content, "{\"ü\":1}");
  EXPECT_EQ(event->created_at, today);
  EXPECT_EQ(event->kind, nostr_kind(other));
  EXPECT_EQ(event->tags, (std::vector<std::vector<std::string>>{{"x", "other"}}));
  EXPECT_EQ(event->pubkey, key.public_key());
}

TEST_F(NostrProtocolTest, AnnouncementsOfOneSecondAreDifferentEvents) {
  open({root});
  const auto first = published(root, "hello");
  const auto second = published(root, "hello");
  EXPECT_NE(first.at("id"), second.at("id"));
  EXPECT_LE(second.at("created_at").as_int64(), today + 5);
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(published(root, "hello").at("created_at").as_int64(), today + 5);
  }
}

TEST_F(NostrProtocolTest, SaysNothingWithoutAConnection) {
  EXPECT_FALSE(protocol.publish(now, root, "x"));
  open({root});
  protocol.closed();
  EXPECT_FALSE(protocol.publish(now, root, "x"));
  protocol.subscribe(now, other);
  EXPECT_EQ(protocol.next_timeout(), std::nullopt);
  EXPECT_THAT(relay.take(), testing::IsEmpty());
  protocol.opened(now);
  EXPECT_EQ(take_arrays(relay).at(0).at(2).at("#x").as_array().size(), 2U);
}

TEST_F(NostrProtocolTest, ALaterTopicIsAskedForBeforeAnythingIsPublished) {
  open({root});
  protocol.subscribe(now, other);
  protocol.subscribe(now, self);
  protocol.subscribe(now, root);
  EXPECT_EQ(protocol.next_timeout(), now);
  ASSERT_TRUE(protocol.publish(now, other, "x"));
  const auto sent = take_arrays(relay);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].at(0), "REQ");
  EXPECT_EQ(sent[0].at(1), json::value(subscription));
  EXPECT_EQ(sent[0].at(2).at("#x").as_array().size(), 3U);
  EXPECT_EQ(sent[1].at(0), "EVENT");
  EXPECT_EQ(protocol.next_timeout(), std::nullopt);
}

TEST_F(NostrProtocolTest, ASubscriptionHoldsAtMost250Topics) {
  for (int i = 0; i < 600; ++i)
    protocol.subscribe(now, Topic(std::to_string(i)));
  protocol.opened(now);
  auto sent = take_arrays(relay);
  ASSERT_EQ(sent.size(), 3U);
  std::size_t topics = 0;
  for (const auto& each : sent) {
    EXPECT_LE(each.at(2).at("#x").as_array().size(), 250U);
    topics += each.at(2).at("#x").as_array().size();
  }
  EXPECT_EQ(topics, 600U);
  for (int i = 0; i < 250; ++i)
    protocol.unsubscribe(now, Topic(std::to_string(i)));
  protocol.handle_timeout(now);
  sent = take_arrays(relay);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].at(0), "CLOSE");
}

TEST_F(NostrProtocolTest, DropsForgedEvents) {
  open({root, self});
  const NostrEvent good = event(root, "hello");
  NostrEvent forged = good;
  forged.content = "other";
  hear(protocol, now, event_text(forged));
  forged.id = event_id(forged);
  hear(protocol, now, event_text(forged));
  EXPECT_THAT(relay.payloads(), testing::IsEmpty());
  EXPECT_EQ(relay.dropped().size(), 2U);
  hear(protocol, now, event_text(good));
  EXPECT_EQ(relay.payloads().size(), 1U);
}

TEST_F(NostrProtocolTest, IgnoresTopicsThatItDidNotAskForAndItsOwnEvents) {
  open({root, self});
  hear(protocol, now, event_text(event(other, "hello")));
  NostrEvent own = event(root, "hello");
  key.sign(own);
  hear(protocol, now, event_text(own));
  EXPECT_EQ(relay.echoes(), 1U);
  subscription = "another";
  hear(protocol, now, event_text(event(root, "hello")));
  EXPECT_THAT(relay.payloads(), testing::IsEmpty());
}

TEST_F(NostrProtocolTest, AFloodOfEventsIsNotVerified) {
  open({root});
  const std::string text = event_text(event(root, "hello"));
  for (int i = 0; i < 1000; ++i)
    hear(protocol, now, text);
  EXPECT_EQ(relay.payloads().size(), 400U);
  EXPECT_EQ(relay.dropped().size(), 600U);
  now += 1s;
  hear(protocol, now, text);
  EXPECT_EQ(relay.payloads().size(), 401U);
}

TEST_F(NostrProtocolTest, ARefusedEventSilencesAnnouncementsForAWhileOnly) {
  open({root, self});
  refuse(published(root, "a"), "rate-limited: slow down");
  EXPECT_THAT(relay.refusals(), testing::ElementsAre("rate-limited: slow down"));
  EXPECT_FALSE(protocol.publish(now, root, "a"));
  EXPECT_TRUE(protocol.publish(now, other, "offer"));
  now += 60s;
  const auto again = published(root, "a");
  refuse(again, "rate-limited: slow down");
  now += 60s;
  EXPECT_FALSE(protocol.publish(now, root, "a"));
  now += 60s;
  const auto accepted = published(root, "a");
  hear(protocol, now, json::serialize(json::array{"OK", accepted.at("id"), true, ""}));
  refuse(published(root, "a"), "error: x");
  now += 60s;
  EXPECT_TRUE(protocol.publish(now, root, "a"));
}

TEST_F(NostrProtocolTest, SilenceLastsAtMost15Minutes) {
  open({root});
  for (int i = 0; i < 20; ++i) {
    refuse(published(root, "a"), "blocked: no");
    now += 15min;
    EXPECT_TRUE(protocol.publish(now, root, "a"));
    take_arrays(relay);
  }
}

TEST_F(NostrProtocolTest, ADuplicateIsNoRefusal) {
  open({root});
  refuse(published(root, "a"), "duplicate: have it");
  EXPECT_THAT(relay.refusals(), testing::IsEmpty());
  EXPECT_TRUE(protocol.publish(now, root, "a"));
}

TEST_F(NostrProtocolTest, AClosedSubscriptionIsMadeAgainAfterGrowingWaits) {
  open({root, self});
  Duration last{};
  for (int i = 0; i < 12; ++i) {
    hear(protocol, now, json::serialize(json::array{"CLOSED", subscription, "error: busy"}));
    ASSERT_TRUE(protocol.next_timeout());
    const Duration wait = *protocol.next_timeout() - now;
    EXPECT_GE(wait, last);
    EXPECT_GE(wait, 5s);
    EXPECT_LE(wait, 10min);
    last = wait;
    protocol.handle_timeout(now + wait - 1ms);
    EXPECT_THAT(relay.take(), testing::IsEmpty());
    now += wait;
    protocol.handle_timeout(now);
    EXPECT_EQ(take_arrays(relay).at(0).at(0), "REQ");
  }
  EXPECT_EQ(last, Duration(10min));
  EXPECT_EQ(relay.refusals().size(), 12U);
  now += 2min;
  hear(protocol, now, json::serialize(json::array{"CLOSED", subscription, "error: busy"}));
  EXPECT_EQ(*protocol.next_timeout() - now, Duration(5s));
}

TEST_F(NostrProtocolTest, ASubscriptionAnsweredWithANoticeAloneIsMadeAgain) {
  open({root, self});
  hear(protocol, now, R"(["NOTICE","error: too many requests"])");
  ASSERT_EQ(protocol.next_timeout(), Deadline(now + 5s));
  hear(protocol, now, R"(["NOTICE","error: really"])");
  EXPECT_EQ(protocol.next_timeout(), Deadline(now + 5s));
  now += 5s;
  protocol.handle_timeout(now);
  EXPECT_EQ(take_arrays(relay).at(0).at(0), "REQ");

  hear(protocol, now, json::serialize(json::array{"EOSE", subscription}));
  hear(protocol, now, R"(["NOTICE","maintenance at noon"])");
  EXPECT_FALSE(protocol.next_timeout());
}

TEST_F(NostrProtocolTest, SurvivesWhatNoRelayShouldSend) {
  open({root});
  for (const std::string& bad : {
           std::string(),
           std::string("[]"),
           std::string("{}"),
           std::string("[1]"),
           std::string("nonsense"),
           std::string(R"(["EVENT"])"),
           std::string(R"(["EVENT","x"])"),
           std::string(R"(["OK"])"),
           std::string(R"(["OK","x","true",""])"),
           R"(["EVENT",")" + subscription + "\",{}]",
           std::string(100'000, '['),
           std::string(max_relay_frame_bytes + 1, ' '),
       }) {
    const std::size_t before = relay.dropped().size();
    hear(protocol, now, bad);
    EXPECT_EQ(relay.dropped().size(), before + 1) << bad.substr(0, 50);
  }
  hear(protocol, now, R"(["CLOSED"])");
  hear(protocol, now, R"(["CLOSED",7,7])");
  hear(protocol, now, R"(["EOSE"])");
  hear(protocol, now, R"(["AUTH","challenge"])");
  hear(protocol, now, R"(["SOMETHING","else"])");
  EXPECT_EQ(relay.notices().size(), 1U);
}

}  // namespace
}  // namespace roomwire::signal
