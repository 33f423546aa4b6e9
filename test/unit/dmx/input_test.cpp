#include "dmx/input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

const Endpoint desk{IpAddress::v4({10, 0, 0, 1}), 6454};
const Endpoint other{IpAddress::v4({10, 0, 0, 2}), 6454};
/// Another program on the machine of `desk`.
const Endpoint beside{desk.address, 40'000};

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

class InputTest : public ::testing::Test, public InputSink {
 protected:
  void start(Protocol protocol) {
    InputConfig config;
    config.protocol = protocol;
    const bool artnet = protocol == Protocol::artnet;
    config.merge.timeout = artnet ? artnet_source_timeout : sacn_source_timeout;
    config.merge.keep_alive = artnet ? artnet_keep_alive : sacn_keep_alive;
    input.emplace(config, *this);
  }

  void changed(const Update& update) override {
    told.push_back(write_levels({&update, 1}, ChannelBase::zero));
    times.push_back(now);
  }

  void noticed(const std::string& line) override { notices.push_back(line); }

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
  std::vector<std::string> notices;
};

TEST_F(InputTest, TellsWhatIsUpAtFirstAndThenChangesAlone) {
  start(Protocol::artnet);
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
  start(Protocol::artnet);
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
  start(Protocol::artnet);
  ASSERT_TRUE(input->handle(desk, artnet(15, {1}), now));
  run(400ms);
  EXPECT_FALSE(input->handle(desk, artnet(1, {2}), now));
  run(200ms);
  EXPECT_TRUE(input->handle(desk, artnet(1, {3}), now));
  EXPECT_FALSE(input->handle(desk, artnet(240, {4}), now));
  // At once when it counts on.
  EXPECT_TRUE(input->handle(desk, artnet(241, {5}), now));
}

TEST_F(InputTest, NamesItsUniverseIfItHasOne) {
  InputConfig config;
  config.universe = RoomUniverse(sacn_universe(5));
  input.emplace(config, *this);
  ASSERT_TRUE(input->handle(desk, sacn(1, 0, 7), now));
  run(0s);
  EXPECT_EQ(taken(), R"([{"universe":5,"channels":[{"channel":0,"value":7}]}])");
  EXPECT_EQ(input->snapshot()->universe->number(), 5);
}

TEST_F(InputTest, TellsTheNewestAtMost44TimesASecond) {
  start(Protocol::artnet);
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
  start(Protocol::artnet);
  ASSERT_TRUE(input->handle(desk, artnet(0, {1}), now));
  run(5ms);
  taken();
  ASSERT_TRUE(input->handle(desk, artnet(0, {2}), now));
  ASSERT_TRUE(input->handle(desk, artnet(0, {1}), now));
  run(1s);
  EXPECT_EQ(taken(), "");
}

TEST_F(InputTest, DropsWhatIsLate) {
  start(Protocol::sacn);
  ASSERT_TRUE(input->handle(desk, sacn(1, 10, 7), now));
  const auto late = input->handle(desk, sacn(1, 9, 200), now);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, RefusalKind::sequence);
  ASSERT_FALSE(input->handle(desk, sacn(1, 10, 200), now));
  // Another source counts for itself.
  ASSERT_TRUE(input->handle(desk, sacn(2, 9, 8), now));
  ASSERT_TRUE(input->handle(desk, sacn(1, 246, 9), now));
  run(1s);
  EXPECT_EQ(input->merger().slots()[0], 9);
}

TEST_F(InputTest, ForgetsTheNumbersOfASourceThatWasLost) {
  start(Protocol::sacn);
  ASSERT_TRUE(input->handle(desk, sacn(1, 10, 7), now));
  run(2600ms);
  EXPECT_FALSE(input->merger().has_sources());
  EXPECT_TRUE(input->handle(desk, sacn(1, 3, 8), now));
}

TEST_F(InputTest, FallsBackWhenTheBetterDeskIsGone) {
  start(Protocol::sacn);
  ASSERT_TRUE(input->handle(desk, sacn(1, 0, 7), now));
  ASSERT_TRUE(input->handle(desk, sacn(2, 0, 200, 150), now));
  run(0s);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200}])");
  SacnData end = sacn(2, 1, 200, 150);
  end.terminated = true;
  ASSERT_TRUE(input->handle(desk, end, now));
  end.sequence = 2;
  ASSERT_TRUE(input->handle(desk, end, now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":7}])");
  // And with the last one its levels stay.
  run(10s);
  EXPECT_FALSE(input->merger().has_sources());
  EXPECT_EQ(taken(), "");
  EXPECT_EQ(input->snapshot()->values[0], 7);
}

TEST_F(InputTest, TimesArtNetOutAfterTenSeconds) {
  start(Protocol::artnet);
  ASSERT_TRUE(input->handle(desk, artnet(1, {7}), now));
  run(1s);
  ASSERT_TRUE(input->handle(other, artnet(1, {8}), now));
  run(8s);
  ASSERT_TRUE(input->handle(other, artnet(2, {8}), now));
  run(900ms);
  EXPECT_EQ(input->merger().sources().size(), 2U);
  run(200ms);
  EXPECT_EQ(input->merger().sources().size(), 1U);
}

TEST_F(InputTest, IgnoresPreviews) {
  start(Protocol::sacn);
  SacnData preview = sacn(1, 0, 7);
  preview.preview = true;
  const auto refused = input->handle(desk, preview, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "'desk 1' at 10.0.0.1:6454 sends a preview, not for lights");
  EXPECT_FALSE(input->snapshot());
}

TEST_F(InputTest, KnowsTheNamesOfItsSources) {
  start(Protocol::sacn);
  ASSERT_TRUE(input->handle(desk, sacn(1, 0, 7), now));
  EXPECT_EQ(input->name_of(input->merger().sources().at(0).id), "'desk 1' at 10.0.0.1:6454");
  start(Protocol::artnet);
  ASSERT_TRUE(input->handle(desk, artnet(0, {7}), now));
  EXPECT_EQ(input->name_of(input->merger().sources().at(0).id), "10.0.0.1:6454");
  EXPECT_EQ(input->name_of(SourceId("nobody")), "nobody");
}

TEST_F(InputTest, ADeskThatBeginsTakesOnlyWhatItHasUp) {
  start(Protocol::artnet);
  ASSERT_TRUE(input->handle(desk, artnet(1, {100, 100, 100}), now));
  run(100ms);
  taken();
  ASSERT_TRUE(input->handle(other, artnet(1, {0, 0, 7}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":2,"value":7}])");
  // Started anew, it takes no more than that, and lets go of what it had taken.
  ASSERT_TRUE(input->handle(other, artnet(200, {50, 0, 7}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":50}])");
  ASSERT_TRUE(input->handle(other, artnet(1, {0, 0, 7}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":100}])");
  // And when it is back after a time-out.
  run(9s);
  ASSERT_TRUE(input->handle(desk, artnet(2, {100, 100, 100}), now));
  run(1s);
  EXPECT_EQ(taken(), R"([{"channel":2,"value":100}])");
  ASSERT_TRUE(input->handle(other, artnet(2, {0, 0, 7}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":2,"value":7}])");
  // What it moves is its.
  ASSERT_TRUE(input->handle(other, artnet(3, {0, 9, 7}), now));
  ASSERT_TRUE(input->handle(other, artnet(4, {0, 0, 7}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":1,"value":0}])");
}

TEST_F(InputTest, TellsTwoProgramsOnOneMachineApart) {
  start(Protocol::artnet);
  // Each with numbers of its own, so that one would be late all the time.
  for (std::uint8_t i = 1; i < 9; ++i) {
    ASSERT_TRUE(input->handle(desk, artnet(static_cast<std::uint8_t>(100 + i), {200, 0}), now));
    ASSERT_TRUE(input->handle(beside, artnet(static_cast<std::uint8_t>(90 + i), {0, 50}), now));
    run(500ms);
  }
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200},{"channel":1,"value":50}])");
}

TEST_F(InputTest, TellsTwoProgramsWithOneCidApartAndSaysSo) {
  start(Protocol::sacn);
  SacnData main = sacn(9, 0, 200, 150);
  main.source_name = "main";
  SacnData backup = sacn(9, 100, 50, 50);
  backup.source_name = "backup";
  for (int i = 0; i < 40; ++i) {
    ++main.sequence;
    ++backup.sequence;
    ASSERT_TRUE(input->handle(desk, main, now));
    run(10ms);
    ASSERT_TRUE(input->handle(other, backup, now));
    run(15ms);
  }
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200}])");
  EXPECT_GT(notices.size(), 70U);
  EXPECT_EQ(std::set(notices.begin(), notices.end()),
            (std::set<std::string>{
                "two programs send as one source: 'backup' at 10.0.0.2:6454 and 'main' at "
                "10.0.0.1:6454 have the same CID. They are told apart here, but not by consoles: "
                "give each a CID of its own"}));
}

TEST_F(InputTest, TellsProgramsOfOneNameAndCidApartByTheirPort) {
  start(Protocol::sacn);
  for (std::uint8_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(input->handle(desk, sacn(9, i, 200, 150), now));
    run(10ms);
    ASSERT_TRUE(input->handle(beside, sacn(9, i, 50, 50), now));
    run(15ms);
  }
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200}])");
  EXPECT_EQ(std::set(notices.begin(), notices.end()).size(), 1U);
}

TEST_F(InputTest, SaysNothingOfOneProgramThatMovesOrHasTwoAddresses) {
  start(Protocol::sacn);
  for (std::uint8_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(input->handle(desk, sacn(9, i, 200), now));
    run(1ms);
    ASSERT_TRUE(input->handle(other, sacn(9, i, 200), now));
    run(20ms);
  }
  // Started anew, from another port.
  for (std::uint8_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(input->handle(beside, sacn(9, i, 201), now));
    run(20ms);
  }
  EXPECT_TRUE(notices.empty());
}

SacnData priorities(std::uint8_t cid, std::uint8_t sequence,
                    std::initializer_list<std::uint8_t> of_slots) {
  SacnData packet = sacn(cid, sequence, 0);
  packet.start_code = priorities_start_code;
  packet.frame.size = static_cast<std::uint16_t>(of_slots.size());
  std::copy(of_slots.begin(), of_slots.end(), packet.frame.slots.begin());
  return packet;
}

SacnData row_of(std::uint8_t cid, std::uint8_t sequence, std::uint8_t level) {
  SacnData packet = sacn(cid, sequence, level);
  packet.frame.size = 3;
  packet.frame.slots[1] = packet.frame.slots[2] = level;
  return packet;
}

TEST_F(InputTest, HeedsPrioritiesOfChannels) {
  start(Protocol::sacn);
  ASSERT_TRUE(input->handle(desk, row_of(1, 0, 10), now));
  run(100ms);
  taken();
  // Before the first levels, with which they are counted together.
  ASSERT_TRUE(input->handle(other, priorities(2, 0, {99, 101}), now));
  run(100ms);
  EXPECT_EQ(taken(), "");
  ASSERT_TRUE(input->handle(other, row_of(2, 1, 20), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":1,"value":20}])");
  ASSERT_TRUE(input->handle(other, priorities(2, 2, {200, 0}), now));
  run(100ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":20},{"channel":1,"value":10}])");
  EXPECT_TRUE(notices.empty());
}

TEST_F(InputTest, HeedsPrioritiesOfChannelsForAsLongAsTheyAreSaid) {
  start(Protocol::sacn);
  ASSERT_TRUE(input->handle(desk, row_of(1, 0, 10), now));
  SacnData main = row_of(2, 0, 20);
  main.priority = 150;
  ASSERT_TRUE(input->handle(other, priorities(2, 0, {150}), now));
  std::uint8_t number = 0;
  const auto speak = [&] {
    ASSERT_TRUE(input->handle(desk, row_of(1, ++number, 10), now));
    main.sequence = number;
    ASSERT_TRUE(input->handle(other, main, now));
    run(500ms);
  };
  for (int i = 0; i < 5; ++i)
    speak();
  EXPECT_EQ(taken(), R"([{"channel":0,"value":20},{"channel":1,"value":10},)"
                     R"({"channel":2,"value":10}])");
  speak();
  EXPECT_EQ(taken(), R"([{"channel":1,"value":20},{"channel":2,"value":20}])");
}

TEST_F(InputTest, ForgetsOneWhoSaysPrioritiesAlone) {
  start(Protocol::sacn);
  for (std::uint8_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(input->handle(desk, priorities(1, i, {200}), now));
    run(1s);
  }
  run(3s);
  EXPECT_FALSE(input->merger().has_sources());
  EXPECT_EQ(taken(), "");
}

TEST_F(InputTest, DoesNotFlashWhenTwoDesksVanishTogether) {
  start(Protocol::sacn);
  for (std::uint8_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(input->handle(desk, sacn(1, i, 200, 150), now));
    run(400ms);
    ASSERT_TRUE(input->handle(other, sacn(2, i, 50, 100), now));
    run(400ms);
  }
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200}])");
  run(1min);
  EXPECT_FALSE(input->merger().has_sources());
  EXPECT_EQ(taken(), "");
}

TEST_F(InputTest, HearsWhoIsThereBeforeItTellsAnything) {
  InputConfig config;
  config.protocol = Protocol::sacn;
  config.merge.timeout = sacn_source_timeout;
  config.quiet_until = now + sacn_sampling_period;
  input.emplace(config, *this);
  ASSERT_TRUE(input->handle(desk, sacn(1, 0, 50, 100), now));
  run(900ms);
  ASSERT_TRUE(input->handle(other, sacn(2, 0, 200, 150), now));
  run(599ms);
  EXPECT_EQ(taken(), "");
  run(1ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":200}])");
  // From then on at once.
  run(100ms);
  ASSERT_TRUE(input->handle(other, sacn(2, 1, 201, 150), now));
  run(0s);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":201}])");
}

TEST_F(InputTest, TakesOneWhoOpensASocketForEachPacketForOne) {
  start(Protocol::artnet);
  Endpoint from = desk;
  for (int i = 0; i < 400; ++i) {
    from.port = static_cast<std::uint16_t>(40'000 + i);
    ASSERT_TRUE(input->handle(from, artnet(0, {static_cast<std::uint8_t>(400 - i)}), now));
    run(25ms);
  }
  EXPECT_LE(input->merger().sources().size(), Senders::max_who_spoke_once);
  from.port = 50'000;
  taken();
  ASSERT_TRUE(input->handle(from, artnet(0, {0}), now));
  run(25ms);
  EXPECT_EQ(taken(), R"([{"channel":0,"value":0}])");
  // Beside it another one is heard that keeps its port.
  for (int i = 0; i < 5; ++i) {
    (void)input->handle(beside, artnet(0, {0, 7}), now);
    run(25ms);
  }
  EXPECT_EQ(taken(), R"([{"channel":1,"value":7}])");
}

}  // namespace
}  // namespace roomwire::dmx
