#include "cli/screen/dmx_picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roomwire::cli {
namespace {

UniversePicture picture() {
  UniversePicture universe;
  universe.title = "Art-Net 0.0.1";
  universe.levels[0] = 255;
  universe.levels[9] = 10;
  universe.levels[511] = 171;
  return universe;
}

UniversePicture::Source source(const std::string& name) {
  UniversePicture::Source out{name, {}};
  for (std::size_t slot = 0; slot < 512; slot += 2)
    out.drives.set(slot);
  return out;
}

TEST(DmxPicture, ShowsAllLevelsOnAnOrdinaryTerminal) {
  auto universe = picture();
  universe.sources = {source("a"), source("b"), source("c"), source("d"), source("e")};
  const auto lines = draw(universe, {80, 24}, false);
  ASSERT_EQ(lines.size(), 20U);  // and one below, and one free
  EXPECT_EQ(lines[0], "Art-Net 0.0.1");
  EXPECT_EQ(lines[1], "   0 ff . . . . . . .  .0a . . . . . .  . . . . . . . .  . . . . . . . .");
  EXPECT_TRUE(lines[16].starts_with(" 480 ")) << lines[16];
  EXPECT_TRUE(lines[16].ends_with("ab")) << lines[16];
  EXPECT_TRUE(lines[17].starts_with("a drives 0, 2, 4")) << lines[17];
  EXPECT_EQ(lines[19], "and 3 more");
  for (const std::string& line : lines)
    EXPECT_LE(line.size(), 80U) << line;
}

TEST(DmxPicture, HasLongerRowsOnAWideTerminal) {
  auto universe = picture();
  universe.first_channel = 1;
  const auto lines = draw(universe, {200, 24}, false);
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_TRUE(lines[2].starts_with("  65 ")) << lines[2];
  EXPECT_TRUE(lines[8].ends_with("ab")) << lines[8];
}

TEST(DmxPicture, IsNothingWhereItDoesNotFit) {
  EXPECT_TRUE(draw(picture(), {71, 50}, false).empty());
  EXPECT_TRUE(draw(picture(), {80, 18}, false).empty());
  EXPECT_EQ(draw(picture(), {72, 19}, false).size(), 17U);
}

TEST(DmxPicture, PaintsLevelsThatAreNotZeroAndEndsEachLineClean) {
  const auto lines = draw(picture(), {80, 24}, true);
  EXPECT_NE(lines[1].find("\x1b[48;5;255;38;5;16mff\x1b[0m ."), std::string::npos) << lines[1];
  EXPECT_EQ(lines[2].find('\x1b'), std::string::npos) << lines[2];
  EXPECT_TRUE(lines[16].ends_with("ab\x1b[0m")) << lines[16];
}

TEST(DmxPicture, NamesChannelsAsRanges) {
  std::bitset<512> channels;
  EXPECT_EQ(channels_text(channels, 0), "nothing");
  for (const std::size_t slot : {0U, 1U, 2U, 7U, 511U})
    channels.set(slot);
  EXPECT_EQ(channels_text(channels, 0), "0-2, 7, 511 (5 channels)");
  EXPECT_EQ(channels_text(channels, 1), "1-3, 8, 512 (5 channels)");
}

}  // namespace
}  // namespace roomwire::cli
