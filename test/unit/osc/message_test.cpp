#include "osc/message.hpp"

#include <gtest/gtest.h>

#include "osc/refusal.hpp"

namespace roomwire::osc {
namespace {

TEST(Address, TellsWhyItCannotBeSent) {
  for (const char* good : {"/", "/a", "/synth/1/freq", "/synth/*/{a,b}/[0-9]?", "//x", "/ü",
                           // As gear has them.
                           "/a b", "/a#", "/a\n", "node", "eeg", "#1", "a b", "ü"}) {
    EXPECT_EQ(address_fault(good), std::nullopt) << good;
  }
  EXPECT_EQ(address_fault(""), "the address is empty");
  EXPECT_EQ(address_fault("#bundle"),
            "address '#bundle' does not begin with / and is the head of a bundle");
  EXPECT_EQ(address_fault(",i"), "address ',i' does not begin with / and looks like type tags");
  EXPECT_EQ(address_fault("a\n"),
            "address 'a?' does not begin with / and contains a control character");
  EXPECT_EQ(address_fault(std::string_view("/a\0", 3)), "address '/a?' contains NUL");
}

TEST(Address, IsShownShortAndPrintable) {
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "żż"), "'" + std::string(59, 'x') + "...'");
  EXPECT_EQ(in_quotes("\x1b[31m\xff"), "'?[31m?'");
}

TEST(TimeTag, IsNtp) {
  // RFC 5905, figure 4: 1 January 1970 is second 2,208,988,800.
  EXPECT_EQ(TimeTag::from_unix_seconds(0), TimeTag{2'208'988'800ULL << 32});
  EXPECT_EQ(TimeTag::from_unix_seconds(0.5), TimeTag{2'208'988'800ULL << 32 | 0x8000'0000});
  EXPECT_EQ(TimeTag::from_unix_seconds(-2'208'988'800.0), TimeTag{0});
  EXPECT_EQ(TimeTag::from_unix_seconds(-2'208'988'801.0), std::nullopt);
  EXPECT_EQ(TimeTag::from_unix_seconds(2'085'978'496.0), std::nullopt);
  EXPECT_EQ(TimeTag::from_unix_seconds(1e300), std::nullopt);
  using namespace std::chrono_literals;
  EXPECT_EQ(TimeTag::from_unix_seconds(-1.5)->unix_time(), -1500ms);
  EXPECT_EQ(TimeTag::from_unix_time(500ms), TimeTag::from_unix_seconds(0.5));
  EXPECT_EQ(TimeTag::from_unix_time(-1500ms), TimeTag::from_unix_seconds(-1.5));
  EXPECT_EQ(TimeTag::from_unix_seconds(1'700'000'000.25)->unix_time(), 1'700'000'000'250ms);
}

}  // namespace
}  // namespace roomwire::osc
