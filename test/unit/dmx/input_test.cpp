#include "dmx/input.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

const SourceId desk{"10.0.0.1"};
const SourceId other{"10.0.0.2"};

ArtDmx artnet(std::uint8_t sequence, std::initializer_list<std::uint8_t> levels) {
  ArtDmx packet;
  packet.sequence = sequence;
  packet.frame.size = static_cast<std::uint16_t>(levels.size());
  std::copy(levels.begin(), levels.end(), packet.frame.slots.begin());
  return packet;
}

SacnData sacn(std::uint8_t cid, std::uint8_t sequence, std::uint8_t level,
              std::uint8_t priority = 100) {
  SacnData packet;
  packet.cid[0] = cid;
  packet.source_name = "desk " + std::to_string(cid);
  packet.sequence = sequence;
  packet.priority = priority;
  packet.frame.size = 1;
  packet.frame.slots[0] = level;
  return packet;
}

class InputTest : public ::testing::Test, public ChangeSink {
 protected:
  void start(Duration timeout) {
    InputConfig config;
    config.merge.timeout = timeout;
    input.emplace(config, *this);
  }

  void changed(const Update& update) override {
    told.push_back(write_levels({&update, 1}, ChannelBase::zero));
    times.push_back(now);
  }

  void run(Duration time) {
    const Time end = now + time;
    while (const Deadline next = input->next_timeout()) {
      if (std::max(*next, now) > end) break;
      now = std::max(*next, now);
      input->handle_timeout(now);
    }
    now = end;
  }

  std::string taken() {
    std::string all;
    for (const std::string& text : told)
      all += text;
    told.clear();
    return all;
  }

  Time now = at(0s);
  std::optional<Input> input;
  std::vector<std::string> told;
  std::vector<Time> times;
};

TEST_F(InputTest, TellsWhatIsUpAtFirstAndThenChangesAlone) {
  start(artnet_source_timeout);
  ASSERT_TRUE(input->handle(desk, artnet(1, {0, 5}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":1,"value":5}])");
  ASSERT_TRUE(input->handle(desk, artnet(2, {0, 5}), now));
  run(100ms);
  EXPECT_EQ(taken(), "");
  ASSERT_TRUE(input->handle(desk, artnet(3, {0, 6}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":1,"value":6}])");
}

TEST_F(InputTest, WhoJoinsLateIsToldOnlyWhatIsUp) {
  start(artnet_source_timeout);
  ASSERT_TRUE(input->handle(desk, artnet(1, {3, 5}), now));
  run(100ms);
  ASSERT_TRUE(input->handle(desk, artnet(2, {0, 5}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":3},{"channel":1,"value":5}])"
                     R"([{"channel":0,"value":0}])");
  EXPECT_EQ(input->snapshot()->given, SlotSet().set(1));
  ASSERT_TRUE(input->handle(desk, artnet(3, {0, 0}), now));
  run(100ms);
  EXPECT_FALSE(input->snapshot());
}

TEST_F(InputTest, HearsAnArtNetDeskThatWasStartedAnew) {
  start(artnet_source_timeout);
  ASSERT_TRUE(input->handle(desk, artnet(15, {1}), now));
  run(400ms);
  EXPECT_FALSE(input->handle(desk, artnet(1, {2}), now));
  run(200ms);
  EXPECT_TRUE(input->handle(desk, artnet(1, {3}), now));
  EXPECT_FALSE(input->handle(desk, artnet(240, {4}), now));
}

TEST_F(InputTest, NamesItsUniverseIfItHasOne) {
  InputConfig config;
  config.universe = RoomUniverse(sacn_universe(5));
  input.emplace(config, *this);
  ASSERT_TRUE(input->handle(sacn(1, 0, 7), now));
  run(0s);
  EXPECT_EQ(taken(), R"([{"universe":5,"channels":[{"channel":0,"value":7}]}])");
  EXPECT_EQ(input->snapshot()->universe->number(), 5);
}

TEST_F(InputTest, TellsTheNewestAtMost44TimesASecond) {
  start(artnet_source_timeout);
  for (int i = 1; i <= 2000; ++i) {
    ASSERT_TRUE(input->handle(desk, artnet(0, {static_cast<std::uint8_t>(i)}), now));
    run(1ms);
  }
  EXPECT_LE(told.size(), 89U);
  EXPECT_GE(told.size(), 87U);
  told.clear();
  ASSERT_TRUE(input->handle(desk, artnet(0, {7}), now));
  ASSERT_TRUE(input->handle(desk, artnet(0, {9}), now));
  run(1s);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":9}])");
}

TEST_F(InputTest, TellsNothingOfWhatChangedBack) {
  start(artnet_source_timeout);
  ASSERT_TRUE(input->handle(desk, artnet(0, {1}), now));
  run(5ms);
  taken();
  ASSERT_TRUE(input->handle(desk, artnet(0, {2}), now));
  ASSERT_TRUE(input->handle(desk, artnet(0, {1}), now));
  run(1s);
  EXPECT_EQ(taken(), "");
}

TEST_F(InputTest, DropsWhatIsLate) {
  start(sacn_source_timeout);
  ASSERT_TRUE(input->handle(sacn(1, 10, 7), now));
  const auto late = input->handle(sacn(1, 9, 200), now);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, RefusalKind::sequence);
  ASSERT_FALSE(input->handle(sacn(1, 10, 200), now));
  // Another source counts for itself.
  ASSERT_TRUE(input->handle(sacn(2, 9, 8), now));
  ASSERT_TRUE(input->handle(sacn(1, 246, 9), now));
  run(1s);
  EXPECT_EQ(input->merger().slots()[0], 9);
}

TEST_F(InputTest, ForgetsTheNumbersOfASourceThatWasLost) {
  start(sacn_source_timeout);
  ASSERT_TRUE(input->handle(sacn(1, 10, 7), now));
  run(2600ms);
  EXPECT_FALSE(input->merger().has_sources());
  EXPECT_TRUE(input->handle(sacn(1, 3, 8), now));
}

TEST_F(InputTest, FallsBackWhenTheBetterDeskIsGone) {
  start(sacn_source_timeout);
  ASSERT_TRUE(input->handle(sacn(1, 0, 7), now));
  ASSERT_TRUE(input->handle(sacn(2, 0, 200, 150), now));
  run(0s);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200}])");
  SacnData end = sacn(2, 1, 200, 150);
  end.terminated = true;
  ASSERT_TRUE(input->handle(end, now));
  end.sequence = 2;
  ASSERT_TRUE(input->handle(end, now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":7}])");
  // And with the last one its levels stay.
  run(10s);
  EXPECT_FALSE(input->merger().has_sources());
  EXPECT_EQ(taken(), "");
  EXPECT_EQ(input->snapshot()->values[0], 7);
}

TEST_F(InputTest, TimesArtNetOutAfterTenSeconds) {
  start(artnet_source_timeout);
  ASSERT_TRUE(input->handle(desk, artnet(1, {7}), now));
  run(1s);
  ASSERT_TRUE(input->handle(other, artnet(1, {8}), now));
  run(8900ms);
  EXPECT_EQ(input->merger().sources().size(), 2U);
  run(200ms);
  EXPECT_EQ(input->merger().sources().size(), 1U);
}

TEST_F(InputTest, IgnoresPreviews) {
  start(sacn_source_timeout);
  SacnData preview = sacn(1, 0, 7);
  preview.preview = true;
  const auto refused = input->handle(preview, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "source 'desk 1' sends a preview, not for lights");
  EXPECT_FALSE(input->snapshot());
}

TEST_F(InputTest, KnowsTheNamesOfItsSources) {
  start(sacn_source_timeout);
  ASSERT_TRUE(input->handle(sacn(1, 0, 7), now));
  const auto views = input->merger().sources();
  EXPECT_EQ(views.at(0).id.str(), "01000000000000000000000000000000");
  EXPECT_EQ(input->name_of(views[0].id), "desk 1");
  EXPECT_EQ(input->name_of(desk), "");
}

}  // namespace
}  // namespace roomwire::dmx
