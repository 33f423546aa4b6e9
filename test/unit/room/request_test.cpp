#include "room/request.hpp"

#include <gtest/gtest.h>

#include "room/hub_world.hpp"

namespace roomwire::room {
namespace {

TEST(Request, MetadataKeepsItsDigitsAndOrder) {
  const auto request = request_of(json(R"({"m":{"b":1.0,"a":12345678901234567890},"r":"id"})"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, "id");
  EXPECT_EQ(request->metadata->text(), R"({"b":1.0,"a":12345678901234567890})");
}

TEST(Request, FindsItsMembersAmongOthers) {
  const auto request =
      request_of(json(R"({"x":"},{\"r\":\"no\"","y":[{"r":"no"}],"\u0072":"yes","z":{}})"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, "yes");
  EXPECT_FALSE(request->metadata);
  EXPECT_EQ(request_of(json(R"({"r":"a","r":"b"})"))->id, "b");
  EXPECT_EQ(request_of(json(R"({"r":"q\"\u00fc"})"))->id, "q\"ü");
  EXPECT_EQ(request_of(json(R"({"r":"half \ud83c"})"))->id, "half \xef\xbf\xbd");
}

TEST(Request, OtherMetadataIsNoRequest) {
  EXPECT_FALSE(request_of(std::nullopt));
  for (const char* text : {"{}", "[]", "null", R"("r")", R"(["r"])", R"({"r":1})", R"({"r":null})",
                           R"({"m":{"r":"a"}})"}) {
    EXPECT_FALSE(request_of(json(text))) << text;
  }
  EXPECT_FALSE(request_of(json("{\"r\":\"" + std::string(1000, 'x') + "\"}")));
}

TEST(Request, WhatIsWrittenIsReadBack) {
  EXPECT_EQ(request_metadata("id", std::nullopt)->text(), R"({"r":"id"})");
  EXPECT_EQ(request_metadata("id", json("[1.0]"))->text(), R"({"r":"id","m":[1.0]})");
  EXPECT_EQ(response_metadata("id", std::nullopt).text(), R"({"r":"id"})");
  const auto response = response_of(response_metadata("i\"d", "no \"ü\"\n"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->id, "i\"d");
  EXPECT_EQ(response->error, "no \"ü\"\n");
  EXPECT_EQ(response_of(response_metadata("id", "\xff"))->error, "\xef\xbf\xbd");
}

TEST(Request, MetadataNestedToTheLimitCannotBeWrapped) {
  const Json deep = json(std::string(512, '[') + std::string(512, ']'));
  EXPECT_FALSE(request_metadata("id", deep));
}

TEST(ActionName, OnlyUsersNames) {
  for (const char* good : {"a", "file ✓", "@x", "01234567890123456789012345678901"})
    EXPECT_TRUE(is_action_name(good)) << good;
  for (const char* bad : {"", "@_", "@_leave", "012345678901234567890123456789012", "\xff"})
    EXPECT_FALSE(is_action_name(bad)) << bad;
  EXPECT_FALSE(is_action_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace roomwire::room
