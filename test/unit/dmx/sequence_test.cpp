#include "dmx/sequence.hpp"

#include <gtest/gtest.h>

namespace roomwire::dmx {
namespace {

TEST(ArtNetOrder, IsThatOf1To255) {
  EXPECT_EQ(artnet_order(10, 11), Order::next);
  EXPECT_EQ(artnet_order(255, 1), Order::next);
  EXPECT_EQ(artnet_order(10, 9), Order::late);
  EXPECT_EQ(artnet_order(1, 255), Order::late);
  EXPECT_EQ(artnet_order(20, 1), Order::late);
  EXPECT_EQ(artnet_order(21, 1), Order::anew);
  EXPECT_EQ(artnet_order(200, 1), Order::anew);
  EXPECT_EQ(artnet_order(240, 1), Order::next);
  // A hundred packets were lost.
  EXPECT_EQ(artnet_order(10, 110), Order::next);
  // Who does not count is in order, and so is who always sends the same number.
  EXPECT_EQ(artnet_order(10, 0), Order::next);
  EXPECT_EQ(artnet_order(0, 200), Order::next);
  EXPECT_EQ(artnet_order(10, 10), Order::next);
}

TEST(SacnOrder, IsThatOfTheStandard) {
  for (int last = 0; last < 256; ++last) {
    for (int ahead = -128; ahead < 128; ++ahead) {
      const auto number = static_cast<std::uint8_t>(last + ahead);
      const Order order = sacn_order(static_cast<std::uint8_t>(last), number);
      EXPECT_EQ(order == Order::late, ahead > -20 && ahead <= 0) << last << " " << ahead;
      const bool begins = number <= 1 && ahead > 20;
      EXPECT_EQ(order == Order::anew, ahead <= -20 || begins) << last << " " << ahead;
    }
  }
}

TEST(Sequence, TellsALatePacketFromASenderThatWasRestarted) {
  Sequence sacn(sacn_order);
  EXPECT_EQ(sacn.take(10), Order::next);
  EXPECT_EQ(sacn.take(9), Order::late);
  EXPECT_EQ(sacn.take(10), Order::late);
  EXPECT_EQ(sacn.take(11), Order::next);
  EXPECT_EQ(sacn.take(1), Order::late);
  EXPECT_EQ(sacn.take(1), Order::late);
  EXPECT_EQ(sacn.take(2), Order::anew);
  EXPECT_EQ(sacn.take(3), Order::next);
  Sequence artnet(artnet_order);
  EXPECT_EQ(artnet.take(2), Order::next);
  EXPECT_EQ(artnet.take(255), Order::late);
  EXPECT_EQ(artnet.take(1), Order::anew);
  EXPECT_EQ(artnet.last(), 1);
}

TEST(Sequence, TakesNothingForLateAfterAPause) {
  Sequence artnet(artnet_order);
  EXPECT_EQ(artnet.take_after_pause(15), Order::next);
  EXPECT_EQ(artnet.take_after_pause(1), Order::anew);
  EXPECT_EQ(artnet.take_after_pause(2), Order::next);
}

}  // namespace
}  // namespace roomwire::dmx
