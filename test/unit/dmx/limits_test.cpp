#include "dmx/limits.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

Slots all(std::uint8_t level) {
  Slots slots;
  slots.fill(level);
  return slots;
}

TEST(Limits, ChangeNothingOfThemselves) {
  for (const int level : {0, 1, 99, 100, 254, 255}) {
    const Slots slots = all(static_cast<std::uint8_t>(level));
    EXPECT_EQ(Limits().applied(slots), slots);
  }
}

TEST(Limits, ShowAllowedChannelsAlone) {
  Limits limits;
  ASSERT_TRUE(limits.allow("0-2,511"));
  const Slots shown = limits.applied(all(9));
  EXPECT_EQ(std::count(shown.begin(), shown.end(), 9), 4);
  EXPECT_EQ(shown[2], 9);
  EXPECT_EQ(shown[3], 0);
  EXPECT_EQ(shown[511], 9);
  Limits from_one(ChannelBase::one);
  ASSERT_TRUE(from_one.allow("1-3,512"));
  EXPECT_EQ(from_one.allowed(), limits.allowed());
}

TEST(Limits, NameTheChannelsThatAreNotAllowed) {
  Limits limits(ChannelBase::one);
  ASSERT_TRUE(limits.allow("1"));
  EXPECT_EQ(limits.refused_part(named(9, 7))->reason, "not among the allowed channels: 10");
  EXPECT_EQ(limits.refused_part(named(9, 7))->kind, RefusalKind::channel);
  EXPECT_FALSE(limits.refused_part(named(0, 7)));
  // What asks for darkness is no cause for a warning.
  EXPECT_FALSE(limits.refused_part(Update::blackout()));
  EXPECT_EQ(limits.refused_part(Update::row(Bytes(12, 1)))->reason,
            "not among the allowed channels: 2, 3, 4, 5, 6, 7, 8, 9 and 3 more");
}

TEST(Limits, ScaleFirstAndCutThen) {
  Limits limits;
  ASSERT_TRUE(limits.cap("0-1=100"));
  ASSERT_TRUE(limits.cap("1=0"));
  ASSERT_TRUE(limits.set_grand_master("50%"));
  const Slots shown = limits.applied(all(255));
  EXPECT_EQ(shown[0], 100);
  EXPECT_EQ(shown[1], 0);
  EXPECT_EQ(shown[2], 128);
  EXPECT_EQ(limits.applied(all(100))[0], 50);
  ASSERT_TRUE(limits.set_grand_master("0"));
  EXPECT_EQ(limits.applied(all(255)), all(0));
}

TEST(Limits, SayWhatToWriteInstead) {
  Limits limits;
  for (const char* text : {"", "512", "0-512", "5-4", "1,,2", "a", "-1", "1-", "1-2-3"}) {
    const auto result = limits.allow(text);
    ASSERT_FALSE(result) << text;
    EXPECT_NE(result.error().message.find("each from 0 to 511"), std::string::npos);
  }
  for (const char* text : {"1", "1=256", "=5", "1=", "1=-1", "600=1"}) {
    EXPECT_FALSE(limits.cap(text)) << text;
  }
  for (const char* text : {"", "101", "-1", "50%%", "half"}) {
    EXPECT_FALSE(limits.set_grand_master(text)) << text;
  }
  EXPECT_FALSE(Limits(ChannelBase::one).allow("0"));
}

RoomUniverse universe(std::uint32_t number) {
  return RoomUniverse::from_number(number).value();
}

TEST(UniverseLimits, AreForAllAndForSome) {
  UniverseLimits limits;
  ASSERT_TRUE(limits.cap("2:0=10"));
  ASSERT_TRUE(limits.allow("0-1"));
  ASSERT_TRUE(limits.allow("4"));
  ASSERT_TRUE(limits.allow("0.0.2:0"));
  ASSERT_TRUE(limits.allow("2:2"));
  ASSERT_TRUE(limits.cap("0-9=100"));
  ASSERT_TRUE(limits.set_grand_master("50"));
  const Slots one = limits.of(universe(1)).applied(all(255));
  EXPECT_EQ(Bytes(one.begin(), one.begin() + 6), (Bytes{100, 100, 0, 0, 100, 0}));
  const Slots two = limits.of(universe(2)).applied(all(255));
  EXPECT_EQ(Bytes(two.begin(), two.begin() + 6), (Bytes{10, 0, 100, 0, 0, 0}));
  EXPECT_EQ(limits.named().size(), 3U);
}

TEST(UniverseLimits, RefuseWhatIsNone) {
  UniverseLimits limits(ChannelBase::one);
  EXPECT_FALSE(limits.allow("x:1"));
  EXPECT_FALSE(limits.allow("64000:1"));
  EXPECT_FALSE(limits.allow("1:0"));
  EXPECT_FALSE(limits.allow("1:"));
  EXPECT_FALSE(limits.cap("1:5"));
  EXPECT_FALSE(limits.set_grand_master("101"));
  EXPECT_TRUE(limits.named().empty());
}

}  // namespace
}  // namespace roomwire::dmx
