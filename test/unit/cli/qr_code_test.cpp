// Whether a phone can read them is for zbarimg to say (test/interop/room.test.mjs).
#include "cli/screen/qr_code.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace roomwire::cli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

TEST(QrCode, HasItsFindersInThreeCorners) {
  const QrCode code = QrCode::of("hello").value();
  ASSERT_EQ(code.size(), 21U);
  for (const auto& [x, y] : {std::pair{0, 0}, {14, 0}, {0, 14}}) {
    for (int i = 0; i < 7; ++i) {
      EXPECT_TRUE(code.is_dark(x + i, y) && code.is_dark(x + i, y + 6));
      EXPECT_TRUE(code.is_dark(x, y + i) && code.is_dark(x + 6, y + i));
    }
  }
  EXPECT_FALSE(code.is_dark(-1, 0) || code.is_dark(21, 0) || code.is_dark(0, 21));
}

TEST(QrCode, HasAQuietZoneOnEverySide) {
  const auto lines = lines_of(QrCode::of("hello").value().as_text(false));
  ASSERT_EQ(lines.size(), 15U) << "21 and twice 4 modules, two a line, rounded up";
  std::string light;
  for (int i = 0; i < 29; ++i)
    light += "█";
  for (const std::size_t at : {0U, 1U, 13U, 14U})
    EXPECT_EQ(lines[at], light) << at;
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("████"));
    EXPECT_TRUE(line.ends_with("████"));
  }
}

TEST(QrCode, InColoursNoThemeCounts) {
  for (const std::string& line : lines_of(QrCode::of("hello").value().as_text(true))) {
    EXPECT_TRUE(line.starts_with("\x1b[38;5;16;48;5;231m    "));
    EXPECT_TRUE(line.ends_with("    \x1b[0m"));
  }
}

TEST(QrCode, RefusesWhatNoCodeHolds) {
  EXPECT_TRUE(QrCode::of(std::string(2953, 'x')));
  EXPECT_EQ(QrCode::of(std::string(2954, 'x')).error().kind, ErrorKind::limit);
  EXPECT_FALSE(QrCode::of(""));
}

TEST(QrCode, SaysWhichImageItCannotWrite) {
  const auto written = QrCode::of("hello").value().write_png("/nowhere/code.png");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message,
              testing::HasSubstr("cannot write /nowhere/code.png: in /nowhere: "));
}

}  // namespace
}  // namespace roomwire::cli
