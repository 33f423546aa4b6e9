#include "dmx/output.hpp"

#include <gtest/gtest.h>

#include <random>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

const SourceId alice{"alice"};
const SourceId bob{"bob"};
constexpr Duration interval = Duration(1s) / 44;

struct Sent {
  Time time;
  Bytes packet;

  ArtDmx artnet() const { return std::get<ArtDmx>(decode_artnet(packet).value()); }
  SacnData sacn() const { return std::get<SacnData>(decode_sacn(packet).value()); }
};

OutputConfig artnet_config() {
  OutputConfig config;
  config.target = ArtNetTarget{port_address("0.0.1")};
  return config;
}

OutputConfig sacn_config() {
  OutputConfig config;
  SacnTarget target;
  target.universe = sacn_universe(5);
  target.cid[0] = 7;
  target.source_name = "roomwire";
  target.priority = 120;
  config.target = target;
  return config;
}

/// An output, its packets and a clock.
class World : public PacketSink {
 public:
  explicit World(OutputConfig config) : output(std::move(config), *this) {}

  void send(ByteView packet) override { sent.push_back({now, {packet.begin(), packet.end()}}); }

  /// Lets time pass; every timer is `late`.
  void run_until(Time end, Duration late = 0s) {
    for (int steps = 0; steps < 100'000; ++steps) {
      const Deadline next = output.next_timeout();
      if (!next || std::max(*next + late, now) > end) break;
      now = std::max(*next + late, now);
      output.handle_timeout(now);
    }
    now = end;
  }
  void run(Duration time) { run_until(now + time); }

  void set(std::size_t slot, std::uint8_t value, const SourceId& source = alice) {
    refused = output.update(source, named(slot, value), now).count;
  }

  std::vector<int> levels(std::size_t slot) const {
    std::vector<int> out;
    for (const Sent& packet : sent)
      out.push_back(packet.artnet().frame.slots[slot]);
    return out;
  }

  Time now = at(0s);
  std::vector<Sent> sent;
  std::size_t refused = 0;
  Output output;
};

TEST(Output, SendsNothingBeforeTheFirstUpdate) {
  World world(artnet_config());
  world.run(10s);
  EXPECT_TRUE(world.sent.empty());
  // And nothing at the end, if there was none.
  world.output.finish(world.now);
  EXPECT_TRUE(world.output.finished());
  EXPECT_FALSE(world.output.next_timeout());
}

TEST(Output, SendsAChangeAtOnceAndTwiceMoreAndThenKeepsAlive) {
  World world(artnet_config());
  world.set(0, 255);
  world.run(5s);
  ASSERT_GE(world.sent.size(), 4U);
  EXPECT_EQ(world.sent[0].time, at(0s));
  EXPECT_LE(std::chrono::abs(world.sent[1].time - at(interval)), 1us);
  EXPECT_LE(std::chrono::abs(world.sent[2].time - at(2 * interval)), 1us);
  for (std::size_t i = 3; i < world.sent.size(); ++i) {
    const Duration gap = world.sent[i].time - world.sent[i - 1].time;
    EXPECT_GE(gap, 800ms);
    EXPECT_LE(gap, 1000ms);
  }
  for (std::size_t i = 0; i < world.sent.size(); ++i) {
    EXPECT_EQ(world.sent[i].artnet().sequence, i + 1);
    EXPECT_EQ(world.sent[i].artnet().port_address, port_address("0.0.1"));
    EXPECT_EQ(world.sent[i].artnet().frame.size, 512);
    EXPECT_EQ(world.sent[i].artnet().frame.slots[0], 255);
  }
  EXPECT_EQ(world.output.packets_sent(), world.sent.size());
}

TEST(Output, SendsTheFirstFrameEvenWhenItIsDark) {
  World world(artnet_config());
  world.set(0, 0);
  world.run(100ms);
  EXPECT_EQ(world.sent.size(), 3U);
}

TEST(Output, MakesOneFrameOfTheMessagesOfATurn) {
  World world(artnet_config());
  world.set(0, 1);
  world.set(0, 2);
  world.set(1, 3);
  world.run(0s);
  ASSERT_EQ(world.sent.size(), 1U);
  EXPECT_EQ(world.sent[0].artnet().frame.slots[0], 2);
  EXPECT_EQ(world.sent[0].artnet().frame.slots[1], 3);
}

TEST(Output, SendsNothingNewForTheSameValues) {
  World world(artnet_config());
  for (int i = 0; i < 600; ++i) {
    world.set(0, 9);
    world.run(Duration(1s) / 60);
  }
  // Three at first and one each 900 ms of ten seconds.
  EXPECT_LE(world.sent.size(), 3U + 11U);
  EXPECT_GE(world.sent.size(), 3U + 10U);
}

TEST(Output, SendsAtMost44ASecondAndTheNewest) {
  for (const Duration every : {Duration(1ms), Duration(5ms), Duration(16ms), Duration(22ms)}) {
    World world(artnet_config());
    int value = 0;
    while (world.now < at(10s)) {
      world.set(0, static_cast<std::uint8_t>(++value));
      world.set(1, 1);
      world.run(every);
    }
    EXPECT_LE(world.sent.size(), 441U);
    EXPECT_GE(world.sent.size(), 438U);
    for (const Sent& packet : world.sent) {
      const auto newest = static_cast<std::uint8_t>((packet.time - at(0s)) / every + 1);
      const int age = static_cast<std::uint8_t>(newest - packet.artnet().frame.slots[0]);
      EXPECT_LE(age, 1);
    }
  }
}

TEST(Output, KeepsToItsGridHoweverLateTimersAre) {
  World world(artnet_config());
  std::mt19937 random(5);
  int value = 0;
  while (world.now < at(20s)) {
    world.set(0, static_cast<std::uint8_t>(++value));
    const Duration late = std::chrono::microseconds(random() % 5000);
    const Time due = std::max(*world.output.next_timeout(), world.now);
    world.run_until(due + late, late);
  }
  // Not one interval is lost in twenty seconds, and each frame is where the grid has it.
  EXPECT_NEAR(static_cast<double>(world.sent.size()), 20.0 * 44, 3);
  for (std::size_t i = 0; i < world.sent.size(); ++i) {
    const auto place = at(0s) + std::chrono::nanoseconds(i * 1'000'000'000 / 44);
    EXPECT_LE(std::chrono::abs(world.sent[i].time - place), 6ms) << i;
  }
}

TEST(Output, DoesNotCatchUpAfterAPause) {
  World world(artnet_config());
  int value = 0;
  const auto busy = [&](Duration time) {
    for (const Time end = world.now + time; world.now < end;) {
      world.set(0, static_cast<std::uint8_t>(++value));
      world.run(10ms);
    }
  };
  busy(1s);
  world.now += 3s;
  const std::size_t before = world.sent.size();
  busy(1s);
  EXPECT_LE(world.sent.size() - before, 45U);
  for (std::size_t i = 1; i < world.sent.size(); ++i) {
    EXPECT_GE(world.sent[i].time - world.sent[i - 1].time, interval / 2);
  }
}

TEST(Output, SharesAGridForSync) {
  OutputConfig config = artnet_config();
  config.shared_grid = true;
  World one(config);
  World two(config);
  one.now = at(3ms);
  two.now = at(11ms);
  for (World* world : {&one, &two}) {
    for (int i = 0; i < 100; ++i) {
      world->set(0, static_cast<std::uint8_t>(i + 1));
      world->run_until(at(20ms + i * 7ms));
    }
    world->run_until(at(2s));
  }
  ASSERT_GT(one.sent.size(), 30U);
  EXPECT_EQ(one.sent[0].time, two.sent[0].time);
  EXPECT_EQ(one.sent[20].time, two.sent[20].time);
}

TEST(Output, LetsReceiversGoOnWhenSyncPacketsAreLost) {
  OutputConfig config = sacn_config();
  std::get<SacnTarget>(config.target).sync_address = 9;
  World world(config);
  world.set(0, 1);
  world.run(1s);
  EXPECT_EQ(world.sent.at(0).sacn().sync_address, 9);
  EXPECT_TRUE(world.sent.at(0).sacn().force_sync);
}

TEST(Output, CountsSequencesAsTheProtocolsDo) {
  World artnet(artnet_config());
  World sacn(sacn_config());
  for (World* world : {&artnet, &sacn}) {
    for (int i = 0; i < 600; ++i) {
      world->set(0, static_cast<std::uint8_t>(i + 1));
      world->run(30ms);
    }
  }
  for (std::size_t i = 0; i < 600; ++i) {
    EXPECT_EQ(artnet.sent[i].artnet().sequence, i % 255 + 1);
    EXPECT_EQ(sacn.sent[i].sacn().sequence, i % 256);
  }
}

TEST(Output, SaysWhoItIsInSacn) {
  World world(sacn_config());
  world.set(3, 4);
  world.run(10ms);
  const SacnData data = world.sent.at(0).sacn();
  EXPECT_EQ(data.universe, sacn_universe(5));
  EXPECT_EQ(data.cid[0], 7);
  EXPECT_EQ(data.source_name, "roomwire");
  EXPECT_EQ(data.priority, 120);
  EXPECT_FALSE(data.terminated || data.preview);
  EXPECT_EQ(data.frame.slots[3], 4);
}

TEST(Output, EndsSacnWithThreeTerminatedPackets) {
  World world(sacn_config());
  world.set(3, 4);
  world.run(3s);
  const std::size_t before = world.sent.size();
  world.output.finish(world.now);
  EXPECT_FALSE(world.output.finished());
  world.run(1s);
  EXPECT_TRUE(world.output.finished());
  ASSERT_EQ(world.sent.size(), before + 3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(world.sent[before + i].sacn().terminated);
    EXPECT_EQ(world.sent[before + i].sacn().frame.slots[3], 4);
    EXPECT_EQ(world.sent[before + i].sacn().sequence, before + i);
  }
  world.set(0, 1);
  world.run(10s);
  EXPECT_EQ(world.sent.size(), before + 3);
}

TEST(Output, SendsTheNewestBeforeItEnds) {
  World world(sacn_config());
  world.set(0, 1);
  world.run(5ms);
  world.set(0, 2);
  world.output.finish(world.now);
  world.run(1s);
  ASSERT_TRUE(world.output.finished());
  // One, then three with the newest, then three that end it.
  ASSERT_EQ(world.sent.size(), 7U);
  EXPECT_EQ(world.sent[1].sacn().frame.slots[0], 2);
  EXPECT_FALSE(world.sent[3].sacn().terminated);
  EXPECT_TRUE(world.sent[4].sacn().terminated);
}

TEST(Output, HoldsWhenTheLastSourceLeaves) {
  World world(artnet_config());
  world.set(0, 200);
  world.run(1s);
  world.output.leave(alice, world.now);
  world.run(10s);
  for (const int level : world.levels(0))
    EXPECT_EQ(level, 200);
  EXPECT_LE(at(11s) - world.sent.back().time, 1s);
  world.output.finish(world.now);
  EXPECT_TRUE(world.output.finished());
}

TEST(Output, BlacksOutWhenTheLastSourceLeavesAndNoSooner) {
  OutputConfig config = artnet_config();
  config.on_leave = OnLeave::parse("blackout").value();
  World world(config);
  world.set(0, 200);
  world.set(1, 100, bob);
  world.run(1s);
  world.output.leave(alice, world.now);
  world.run(1s);
  EXPECT_EQ(world.output.shown()[0], 200);
  world.output.leave(bob, world.now);
  const std::size_t before = world.sent.size();
  world.run(100ms);
  ASSERT_EQ(world.sent.size(), before + 3);
  EXPECT_EQ(world.sent.back().artnet().frame, Frame{});
  // Who comes then finds the rig dark.
  world.set(2, 5, bob);
  world.run(10ms);
  EXPECT_EQ(world.output.shown()[0], 0);
  EXPECT_EQ(world.output.shown()[2], 5);
}

TEST(Output, FadesWhenTheLastSourceLeaves) {
  OutputConfig config = artnet_config();
  config.on_leave = OnLeave::parse("fade:2s").value();
  World world(config);
  world.set(0, 200);
  world.set(1, 100);
  world.run(5s);
  world.sent.clear();
  world.output.leave(alice, world.now);
  world.run(3s);
  for (const Sent& packet : world.sent) {
    const double passed = std::chrono::duration<double>(packet.time - at(5s)).count();
    EXPECT_NEAR(packet.artnet().frame.slots[0], 200 * std::max(0.0, 1 - passed / 2), 0.6);
    EXPECT_NEAR(packet.artnet().frame.slots[1], 100 * std::max(0.0, 1 - passed / 2), 0.6);
  }
  EXPECT_EQ(world.output.shown(), Slots{});
  EXPECT_GE(world.sent.size(), 88U);
  EXPECT_LE(world.sent.size(), 93U);
}

TEST(Output, GoesOnFadingWhatANewSourceDoesNotSet) {
  OutputConfig config = artnet_config();
  config.on_leave = OnLeave::parse("fade:2s").value();
  World world(config);
  world.set(0, 200);
  world.set(1, 200);
  world.run(1s);
  world.output.leave(alice, world.now);
  world.run(1s);
  world.set(0, 180, bob);
  world.run(100ms);
  EXPECT_EQ(world.output.shown()[0], 180);
  EXPECT_NEAR(world.output.shown()[1], 90, 5);
  world.run(3s);
  EXPECT_EQ(world.output.shown()[0], 180);
  EXPECT_EQ(world.output.shown()[1], 0);
}

TEST(Output, FadesAtTheEndAndThenEnds) {
  OutputConfig config = sacn_config();
  config.on_leave = OnLeave::parse("fade:500ms").value();
  World world(config);
  world.set(0, 200);
  world.run(1s);
  world.output.finish(world.now);
  world.run(400ms);
  EXPECT_NEAR(world.output.shown()[0], 40, 10);
  EXPECT_FALSE(world.output.finished());
  world.run(400ms);
  ASSERT_TRUE(world.output.finished());
  const std::size_t count = world.sent.size();
  EXPECT_EQ(world.sent[count - 4].sacn().frame.slots[0], 0);
  EXPECT_FALSE(world.sent[count - 4].sacn().terminated);
  EXPECT_TRUE(world.sent[count - 3].sacn().terminated);
}

TEST(Output, AppliesTheLimits) {
  OutputConfig config = artnet_config();
  ASSERT_TRUE(config.limits.allow("0-9"));
  ASSERT_TRUE(config.limits.cap("1=50"));
  config.slots = 20;
  World world(config);
  world.set(1, 255);
  EXPECT_EQ(world.refused, 0U);
  world.set(10, 255);
  EXPECT_EQ(world.refused, 1U);
  world.run(10ms);
  EXPECT_EQ(world.sent.at(0).artnet().frame.size, 20);
  EXPECT_EQ(world.sent.at(0).artnet().frame.slots[1], 50);
  EXPECT_EQ(world.sent.at(0).artnet().frame.slots[10], 0);
}

TEST(Output, ReleasesASilentSource) {
  OutputConfig config = artnet_config();
  config.merge.timeout = 10s;
  config.on_leave = OnLeave::parse("blackout").value();
  World world(config);
  world.set(0, 5);
  world.run_until(at(9900ms));
  EXPECT_EQ(world.output.shown()[0], 5);
  world.run_until(at(10100ms));
  EXPECT_EQ(world.output.shown()[0], 0);
}

TEST(Output, RefusesWhoHasNoSay) {
  OutputConfig config = artnet_config();
  config.merge.owner = bob;
  World world(config);
  world.set(0, 5, alice);
  EXPECT_EQ(world.refused, 1U);
  world.run(2s);
  EXPECT_TRUE(world.sent.empty());
}

TEST(Output, IsOnTheWireWhatTheLastUpdatesSay) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 20; ++round) {
    World world(artnet_config());
    Slots expected{};
    for (int i = 0; i < 200; ++i) {
      const std::size_t slot = random() % slot_count;
      expected[slot] = static_cast<std::uint8_t>(random());
      world.set(slot, expected[slot]);
      world.run(std::chrono::microseconds(random() % 60'000));
    }
    world.run(interval + 1ms);
    EXPECT_EQ(world.sent.back().artnet().frame.slots, expected);
    for (std::size_t i = 44; i < world.sent.size(); ++i) {
      EXPECT_GE(world.sent[i].time - world.sent[i - 44].time, 990ms);
    }
    for (std::size_t i = 1; i < world.sent.size(); ++i) {
      EXPECT_LE(world.sent[i].time - world.sent[i - 1].time, 1s);
    }
  }
}

TEST(OnLeave, IsHoldBlackoutOrAFade) {
  EXPECT_EQ(OnLeave::parse("hold")->kind, OnLeave::Kind::hold);
  EXPECT_EQ(OnLeave::parse("blackout")->kind, OnLeave::Kind::blackout);
  EXPECT_EQ(OnLeave::parse("fade:2s")->fade, 2s);
  EXPECT_EQ(OnLeave::parse("fade:2")->fade, 2s);
  EXPECT_EQ(OnLeave::parse("fade:1.5s")->fade, 1500ms);
  EXPECT_EQ(OnLeave::parse("fade:250ms")->fade, 250ms);
  for (const char* text : {"", "fade", "fade:", "fade:s", "fade:-1s", "fade:2h", "fade:3601",
                           "Hold", "fade:nan", "fade:inf"}) {
    EXPECT_FALSE(OnLeave::parse(text)) << text;
  }
}

}  // namespace
}  // namespace roomwire::dmx
