#include "signal/ws_relay_protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/json_value.hpp"
#include "relay_protocol_double.hpp"
#include "signal/names.hpp"

namespace roomwire::signal {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class WsRelayProtocolTest : public testing::Test {
 protected:
  void open(std::initializer_list<Topic> topics) {
    for (const Topic& topic : topics)
      protocol.subscribe(now, topic);
    protocol.opened(now);
    relay.take();
  }
  void expect_silence() {
    EXPECT_THAT(relay.payloads(), IsEmpty());
    EXPECT_THAT(relay.notices(), IsEmpty());
    EXPECT_THAT(relay.take(), IsEmpty());
  }

  WsRelayProtocol protocol;
  RelayProtocolDouble relay{protocol};
  Time now{};
  const Topic root{"root"};
  const Topic self{"self"};
  const Topic other{"other"};
};

TEST_F(WsRelayProtocolTest, WritesTheTextsThatTrysterosRelayReads) {
  protocol.opened(now);
  protocol.subscribe(now, root);
  EXPECT_THAT(relay.take(), ElementsAre(R"({"type":"subscribe","topic":"root"})"));
  EXPECT_TRUE(protocol.publish(now, root, R"({"peerId":"zed"})"));
  EXPECT_THAT(relay.take(),
              ElementsAre(R"({"type":"publish","topic":"root","payload":"{\"peerId\":\"zed\"}"})"));
  protocol.unsubscribe(now, root);
  EXPECT_THAT(relay.take(), ElementsAre(R"({"type":"unsubscribe","topic":"root"})"));
}

TEST_F(WsRelayProtocolTest, PublishesToTopicsOfOthersToo) {
  open({root});
  EXPECT_TRUE(protocol.publish(now, other, "hello"));
  EXPECT_THAT(relay.take(), ElementsAre(R"({"type":"publish","topic":"other","payload":"hello"})"));
}

TEST_F(WsRelayProtocolTest, SubscribingTwiceIsSubscribingOnce) {
  protocol.opened(now);
  protocol.subscribe(now, root);
  protocol.subscribe(now, root);
  EXPECT_THAT(relay.take(), SizeIs(1));
  protocol.unsubscribe(now, root);
  protocol.unsubscribe(now, root);
  protocol.unsubscribe(now, other);
  EXPECT_THAT(relay.take(), SizeIs(1));
}

TEST_F(WsRelayProtocolTest, SaysNothingWithoutAConnection) {
  protocol.subscribe(now, root);
  protocol.subscribe(now, self);
  protocol.unsubscribe(now, self);
  EXPECT_FALSE(protocol.publish(now, root, "hello"));
  EXPECT_THAT(relay.take(), IsEmpty());
  protocol.opened(now);
  EXPECT_THAT(relay.take(), ElementsAre(R"({"type":"subscribe","topic":"root"})"));
}

TEST_F(WsRelayProtocolTest, SubscribesAnewOnANewConnectionToWhatIsWantedThen) {
  open({root, self});
  protocol.closed();
  EXPECT_FALSE(protocol.publish(now, root, "lost"));
  protocol.unsubscribe(now, self);
  protocol.subscribe(now, other);
  EXPECT_THAT(relay.take(), IsEmpty());
  protocol.opened(now);
  EXPECT_THAT(relay.take(), UnorderedElementsAre(R"({"type":"subscribe","topic":"root"})",
                                                 R"({"type":"subscribe","topic":"other"})"));
  EXPECT_TRUE(protocol.publish(now, root, "kept"));
}

TEST_F(WsRelayProtocolTest, TakesAPayloadThatIsAString) {
  open({root, self});
  hear(protocol, now, R"({"topic":"self","payload":"{\"offer\":\"a\\nb\"}"})");
  hear(protocol, now, R"({"topic":"root","payload":""})");
  EXPECT_THAT(relay.payloads(), ElementsAre(Pair(self, R"({"offer":"a\nb"})"), Pair(root, "")));
  EXPECT_THAT(relay.dropped(), IsEmpty());
}

TEST_F(WsRelayProtocolTest, TakesAPayloadThatIsAnyOtherJsonValueAsItsText) {
  open({root});
  for (const char* payload : {R"({"peerId":"abc","n":[1,null]})", "[]", "7", "true", "null"}) {
    relay.payloads().clear();
    hear(protocol, now, std::string(R"({"topic":"root","payload":)") + payload + "}");
    EXPECT_THAT(relay.payloads(), ElementsAre(Pair(root, payload)));
  }
  EXPECT_THAT(relay.dropped(), IsEmpty());
}

TEST_F(WsRelayProtocolTest, IgnoresMembersThatItDoesNotKnow) {
  open({root});
  hear(protocol, now, R"( {"message":"m", "payload":"p", "type":"publish", "topic":"root"} )");
  EXPECT_THAT(relay.payloads(), ElementsAre(Pair(root, "p")));
  EXPECT_THAT(relay.notices(), IsEmpty());
}

TEST_F(WsRelayProtocolTest, IgnoresTopicsOfOthersAndThoseItHasLeft) {
  open({root, self});
  protocol.unsubscribe(now, self);
  relay.take();
  hear(protocol, now, R"({"topic":"other","payload":"p"})");
  hear(protocol, now, R"({"topic":"self","payload":"late"})");
  expect_silence();
  EXPECT_THAT(relay.dropped(), IsEmpty());  // Nothing is wrong with it.
}

TEST_F(WsRelayProtocolTest, TellsWhatTheRelayRefused) {
  open({root});
  hear(protocol, now, R"({"type":"error","message":"rate-limited: slow down"})");
  EXPECT_THAT(relay.refusals(), ElementsAre("rate-limited: slow down"));
  EXPECT_THAT(relay.dropped(), IsEmpty());
  EXPECT_THAT(relay.payloads(), IsEmpty());
}

TEST_F(WsRelayProtocolTest, DropsWhatIsNotOfItsProtocol) {
  open({root});
  const std::string deep = std::string(R"({"topic":"root","payload":)") + std::string(5000, '[') +
                           std::string(5000, ']') + "}";
  const std::vector<std::string> garbage = {
      "",
      "hello",
      "{",
      "null",
      "[]",
      R"("root")",
      "{}",
      R"(["EVENT","id",{}])",
      R"({"topic":"root"})",
      R"({"payload":"p"})",
      R"({"topic":7,"payload":"p"})",
      R"({"topic":"","payload":"p"})",
      R"({"message":{"no":"text"}})",
      R"({"topic":"root","payload":"p"} {})",
      "{\"topic\":\"root\",\"payload\":\"\xff\"}",
      deep,
  };
  for (const std::string& text : garbage) {
    SCOPED_TRACE(text.substr(0, 60));
    relay.dropped().clear();
    hear(protocol, now, text);
    EXPECT_THAT(relay.dropped(), SizeIs(1));
    expect_silence();
  }
  hear(protocol, now, R"({"topic":"root","payload":"still here"})");
  EXPECT_THAT(relay.payloads(), ElementsAre(Pair(root, "still here")));
}

TEST_F(WsRelayProtocolTest, ReadsATextOfTheLargestSizeAndNoLongerOne) {
  open({root});
  const std::string head = R"({"topic":"root","payload":")";
  const std::string tail = R"("})";
  const std::string payload(max_relay_frame_bytes - head.size() - tail.size(), 'x');
  hear(protocol, now, head + payload + "x" + tail);
  EXPECT_THAT(relay.dropped(), SizeIs(1));
  EXPECT_THAT(relay.payloads(), IsEmpty());
  hear(protocol, now, head + payload + tail);
  EXPECT_THAT(relay.payloads(), ElementsAre(Pair(root, payload)));
}

TEST_F(WsRelayProtocolTest, WhatIsPublishedComesBackAsItWas) {
  const Topic topic = root_topic(AppId("app"), RoomId("room"));
  open({topic});
  for (const std::string payload : {R"({"peerId":"zed","offer":"v=0\r\n"})", "",
                                    "line\n\"quoted\" \\ tab\t", "ünï 🎛 \x01"}) {
    ASSERT_TRUE(protocol.publish(now, topic, payload));
    // What a relay does: the topic and the payload go to all who subscribed, the sender included.
    const json::object sent = parse_json(relay.take().at(0)).value().as_object();
    hear(protocol, now,
         json::serialize(
             json::object{{"topic", sent.at("topic")}, {"payload", sent.at("payload")}}));
    ASSERT_THAT(relay.payloads(), SizeIs(1));
    EXPECT_THAT(relay.payloads(), ElementsAre(Pair(topic, payload)));
    relay.payloads().clear();
  }
}

TEST_F(WsRelayProtocolTest, HasNoDeadlines) {
  open({root});
  EXPECT_TRUE(protocol.publish(now, root, "hello"));
  EXPECT_EQ(protocol.next_timeout(), std::nullopt);
}

}  // namespace
}  // namespace roomwire::signal
