#include "cli/screen/monitor_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const PeerId ada("AdaAdaAdaAdaAdaAdaAd");
const PeerId bob("BobBobBobBobBobBobBo");

class MonitorTableTest : public testing::Test {
 protected:
  void take(const std::string& channel, Payload payload, const PeerId& from = ada) {
    table.take(now, channel, {from, std::move(payload), std::nullopt});
  }
  std::string text(std::size_t lines = 24) const { return table.text(now, lines); }

  MonitorTable::Time now{100s};
  MonitorTable table{now, "my-room"};
};

TEST_F(MonitorTableTest, AnEmptyRoom) {
  EXPECT_EQ(text(), "room my-room: 0 peers, 0 channels, 0 messages (0/s)");
}

TEST_F(MonitorTableTest, ChannelsWithCountSenderAgeAndLastValue) {
  take("osc", Json::parse(R"({"address": "/x"})").value());
  take("chat", "first");
  now += 3s;
  take("chat", "last", bob);
  take("dmx", Bytes{1, 2, 3});
  EXPECT_THAT(text(), StartsWith("room my-room: 0 peers, 3 channels, 4 messages"));
  EXPECT_THAT(text(), ContainsRegex("\nCHANNEL  .*LAST VALUE\n"));
  EXPECT_THAT(text(), ContainsRegex("\nchat +2 +0  BobBobBo +0 s  \"last\"\n"));
  EXPECT_THAT(text(), ContainsRegex("\ndmx +1 +0  AdaAdaAd +0 s  3 bytes\n"));
  EXPECT_THAT(text(), ContainsRegex("\nosc +1 +0  AdaAdaAd +3 s  .\"address\":\"/x\".$"));
}

TEST_F(MonitorTableTest, RatesAreThoseOfTheLastTwoIntervals) {
  for (int i = 0; i < 30; ++i) {
    if (i % 10 == 0) {
      now += 500ms;
      table.tick(now);
    }
    take("fader", "x");
  }
  EXPECT_THAT(text(), HasSubstr("30 messages (20/s)"));
  EXPECT_THAT(text(), ContainsRegex("\nfader +30 +20 "));
  for (int i = 0; i < 3; ++i)
    table.tick(now += 500ms);
  EXPECT_THAT(text(), HasSubstr("30 messages (0/s)"));
}

TEST_F(MonitorTableTest, PeersWithRoundTripAndPath) {
  table.joined(ada, Path{Path::Kind::local, "", "192.168.1.7:5"});
  table.joined(bob, std::nullopt);
  table.measured(ada, 1234us);
  EXPECT_THAT(text(), ContainsRegex("\nAda[Ada]+ +1.2 ms  192.168.1.7:5 \\(local network\\)\n"));
  EXPECT_THAT(text(), ContainsRegex("\nBob[Bob]+ *$"));
  table.measured(ada, std::nullopt);
  EXPECT_THAT(text(), ContainsRegex("\nAda[Ada]+  no answer  "));
  table.measured(ada, 5ms);
  EXPECT_THAT(text(), ContainsRegex("\nAda[Ada]+ +5.0 ms  "));
  table.left(ada);
  table.measured(ada, 1ms);
  EXPECT_THAT(text(), StartsWith("room my-room: 1 peer, "));
  EXPECT_THAT(text(), Not(HasSubstr("Ada")));
}

TEST_F(MonitorTableTest, FitsTheTerminal) {
  for (int i = 0; i < 100; ++i) {
    take("channel " + std::to_string(i), "x");
    table.joined(PeerId("peer " + std::to_string(i)), std::nullopt);
  }
  for (const std::size_t lines : {6U, 7U, 10U, 24U, 80U, 300U}) {
    const std::string shown = text(lines);
    EXPECT_LE(static_cast<std::size_t>(std::count(shown.begin(), shown.end(), '\n')) + 1, lines);
    EXPECT_THAT(shown, HasSubstr("CHANNEL"));
    if (lines < 200) {
      EXPECT_THAT(shown, ContainsRegex("\n... and [0-9]+ more"));
    }
  }
  EXPECT_THAT(text(300), HasSubstr("\nchannel 99 "));
}

TEST_F(MonitorTableTest, NobodyCanFillItsMemoryOrSteerTheTerminal) {
  for (std::size_t i = 0; i < MonitorTable::max_channels + 50; ++i)
    take(std::to_string(1000 + i), std::string(100'000, 'x'));
  EXPECT_THAT(text(1000), HasSubstr("256 channels, 306 messages"));
  EXPECT_THAT(text(1000), ContainsRegex("\n\\(others\\) +50 "));
  EXPECT_LT(text(1000).size(), 100'000U);
  take("1000", "\x1b[2J\n", PeerId("\x1b[2J"));
  EXPECT_THAT(text(1000), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace roomwire::cli
