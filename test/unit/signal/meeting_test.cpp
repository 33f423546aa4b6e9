// Matchmakers meeting each other.
#include <gtest/gtest.h>

#include "meeting_world.hpp"

namespace roomwire::signal {
namespace {

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(std::string(1, static_cast<char>('a' + i)));
  return all;
}

void expect_one_connection_a_pair(World& world, std::size_t peers) {
  EXPECT_TRUE(world.all_connected());
  EXPECT_EQ(world.opened.size(), peers * (peers - 1) / 2);
  for (const auto& [pair, count] : world.opened) {
    EXPECT_EQ(count, 1) << pair.first << " and " << pair.second;
  }
}

TEST(Meeting, EveryOrderOfJoiningEndsInOneConnectionAPair) {
  auto order = names(4);
  std::uint64_t seed = 0;
  do {
    World world({.seed = ++seed, .relays = 1 + seed % 3});
    for (const std::string& id : order) {
      world.add(id);
      world.run(seed % 2 == 0 ? Duration(0) : Duration(3s));
    }
    const Duration took = world.run_until([&] { return world.all_connected(); }, 10s);
    world.run(2min);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_one_connection_a_pair(world, order.size());
    EXPECT_LT(took, Duration(1s));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Meeting, NewcomersAreMetByPeersThatHardlyAnnounceAnyMore) {
  for (const auto& [first, second] : {std::pair("a", "b"), std::pair("b", "a")}) {
    World world({});
    world.add(first);
    world.run(1h);
    world.add(second);
    EXPECT_LT(world.run_until([&] { return world.all_connected(); }, 10s), Duration(1s));
  }
}

TEST(Meeting, LossDelayReorderingAndRepetitionOnlyDelayIt) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world({.seed = seed,
                 .relays = 1 + seed % 4,
                 .loss = 0.2,
                 .repetition = 0.2,
                 .delay = seed % 2 == 0 ? Duration(50ms) : Duration(800ms)});
    const std::size_t peers = 2 + seed % 2;
    for (const std::string& id : names(peers)) {
      world.add(id);
      world.run(seed % 5 == 0 ? Duration(1s) : Duration(0));
    }
    world.run(3min);
    expect_one_connection_a_pair(world, peers);
  }
}

TEST(Meeting, ALostConnectionIsMadeAnew) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world({.seed = seed, .loss = 0.05});
    for (const std::string& id : names(3))
      world.add(id);
    world.run(5min);
    ASSERT_TRUE(world.all_connected());
    world.disconnect("a", "c");
    world.run(1min);
    EXPECT_TRUE(world.all_connected());
    EXPECT_EQ((world.opened[{"a", "c"}]), 2);
    EXPECT_EQ((world.opened[{"a", "b"}]), 1);
  }
}

TEST(Meeting, ARelayThatRestartsChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world({.seed = seed});
    world.add("a");
    world.add("b");
    world.run(1ms * (seed * 7));  // In the middle of meeting.
    world.relay_down(0);
    world.run(2s);
    world.relay_up(0);
    world.add("c");
    world.run(1min);
    expect_one_connection_a_pair(world, 3);
  }
}

TEST(Meeting, OneWorkingRelayIsEnough) {
  World world({.relays = 3});
  world.relay_down(0);
  world.relay_down(2);
  for (const std::string& id : names(3))
    world.add(id);
  EXPECT_LT(world.run_until([&] { return world.all_connected(); }, 10s), Duration(1s));
}

TEST(Meeting, ManyPeersAtOnceMeetWithinSeconds) {
  World world({.relays = 2});
  for (int i = 0; i < 40; ++i)
    world.add("peer" + std::to_string(100 + i));
  EXPECT_LT(world.run_until([&] { return world.all_connected(); }, 60s), Duration(10s));
}

TEST(Meeting, PeersThatLeaveAndReturnUnderOtherNamesAreMet) {
  World world({});
  world.add("m");
  for (int i = 0; i < 20; ++i) {
    const std::string id = (i % 2 == 0 ? "a" : "z") + std::to_string(i);
    world.add(id);
    EXPECT_LT(world.run_until([&] { return world.all_connected(); }, 10s), Duration(1s)) << i;
    world.run(5s);
    world.remove(id);
    world.run(i % 3 == 0 ? 100ms : 20s);
  }
}

TEST(Meeting, AnotherPasswordKeepsPeersApartAndIsSaid) {
  World world({});
  world.add("a", "right");
  world.add("b", "wrong");
  world.add("c", "right");
  world.run(1min);
  EXPECT_EQ(world.opened.size(), 1U);
  EXPECT_EQ((world.opened[{"a", "c"}]), 1);
  EXPECT_FALSE(world.wrong_passwords.empty());
}

TEST(Meeting, PassivePeersMeetActiveOnesOnly) {
  World world({});
  world.add("a", "", true);
  world.add("z", "", true);
  world.run(1min);
  EXPECT_EQ(world.published, 0U);
  world.add("m");
  world.run(1min);
  EXPECT_EQ(world.opened.size(), 2U);
  EXPECT_EQ((world.opened.count({"a", "z"})), 0U);
  world.remove("m");
  world.run(10s);
  EXPECT_FALSE(world.at("a").matchmaker().is_active());
  EXPECT_FALSE(world.at("z").matchmaker().is_active());
}

}  // namespace
}  // namespace roomwire::signal
