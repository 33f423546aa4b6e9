#include "dmx/merge.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

const SourceId alice{"alice"};
const SourceId bob{"bob"};

Update row(std::initializer_list<std::uint8_t> values) {
  return Update::row(Bytes(values));
}

class MergerTest : public ::testing::Test {
 protected:
  Merger merger{MergeConfig{}};

  int level(std::size_t slot) const { return merger.slots()[slot]; }
};

TEST_F(MergerTest, KeepsValuesBetweenMessages) {
  ASSERT_TRUE(merger.update(alice, named(0, 10), at(0s)));
  ASSERT_TRUE(merger.update(alice, named(1, 20), at(1s)));
  EXPECT_EQ(level(0), 10);
  EXPECT_EQ(level(1), 20);
  EXPECT_EQ(merger.driven().count(), 2U);
}

TEST_F(MergerTest, LetsTheLatestTakeAChannel) {
  ASSERT_TRUE(merger.update(alice, named(0, 200), at(0s)));
  ASSERT_TRUE(merger.update(bob, named(0, 10), at(1s)));
  EXPECT_EQ(level(0), 10);
  // The same value again, by its name: a button pressed again.
  ASSERT_TRUE(merger.update(alice, named(0, 200), at(2s)));
  EXPECT_EQ(level(0), 200);
}

TEST_F(MergerTest, DoesNotLetRowsFightOverWhatTheyDoNotChange) {
  ASSERT_TRUE(merger.update(alice, row({1, 1}), at(0s)));
  ASSERT_TRUE(merger.update(bob, row({2, 2}), at(1s)));
  ASSERT_TRUE(merger.update(alice, row({1, 1}), at(2s)));
  EXPECT_EQ(level(0), 2);
  ASSERT_TRUE(merger.update(alice, row({1, 3}), at(3s)));
  ASSERT_TRUE(merger.update(bob, row({2, 2}), at(4s)));
  EXPECT_EQ(level(0), 2);
  EXPECT_EQ(level(1), 3);
}

TEST_F(MergerTest, TakesNothingFromOthersWithTheZerosOfAFirstRow) {
  ASSERT_TRUE(merger.update(alice, row({100, 100, 100}), at(0s)));
  ASSERT_TRUE(merger.update(bob, row({0, 0, 7}), at(1s)));
  EXPECT_EQ(level(0), 100);
  EXPECT_EQ(level(2), 7);
  EXPECT_EQ(merger.sources()[1].drives, SlotSet("100"));
  // A 0 that is a change counts, and so does one that is named.
  ASSERT_TRUE(merger.update(bob, row({50, 0, 7}), at(2s)));
  ASSERT_TRUE(merger.update(bob, row({0, 0, 7}), at(3s)));
  EXPECT_EQ(level(0), 0);
  ASSERT_TRUE(merger.update(bob, named(1, 0), at(3s)));
  EXPECT_EQ(level(1), 0);
  // Nobody held this one, and then the one who began with it does.
  ASSERT_TRUE(merger.update(bob, row({0, 0, 7, 0}), at(4s)));
  EXPECT_EQ(merger.sources()[1].drives, SlotSet("1111"));
  merger.leave(alice);
  EXPECT_EQ(level(0), 0);
}

TEST_F(MergerTest, TakesWhatAPatchSaysAsItIs) {
  MergeConfig config;
  config.holds_levels = true;
  Merger room(config);
  ASSERT_TRUE(room.update(alice, row({100, 100}), at(0s)));
  ASSERT_TRUE(room.update(bob, row({0, 7}), at(1s)));
  EXPECT_EQ(room.slots()[0], 0);
}

TEST_F(MergerTest, GivesTheChannelsOfOneWhoLeavesToTheLatestOfTheOthers) {
  ASSERT_TRUE(merger.update(alice, row({1, 2}), at(0s)));
  ASSERT_TRUE(merger.update(bob, row({7}), at(1s)));
  ASSERT_TRUE(merger.update(bob, named(5, 50), at(1s)));
  EXPECT_TRUE(merger.leave(bob));
  EXPECT_FALSE(merger.leave(bob));
  EXPECT_EQ(level(0), 1);
  // Nobody else set this one: it holds, but nobody drives it.
  EXPECT_EQ(level(5), 50);
  EXPECT_FALSE(merger.driven()[5]);
  merger.clear_released();
  EXPECT_EQ(level(5), 0);
  EXPECT_EQ(level(0), 1);
}

TEST_F(MergerTest, HoldsWhatOneSetWhoLeaves) {
  MergeConfig config;
  config.holds_levels = true;
  Merger holding(config);
  ASSERT_TRUE(holding.update(alice, Update::blackout(), at(0s)));
  ASSERT_TRUE(holding.update(bob, row({7}), at(1s)));
  EXPECT_TRUE(holding.leave(bob));
  EXPECT_EQ(holding.slots()[0], 7);
  EXPECT_TRUE(holding.has_sources());
  ASSERT_TRUE(holding.update(alice, named(0, 3), at(2s)));
  EXPECT_EQ(holding.slots()[0], 3);
}

TEST_F(MergerTest, HighestIsReleasedAllTheSame) {
  MergeConfig config;
  config.mode = MergeMode::highest;
  config.holds_levels = true;
  Merger highest(config);
  ASSERT_TRUE(highest.update(alice, named(0, 1), at(0s)));
  ASSERT_TRUE(highest.update(bob, named(0, 7), at(1s)));
  EXPECT_TRUE(highest.leave(bob));
  EXPECT_EQ(highest.slots()[0], 1);
}

TEST_F(MergerTest, DoesNotTimePeersOut) {
  ASSERT_TRUE(merger.update(alice, named(0, 1), at(0s)));
  EXPECT_FALSE(merger.next_timeout());
  EXPECT_TRUE(merger.handle_timeout(at(1000h)).empty());
  EXPECT_TRUE(merger.has_sources());
}

TEST_F(MergerTest, ReleasesWhoIsSilent) {
  merger = Merger({MergeMode::latest, {}, sacn_source_timeout});
  ASSERT_TRUE(merger.update(alice, named(0, 1), at(0s)));
  ASSERT_TRUE(merger.update(bob, named(0, 2), at(1s)));
  ASSERT_TRUE(merger.update(alice, named(1, 1), at(2s)));
  EXPECT_EQ(merger.next_timeout(), at(3500ms));
  EXPECT_TRUE(merger.handle_timeout(at(3499ms)).empty());
  EXPECT_EQ(merger.handle_timeout(at(3500ms)), std::vector{bob});
  EXPECT_EQ(level(0), 1);
  EXPECT_EQ(merger.handle_timeout(at(9s)), std::vector{alice});
  EXPECT_FALSE(merger.has_sources());
  EXPECT_FALSE(merger.next_timeout());
}

TEST_F(MergerTest, TakesTheHighestIfTold) {
  merger = Merger({MergeMode::highest, {}, {}});
  ASSERT_TRUE(merger.update(alice, row({100, 5}), at(0s)));
  ASSERT_TRUE(merger.update(bob, row({50, 50}), at(1s)));
  EXPECT_EQ(level(0), 100);
  EXPECT_EQ(level(1), 50);
  ASSERT_TRUE(merger.update(alice, named(0, 10), at(2s)));
  EXPECT_EQ(level(0), 50);
  merger.leave(bob);
  EXPECT_EQ(level(0), 10);
  EXPECT_EQ(level(1), 5);
}

TEST_F(MergerTest, TakesTheOwnerAlone) {
  merger = Merger({MergeMode::latest, bob, {}});
  const auto refused = merger.update(alice, named(0, 1), at(0s));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, RefusalKind::source);
  EXPECT_EQ(refused.error().reason, "source 'alice' is not 'bob', which alone has a say");
  ASSERT_TRUE(merger.update(bob, named(0, 2), at(0s)));
  EXPECT_EQ(level(0), 2);
}

TEST_F(MergerTest, TakesTheHighestPriorityAndFallsBack) {
  ASSERT_TRUE(merger.update(alice, row({1}), at(0s), 100));
  ASSERT_TRUE(merger.update(bob, row({2}), at(1s), 150));
  ASSERT_TRUE(merger.update(alice, row({3}), at(2s), 100));
  EXPECT_EQ(level(0), 2);
  // The priority itself may change.
  ASSERT_TRUE(merger.update(bob, row({2}), at(3s), 50));
  EXPECT_EQ(level(0), 3);
  ASSERT_TRUE(merger.update(bob, row({2}), at(4s), 150));
  EXPECT_EQ(level(0), 2);
  merger.leave(bob);
  EXPECT_EQ(level(0), 3);
  // 0 is a priority like any other.
  ASSERT_TRUE(merger.update(alice, row({4}), at(5s), 0));
  EXPECT_EQ(level(0), 4);
}

TEST_F(MergerTest, TakesPrioritiesOfChannels) {
  ASSERT_TRUE(merger.update(alice, row({1, 1, 1}), at(0s), 100));
  ASSERT_TRUE(merger.update(bob, row({2, 2, 2}), at(1s), 200));
  Slots priorities{};
  priorities[0] = 99;
  priorities[1] = 101;
  merger.set_priorities(bob, priorities);
  EXPECT_EQ(level(0), 1);
  EXPECT_EQ(level(1), 2);
  // 0 has no say, not even where nobody else has.
  EXPECT_EQ(level(2), 1);
  merger.leave(alice);
  EXPECT_EQ(level(0), 2);
  EXPECT_FALSE(merger.driven()[2]);
  ASSERT_TRUE(merger.update(alice, row({3, 3, 3}), at(2s), 100));
  merger.set_priorities(bob, std::nullopt);
  EXPECT_EQ(level(0), 2);
  EXPECT_EQ(level(2), 2);
  merger.set_priorities(SourceId("nobody"), priorities);
  EXPECT_EQ(merger.sources().size(), 2U);
}

TEST_F(MergerTest, ReleasesTogetherWhoMayHaveVanishedTogether) {
  MergeConfig config;
  config.timeout = sacn_source_timeout;
  config.keep_alive = sacn_keep_alive;
  merger = Merger(config);
  ASSERT_TRUE(merger.update(alice, row({1}), at(0s), 150));
  ASSERT_TRUE(merger.update(bob, row({2}), at(900ms), 100));
  EXPECT_EQ(merger.next_timeout(), at(3400ms));
  EXPECT_TRUE(merger.handle_timeout(at(3399ms)).empty());
  EXPECT_EQ(level(0), 1);
  EXPECT_EQ(merger.handle_timeout(at(3400ms)).size(), 2U);
  EXPECT_EQ(level(0), 1);
  // Who speaks on is there, and what he says counts in time.
  ASSERT_TRUE(merger.update(alice, row({1}), at(10s), 150));
  for (const Duration time : {10s, 11s, 12s})
    ASSERT_TRUE(merger.update(bob, row({2}), at(time), 100));
  EXPECT_EQ(merger.next_timeout(), at(12500ms));
  EXPECT_EQ(merger.handle_timeout(at(12500ms)), std::vector{alice});
  EXPECT_EQ(level(0), 2);
}

TEST_F(MergerTest, BoundsItsSources) {
  for (std::size_t i = 0; i < Merger::max_sources; ++i) {
    ASSERT_TRUE(merger.update(SourceId(std::to_string(i)), named(0, 1), at(0s)));
  }
  EXPECT_EQ(merger.update(alice, named(0, 2), at(0s)).error().kind, RefusalKind::source);
  EXPECT_EQ(level(0), 1);
  merger.leave(SourceId("3"));
  EXPECT_TRUE(merger.update(alice, named(0, 2), at(0s)));
}

TEST_F(MergerTest, SaysWhoDrivesWhat) {
  ASSERT_TRUE(merger.update(alice, row({1, 1, 1}), at(0s)));
  ASSERT_TRUE(merger.update(bob, named(1, 2), at(1s)));
  const auto views = merger.sources();
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].id, alice);
  EXPECT_EQ(views[0].drives, SlotSet("101"));
  EXPECT_EQ(views[1].drives, SlotSet("010"));
  EXPECT_EQ(views[1].heard, at(1s));
}

/// Against the definition: of all values that sources that are there have set, the highest, or the
/// one that was set last.
TEST_F(MergerTest, AgreesWithTheDefinition) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const MergeMode mode : {MergeMode::latest, MergeMode::highest}) {
    merger = Merger({mode, {}, {}});
    struct Set {
      int value = 0;
      int when = 0;
    };
    std::map<SourceId, std::map<std::size_t, Set>> model;
    std::map<std::size_t, int> shown;
    for (int step = 1; step < 2000; ++step) {
      const SourceId source(std::to_string(random() % 6));
      if (random() % 8 == 0) {
        merger.leave(source);
        model.erase(source);
      } else {
        const std::size_t slot = random() % 4;
        const int value = static_cast<int>(random() % 5);
        ASSERT_TRUE(merger.update(source, named(slot, static_cast<std::uint8_t>(value)), at(0s)));
        model[source][slot] = {value, step};
      }
      for (std::size_t slot = 0; slot < 4; ++slot) {
        Set best{-1, -1};
        for (const auto& [id, sets] : model) {
          const auto set = sets.find(slot);
          if (set == sets.end()) continue;
          const bool wins = mode == MergeMode::highest ? set->second.value > best.value
                                                       : set->second.when > best.when;
          if (wins) best = set->second;
        }
        if (best.when >= 0) shown[slot] = best.value;
        ASSERT_EQ(level(slot), shown[slot]) << "step " << step << " slot " << slot;
      }
    }
  }
}

}  // namespace
}  // namespace roomwire::dmx
