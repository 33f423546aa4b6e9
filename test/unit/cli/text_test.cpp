#include "cli/screen/text.hpp"

#include <gtest/gtest.h>

namespace roomwire::cli {
namespace {

using namespace std::string_literals;

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string base64(std::string_view text) {
  std::string out;
  append_base64(out, Bytes(text.begin(), text.end()));
  return out;
}

TEST(Text, KnowsUtf8) {
  for (const char* good :
       {"", "abc", "\xc2\x80", "\xe2\x82\xac", "\xf0\x9f\x8e\xb9", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf0\x9f\x8e", "\xe2\x28\xa1", "\xff", "ok\xfe"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Text, PrintableKeepsTextAndDisarmsTheRest) {
  EXPECT_EQ(printable("caf\xc3\xa9 \xf0\x9f\x8e\xb9"), "caf\xc3\xa9 \xf0\x9f\x8e\xb9");
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\x7f"), "a?[2Jb???");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(printable("a\xff\xc3"), "a??");
  EXPECT_EQ(printable("\0"s), "?");
  // U+202E, after which a terminal writes from right to left, and others of its kind.
  EXPECT_EQ(printable("fig\xe2\x80\xaegnp.exe\xe2\x80\xa8\xe2\x81\xa6"), "fig?gnp.exe??");
  EXPECT_EQ(printable("\xe2\x80\xa7\xe2\x80\xaf"), "\xe2\x80\xa7\xe2\x80\xaf");  // Its neighbours.
}

TEST(Text, PrintableCutsBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("ab\xc3\xa9", 3), "ab...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(Text, JsonStringEscapesWhatJsonForbids) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string("\"\\/\b\f\n\r\t"), R"("\"\\/\b\f\n\r\t")");
  EXPECT_EQ(json_string("\0\x01\x1f\x7f"s), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json_string("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
}

// RFC 4648 section 10.
TEST(Text, Base64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace roomwire::cli
