#include "cli/session/room_link.hpp"

#include <gtest/gtest.h>

#include "cli/flags/flag_values.hpp"

namespace roomwire::cli {
namespace {

TEST(RoomLink, EveryRoomComesBackOutOfItsLink) {
  std::string all;
  for (char c = 1; c != 0x7f; ++c)
    all.push_back(c);
  for (const std::string& room :
       {std::string("my-room"), std::string("a b+c&d#?=/%25"),
        std::string("caf\xc3\xa9 \xf0\x9f\x8e\x9b"), all, std::string("\0", 1)}) {
    for (const char* page : {"https://patchies.app/", "http://[::1]:8080/p?x=1&room=old#patch=y"}) {
      const std::string link = room_link(page, RoomId(room));
      EXPECT_EQ(query_value(link, "room"), room) << link;
      EXPECT_EQ(parse_room(link).value().str(), room) << link;
    }
  }
}

TEST(RoomLink, KeepsWhatElseIsInThePagesUrl) {
  EXPECT_EQ(room_link("http://h:1", RoomId("r")), "http://h:1?room=r");
  EXPECT_EQ(room_link("http://h/?a=1&room=x&b&room=y#f?room=z", RoomId("r s")),
            "http://h/?room=r%20s&a=1&b#f?room=z");
  EXPECT_EQ(room_link("http://h/?%72oom=x", RoomId("r")), "http://h/?room=r");
}

TEST(RoomLink, PagesAreThoseThatABrowserOpens) {
  EXPECT_EQ(parse_page("patchies"), "https://patchies.app/");
  EXPECT_EQ(parse_page("http://192.168.1.7:8080/x?y#z"), "http://192.168.1.7:8080/x?y#z");
  for (const char* bad :
       {"", "patch", "ws://h/", "http://", "http://h:0/", "http://a b/", "http:/h"})
    EXPECT_FALSE(parse_page(bad)) << bad;
}

}  // namespace
}  // namespace roomwire::cli
