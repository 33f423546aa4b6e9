#include "cli/settling.hpp"

#include <gtest/gtest.h>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

const PeerId native("zzzzNative");
const PeerId browser("Browser");

struct SettlingTest : testing::Test {
  Settling room;
  Settling::Time start{1h};
};

TEST_F(SettlingTest, NothingIsSettledBeforeTheFirstIsMet) {
  EXPECT_EQ(room.settled_at(), std::nullopt);
  room.heard(start, native);
  EXPECT_EQ(room.settled_at(), std::nullopt);
}

TEST_F(SettlingTest, WhoIsAloneIsEnoughAfterAMoment) {
  room.heard(start, native);
  room.met(start + 10ms, native);
  EXPECT_EQ(room.settled_at(), start + 410ms);
}

TEST_F(SettlingTest, WhoIsHeardIsWaitedForUntilMet) {
  room.heard(start, native);
  room.met(start + 10ms, native);
  room.heard(start + 60ms, browser);
  EXPECT_EQ(room.settled_at(), start + 1060ms);
  EXPECT_EQ(room.awaited(), std::vector{browser});
  room.met(start + 100ms, browser);
  EXPECT_EQ(room.settled_at(), start + 500ms);
  EXPECT_TRUE(room.awaited().empty());
}

TEST_F(SettlingTest, WhoIsGivenUpIsNotWaitedForAgain) {
  room.met(start, native);
  room.heard(start + 10ms, browser);
  room.given_up(browser);
  EXPECT_EQ(room.settled_at(), start + 410ms);
  room.heard(start + 20ms, browser);
  EXPECT_EQ(room.settled_at(), start + 410ms);
}

TEST_F(SettlingTest, InventedPeersHoldNobodyUpForLong) {
  room.met(start, native);
  for (int i = 0; i < 100'000; ++i)
    room.heard(start + i * 10ms, PeerId("ghost" + std::to_string(i)));
  EXPECT_EQ(room.settled_at(), start + 3s);
  EXPECT_LE(room.awaited().size(), 512U);
}

}  // namespace
}  // namespace roomwire::cli
