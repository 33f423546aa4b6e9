#include "signal/names.hpp"

#include <gtest/gtest.h>

#include <set>

#include "captures.hpp"
#include "signal/signal_message.hpp"

namespace roomwire::signal {
namespace {

TEST(Names, TopicsAreThoseThatTrysteroPublishesOn) {
  const auto all = captures();
  ASSERT_EQ(all.size(), 6U);
  for (const Capture& capture : all) {
    const std::set<Topic> expected{root_topic(capture.app, capture.room),
                                   self_topic(capture.app, capture.room, capture.self),
                                   self_topic(capture.app, capture.room, capture.peer)};
    ASSERT_EQ(expected.size(), 3U);
    std::set<Topic> seen;
    for (const RelayText& text : capture.relay) {
      if (text.is_event()) seen.insert(text.topic());
    }
    EXPECT_EQ(seen, expected) << capture.name;
  }
}

TEST(SignalCipher, DecryptsEveryCapturedDescriptionAndCandidate) {
  std::size_t descriptions = 0;
  std::size_t candidates = 0;
  for (const Capture& capture : captures()) {
    const SignalCipher cipher(capture.password, capture.app, capture.room);
    const SignalCipher other(capture.password + "x", capture.app, capture.room);
    for (const RelayText& text : capture.relay) {
      if (!text.is_event()) continue;
      const auto message = parse_signal(text.content());
      ASSERT_TRUE(message) << text.content();
      if (message->kind == SignalMessage::Kind::announcement) continue;
      const auto plain = cipher.decrypt(message->body);
      ASSERT_TRUE(plain) << capture.name << ": " << plain.error().message;
      if (message->kind == SignalMessage::Kind::candidate) {
        ++candidates;
        EXPECT_TRUE(parse_json(*plain).value().as_object().contains("candidate")) << *plain;
      } else {
        ++descriptions;
        EXPECT_EQ(plain->substr(0, 5), "v=0\r\n");
      }
      EXPECT_EQ(other.decrypt(message->body).error().kind, ErrorKind::rejected);
    }
  }
  EXPECT_GE(descriptions, 12U);
  EXPECT_GE(candidates, 12U);
}

TEST(SignalCipher, DecryptsWhatItEncrypts) {
  SeededEntropy entropy(1);
  const SignalCipher cipher("żółć", AppId("app"), RoomId("room 🎛"));
  for (const std::string& plain : {std::string(), std::string("ü"), std::string(70'000, 'x')}) {
    const std::string text = cipher.encrypt(plain, entropy);
    EXPECT_EQ(cipher.decrypt(text).value(), plain);
    EXPECT_NE(cipher.encrypt(plain, entropy), text);
  }
}

TEST(SignalCipher, SaysWhichTextsAreNoneOfItsKind) {
  SeededEntropy entropy(1);
  const SignalCipher cipher("", AppId("app"), RoomId("room"));
  const std::string good = cipher.encrypt("v=0", entropy);
  const std::string sealed = good.substr(good.find('$'));
  for (const std::string& bad :
       {std::string(), std::string("$"), sealed, good.substr(0, good.size() - 1), "1,2,3" + sealed,
        "256" + good.substr(good.find(',')), good.substr(0, good.find('$')), "1," + good,
        "x" + good, ",," + good, good + "*"}) {
    EXPECT_EQ(cipher.decrypt(bad).error().kind, ErrorKind::invalid_input) << bad;
  }
  EXPECT_EQ(cipher.decrypt(good.substr(0, good.find('$')) + "$AAAA").error().kind,
            ErrorKind::rejected);
  EXPECT_EQ(cipher.decrypt(cipher.encrypt("\xff", entropy)).error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace roomwire::signal
