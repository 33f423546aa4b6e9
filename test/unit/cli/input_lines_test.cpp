#include "cli/io/input_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace roomwire::cli {
namespace {

using testing::ElementsAre;

// "s:…" a string, "j:…" JSON, "c:…" a change of channel, "!" refused.
std::string meaning(std::string_view line, bool as_text = false) {
  const Input input = to_input(line, as_text);
  if (const auto* change = std::get_if<SetChannel>(&input)) return "c:" + change->channel;
  if (std::holds_alternative<BadInput>(input)) return "!";
  const auto& payload = std::get<Payload>(input);
  if (const auto* text = std::get_if<std::string>(&payload)) return "s:" + *text;
  return "j:" + std::get<Json>(payload).text();
}

std::vector<std::string> cut(const std::vector<std::string>& chunks, std::size_t max_line = 100) {
  std::vector<std::string> out;
  const auto take = [&](std::string_view line, bool too_long) {
    out.push_back(too_long ? "<too long>" : std::string(line));
  };
  LineSplitter splitter(max_line);
  for (const std::string& chunk : chunks)
    splitter.feed(chunk, take);
  splitter.finish(take);
  return out;
}

TEST(Input, JsonIsItsValueAndAllElseAString) {
  EXPECT_EQ(meaning("hello"), "s:hello");
  EXPECT_EQ(meaning(""), "s:");
  EXPECT_EQ(meaning("   "), "s:   ");
  EXPECT_EQ(meaning("440"), "j:440");
  EXPECT_EQ(meaning("440.0"), "j:440.0");
  EXPECT_EQ(meaning("null"), "j:null");
  EXPECT_EQ(meaning(R"( {"b": 1, "a": [1, 2]} )"), R"(j:{"b":1,"a":[1,2]})");
  EXPECT_EQ(meaning("{not json}"), "s:{not json}");
  EXPECT_EQ(meaning("1 2"), "s:1 2");
  EXPECT_EQ(meaning("NaN"), "s:NaN");
}

// So that what netrecv prints of a string goes out as that string again.
TEST(Input, AJsonStringIsAString) {
  EXPECT_EQ(meaning(R"("hello")"), "s:hello");
  EXPECT_EQ(meaning(R"("a\nb\u00e9\ud83c\udfb9")"), "s:a\nb\xc3\xa9\xf0\x9f\x8e\xb9");
  EXPECT_EQ(meaning(R"("half \ud83c")"), "s:half \xef\xbf\xbd");
}

TEST(Input, AsTextEverythingIsAString) {
  EXPECT_EQ(meaning("440", true), "s:440");
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":"x"})", true),
            R"(s:{"type":"set-channel","channel":"x"})");
}

TEST(Input, SetChannel) {
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":"other"})"), "c:other");
  EXPECT_EQ(meaning(R"({ "channel" : "\u00e9", "type" : "set-channel" })"), "c:\xc3\xa9");
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":5})"), "c:5");
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":-5.0})"), "c:-5");
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":1.5})"), "c:1.5");
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":18446744073709551615})"),
            "c:18446744073709551615");
  EXPECT_EQ(meaning(R"({"type":"set-channel","channel":1e20})"), "c:100000000000000000000");
  for (const char* bad : {R"({"type":"set-channel"})", R"({"type":"set-channel","channel":null})",
                          R"({"type":"set-channel","channel":["x"]})"}) {
    EXPECT_EQ(meaning(bad), "!") << bad;
  }
}

TEST(Input, OtherMessagesThatNameSetChannelAreSent) {
  for (const char* text : {R"({"note":"set-channel"})", R"(["set-channel"])",
                           R"({"type":["set-channel"],"channel":"x"})"}) {
    EXPECT_EQ(meaning(text), "j:" + std::string(text));
  }
}

TEST(Input, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(meaning("caf\xe9"), "!");
  EXPECT_EQ(meaning("caf\xe9", true), "!");
}

TEST(LineSplitter, CutsAtEitherLineEnd) {
  EXPECT_THAT(cut({"a\nb\r\nc\n"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(cut({"\n\r\n"}), ElementsAre("", ""));
  EXPECT_THAT(cut({"a\rb\n"}), ElementsAre("a\rb"));
}

TEST(LineSplitter, ALastLineWithoutItsEndCounts) {
  EXPECT_THAT(cut({"a\nb"}), ElementsAre("a", "b"));
  EXPECT_THAT(cut({"a\n"}), ElementsAre("a"));
  EXPECT_THAT(cut({}), ElementsAre());
}

TEST(LineSplitter, WhereTheInputIsCutDoesNotMatter) {
  const std::string input = "one\r\ntwo\n\nfour";
  for (std::size_t i = 0; i <= input.size(); ++i) {
    for (std::size_t j = i; j <= input.size(); ++j) {
      EXPECT_THAT(cut({input.substr(0, i), input.substr(i, j - i), input.substr(j)}),
                  ElementsAre("one", "two", "", "four"));
    }
  }
}

TEST(LineSplitter, AnswersLinesBeyondTheBoundAndGoesOn) {
  const std::string input = "12345\n123456\r\n12345\r\n1234567\nok\n1234567";
  for (std::size_t i = 0; i <= input.size(); ++i) {
    EXPECT_THAT(cut({input.substr(0, i), input.substr(i)}, 5),
                ElementsAre("12345", "<too long>", "12345", "<too long>", "ok", "<too long>"));
  }
}

}  // namespace
}  // namespace roomwire::cli
