// The traffic of real peers, one of them played by a matchmaker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captures.hpp"
#include "matchmaker_world.hpp"

namespace roomwire::signal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Replay : public testing::TestWithParam<std::string> {};

TEST_P(Replay, PlaysThePartOfTheCapturedPeer) {
  const Capture captured = capture(GetParam());
  SeededEntropy entropy(1);
  MatchmakerDouble port;
  OwnedMatchmaker matchmaker({captured.app, captured.room, captured.password, captured.self, false},
                             port, entropy);
  const Topic peer_topic = self_topic(captured.app, captured.room, captured.peer);
  matchmaker.relay_ready(Time{}, relay_a);
  std::optional<std::string> offer_id;
  for (const RelayText& text : captured.relay) {
    if (text.out || !text.is_event()) continue;
    SignalMessage message = parse_signal(text.content()).value();
    if (message.kind == Kind::answer || message.kind == Kind::candidate) {
      if (offer_id) message.offer_id = offer_id;  // Ours is another than the captured peer's.
    }
    matchmaker.handle_signal(Time{}, relay_a, text.topic(), to_json(message));
    if (!port.published.empty() && port.published.back().message.kind == Kind::offer) {
      offer_id = port.published.back().message.offer_id;
    }
  }
  EXPECT_THAT(port.dropped, IsEmpty());
  const bool leads = captured.self < captured.peer;
  ASSERT_GE(port.log.size(), leads ? 2U : 1U);
  if (leads) {
    EXPECT_EQ(port.log[0], "offer to " + captured.peer.str());
    EXPECT_THAT(port.log[1], HasSubstr("accept v=0\r\n"));
  } else {
    EXPECT_THAT(port.log[0], HasSubstr("answer " + captured.peer.str() + ": v=0\r\n"));
  }
  EXPECT_EQ(port.published.back().topic, peer_topic);
  EXPECT_EQ(port.published.back().message.kind, leads ? Kind::offer : Kind::answer);
}

INSTANTIATE_TEST_SUITE_P(Vectors, Replay,
                         testing::Values("23-listen", "23-speak", "25-listen", "25-speak",
                                         "25-pw-listen", "25-pw-speak"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace roomwire::signal
