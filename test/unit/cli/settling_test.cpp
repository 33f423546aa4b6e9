#include "cli/session/settling.hpp"

#include <gtest/gtest.h>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

const UnmetPeer browser{PeerId("Browser"), 10ms};
const UnmetPeer out_of_reach{PeerId("OutOfReach"), 40s, true, false, "no path"};
const UnmetPeer deaf{PeerId("Deaf"), 40s, false, true};

struct SettlingTest : testing::Test {
  Settling room;
  Settling::Time start{1h};
};

TEST_F(SettlingTest, NothingIsSettledBeforeTheFirstIsMet) {
  room.stirred(start);
  EXPECT_EQ(room.settled_at({}), std::nullopt);
  room.met(start);
  room.alone();
  EXPECT_EQ(room.settled_at({}), std::nullopt);
}

TEST_F(SettlingTest, WhoIsAloneIsEnoughAfterAMoment) {
  room.met(start);
  EXPECT_EQ(room.settled_at({}), start + 400ms);
}

TEST_F(SettlingTest, WhoIsHeardIsWaitedForUntilMetForAtMostASecondInAll) {
  room.met(start);
  room.stirred(start + 60ms);
  EXPECT_EQ(room.settled_at({browser}), start + 1s);
  room.met(start + 100ms);
  EXPECT_EQ(room.settled_at({}), start + 500ms);
  room.stirred(start + 950ms);
  EXPECT_EQ(room.settled_at({}), start + 1s);
  EXPECT_EQ(room.settled_at({browser}), start + 1s);
}

TEST_F(SettlingTest, WhoIsOutOfReachOrDeafIsNotWaitedFor) {
  room.met(start);
  EXPECT_EQ(room.settled_at({out_of_reach, deaf}), start + 400ms);
  EXPECT_EQ(awaited({out_of_reach, browser, deaf}), std::vector{browser.peer});
}

}  // namespace
}  // namespace roomwire::cli
