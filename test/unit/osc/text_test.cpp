#include "osc/text.hpp"

#include <gtest/gtest.h>

namespace roomwire::osc {
namespace {

std::string text(const Message& message) {
  std::string out;
  append_text(message, out);
  return out;
}

TEST(Text, ShowsEveryTypeWithItsTag) {
  EXPECT_EQ(text({"/a", {}}), "/a");
  EXPECT_EQ(
      text({"/a",
            {std::int32_t{-3}, 0.1F, std::string("x"), Bytes{1, 2}, std::int64_t{1} << 40,
             TimeTag{7}, 0.5, Symbol{"s"}, Character{65}, Color{1, 2, 3, 4}, Midi{0, 144, 60, 1},
             true, false, Nil{}, Infinitum{}, Array{{std::int32_t{1}, std::int32_t{2}}}}}),
      "/a ifsbhtdScrmTFNI[ii] -3 0.1 \"x\" (2 bytes) 1099511627776 7 0.5 \"s\" 65 "
      "0x01020304 0x00903c01 true false nil inf [1 2]");
}

TEST(Text, NothingFromTheNetworkSteersATerminal) {
  const std::string shown = text({"/a\x1b[2J", {std::string("b\nc\xff")}});
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.find('\n'), std::string::npos);
}

TEST(Text, LongMessagesAreCut) {
  const Message message{"/a", std::vector<Argument>(10'000, std::string(1000, 'x'))};
  const std::string shown = text(message);
  EXPECT_LT(shown.size(), 10'000U);
  EXPECT_TRUE(shown.ends_with("..."));
}

}  // namespace
}  // namespace roomwire::osc
