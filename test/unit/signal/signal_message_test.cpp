#include "signal/signal_message.hpp"

#include <gtest/gtest.h>

#include "captures.hpp"

namespace roomwire::signal {
namespace {

using Kind = SignalMessage::Kind;

TEST(SignalMessage, CapturedOnesSurviveARoundTrip) {
  for (const Capture& capture : captures()) {
    for (const RelayText& text : capture.relay) {
      if (!text.is_event()) continue;
      const auto message = parse_signal(text.content());
      ASSERT_TRUE(message);
      EXPECT_TRUE(message->from == capture.self || message->from == capture.peer);
      EXPECT_EQ(parse_signal(to_json(*message)), message);
      EXPECT_EQ(parse_json(to_json(*message)), parse_json(text.content()));
    }
  }
}

TEST(SignalMessage, ReadsWhatTrysteroReads) {
  EXPECT_EQ(parse_signal(R"({"peerId":"a"})"),
            (SignalMessage{PeerId("a"), Kind::announcement, {}, {}, false}));
  EXPECT_EQ(parse_signal(R"({"peerId":"a","passive":true,"new":[1]})"),
            (SignalMessage{PeerId("a"), Kind::announcement, {}, {}, true}));
  EXPECT_EQ(parse_signal(R"({"peerId":"a","offer":"x","offerId":"i","passive":1})"),
            (SignalMessage{PeerId("a"), Kind::offer, "x", "i", false}));
  EXPECT_EQ(parse_signal(R"({"answer":"x","peerId":"a","offerId":7})"),
            (SignalMessage{PeerId("a"), Kind::answer, "x", {}, false}));
  EXPECT_EQ(parse_signal(R"({"peerId":"a","answer":"x","candidate":"y"})"),
            (SignalMessage{PeerId("a"), Kind::candidate, "y", {}, false}));
}

TEST(SignalMessage, IgnoresWhatTrysteroIgnoresAndWhatIsBeyondItsBounds) {
  for (const std::string& bad : {
           std::string(""),
           std::string("[]"),
           std::string("null"),
           std::string("{}"),
           std::string(R"({"peerId":7})"),
           std::string(R"({"peerId":""})"),
           std::string(R"({"peerId":"a","offer":""})"),
           std::string(R"({"peerId":"a","offer":null})"),
           std::string(R"({"peerId":"a","offer":"x","answer":{}})"),
           std::string(R"({"peerId":"a\n"})"),
           std::string(R"({"peerId":"ü"})"),
           R"({"peerId":")" + std::string(65, 'a') + "\"}",
           R"({"peerId":"a","offer":"x","offerId":")" + std::string(65, 'a') + "\"}",
           R"({"peerId":"a","offer":")" + std::string(max_signal_bytes, 'a') + "\"}",
           R"({"peerId":"a","x":)" + std::string(10'000, '['),
       }) {
    EXPECT_FALSE(parse_signal(bad)) << bad.substr(0, 100);
  }
}

}  // namespace
}  // namespace roomwire::signal
