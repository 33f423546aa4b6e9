#include "osc/pattern.hpp"

#include <gtest/gtest.h>

namespace roomwire::osc {
namespace {

std::string fault(std::string_view text) {
  const auto pattern = Pattern::parse(text);
  return pattern ? "none" : pattern.error().message;
}

TEST(Pattern, MatchesAsOsc10And11Say) {
  struct Case {
    const char* pattern;
    std::vector<const char*> matches;
    std::vector<const char*> others;
  };
  for (const auto& [text, matches, others] : std::vector<Case>{
           {"/a/b", {"/a/b"}, {"/a", "/a/", "/a/bc", "/a/b/", "/A/b", "a/b", ""}},
           {"/", {"/"}, {"/a", ""}},
           {"/?", {"/a", "/*"}, {"/", "/ab", "//"}},
           {"/a?c", {"/abc"}, {"/ac", "/a/c", "/abbc"}},
           {"/*", {"/", "/a", "/abc"}, {"/a/b", "//", "a"}},
           {"/synth/*", {"/synth/", "/synth/freq"}, {"/synth", "/synth/a/b", "/synt/freq"}},
           {"/*/freq", {"/synth/freq", "//freq"}, {"/a/b/freq", "/freq"}},
           {"/a*b*c", {"/abc", "/aXbYc", "/abbcc", "/abcabc"}, {"/ab", "/acb", "/ab/c", "/abcd"}},
           {"/**a", {"/a", "/ba"}, {"/b"}},
           {"/*a*", {"/a", "/bab"}, {"/", "/b", "/a/a"}},
           {"/[abc]", {"/a", "/c"}, {"/d", "/", "/ab"}},
           {"/ch[0-9a-f]", {"/ch0", "/ch9", "/che"}, {"/chg", "/ch", "/ch-"}},
           {"/[!0-9]", {"/a", "/-", "/!"}, {"/5", "//", "/"}},
           {"/[a-]", {"/a", "/-"}, {"/b"}},
           {"/[-a]", {"/a", "/-"}, {"/b"}},
           {"/[a!]", {"/a", "/!"}, {"/b"}},
           {"/[*?]", {"/*", "/?"}, {"/a"}},
           {"/{foo,bar}", {"/foo", "/bar"}, {"/fo", "/foobar", "/foo,bar", "/"}},
           {"/{a,ab}b", {"/ab", "/abb"}, {"/b", "/abbb"}},
           {"/{a,ab}{bc,c}", {"/abc", "/ac", "/abbc"}, {"/ab", "/bc"}},
           {"/x{,1}", {"/x", "/x1"}, {"/x2"}},
           {"/*{abc,b}d", {"/abd", "/abcd", "/xabcd"}, {"/abc", "/abcx"}},
           {"//", {"/", "/a", "/a/b/c", "node"}, {}},
           {"node", {"node"}, {"/node", "nodes", "/a/node"}},
           {"e?g*", {"eeg", "eeg1"}, {"/eeg", "eeg/1"}},
           {"a//b", {"a/b", "a/x/b"}, {"/a/b", "a"}},
           {"/a b#", {"/a b#"}, {"/a b"}},
           {"//freq", {"/freq", "/a/freq", "/a/b/freq"}, {"/afreq", "/a/freq/b", "freq"}},
           {"/a//b", {"/a/b", "/a/x/b", "/a/x/y/b"}, {"/a", "/ab", "/a/xb", "/a/b/c", "/aa/b"}},
           {"/a//", {"/a/b", "/a/b/c"}, {"/a", "/b/a/c", "/ab/c"}},
           {"//*x", {"/x", "/a/x", "/a/bx"}, {"/x/a"}},
           {"//a//b", {"/a/b", "/x/a/y/b", "/a/a/b/b"}, {"/b/a", "/a"}},
           {"/*/x//", {"/a/x/b"}, {"/x/b", "/a/x"}},
           {"/ü*", {"/ü", "/üx"}, {"/u"}},
       }) {
    const auto pattern = Pattern::parse(text);
    ASSERT_TRUE(pattern) << text << ": " << fault(text);
    EXPECT_EQ(pattern->text(), text);
    for (const char* address : matches)
      EXPECT_TRUE(pattern->matches(address)) << text << " and " << address;
    for (const char* address : others)
      EXPECT_FALSE(pattern->matches(address)) << text << " and " << address;
  }
}

TEST(Pattern, TellsWhyItIsNone) {
  EXPECT_EQ(fault(""), "pattern '' is empty (for everything, write //)");
  EXPECT_EQ(fault("/[a"), "pattern '/[a' does not close a bracket with ]");
  EXPECT_EQ(fault("/{a,b"), "pattern '/{a,b' does not close a bracket with }");
  EXPECT_EQ(fault("/a]"), "pattern '/a]' closes a ] that was not opened");
  EXPECT_EQ(fault("/a}"), "pattern '/a}' closes a } that was not opened");
  EXPECT_EQ(fault("/[]"), "pattern '/[]' has an empty bracket");
  EXPECT_EQ(fault("/[!]"), "pattern '/[!]' has an empty bracket");
  EXPECT_EQ(fault("/{}"), "pattern '/{}' has an empty bracket");
  EXPECT_EQ(fault("/[z-a]"), "pattern '/[z-a]' has a range that goes backwards");
  EXPECT_EQ(fault("/[a/b]"), "pattern '/[a/b]' has a / inside a bracket");
  EXPECT_EQ(fault("/{a/b,c}"), "pattern '/{a/b,c}' has a / inside a bracket");
  EXPECT_EQ(fault("/{a*,c}"), "pattern '/{a*,c}' has one of ?*[]{ inside {}");
  EXPECT_EQ(fault("/{a,{b}}"), "pattern '/{a,{b}}' has one of ?*[]{ inside {}");
  EXPECT_EQ(fault("/a///b"), "pattern '/a///b' contains ///");
  EXPECT_EQ(fault("/" + std::string(Pattern::max_size, 'a')),
            "pattern '/" + std::string(59, 'a') + "...' is too long");
}

// Backtracking would not end before the test's time limit.
TEST(Pattern, EndsOnHostileInput) {
  std::string stars = "/";
  std::string parts;
  for (int i = 0; i < 200; ++i) {
    stars += "*a";
    parts += "//a";
  }
  const std::string letters = "/" + std::string(1000, 'a');
  std::string slashes;
  for (int i = 0; i < 500; ++i)
    slashes += "/a";
  std::string choices = "/";
  for (int i = 0; i < 100; ++i)
    choices += "{a,aa,a}";
  EXPECT_FALSE(Pattern::parse(stars + "b")->matches(letters));
  EXPECT_TRUE(Pattern::parse(stars)->matches(letters));
  EXPECT_FALSE(Pattern::parse(parts + "b")->matches(slashes));
  EXPECT_FALSE(Pattern::parse(choices + "b")->matches(letters));
}

TEST(Pattern, BoundsTheAddress) {
  const std::string longest = "/" + std::string(Pattern::max_address_size - 1, 'a');
  EXPECT_TRUE(Pattern::parse("/*a")->matches(longest));
  EXPECT_FALSE(Pattern::parse("/*a")->matches(longest + "a"));
  EXPECT_TRUE(Pattern::parse("//")->matches(longest + "a"));
}

}  // namespace
}  // namespace roomwire::osc
