#include "cli/flags/flag_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "cli/session/room_link.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;

std::string room(std::string_view text) {
  const auto result = parse_room(text);
  return result ? result->str() : "error: " + result.error().message;
}

std::string relay(std::string_view text) {
  const auto result = RelayUrl::parse(text);
  return result ? result->url() : "error: " + result.error().message;
}

TEST(Room, AnIdIsTakenAsItIs) {
  for (const char* id : {"my-room", "a b", "50%", "a+b", "caf\xc3\xa9", "x?y=z", "room=1"}) {
    EXPECT_EQ(room(id), id);
  }
}

TEST(Room, ALinkIsReadAsABrowserReadsIt) {
  EXPECT_EQ(room("https://patchies.app/?room=my-room"), "my-room");
  EXPECT_EQ(room("https://patchies.app/?patch=x&room=a%20b%2Bc+d&room=other#room=no"), "a b+c d");
  EXPECT_EQ(room("http://[::1]:5173/p/?a&room=caf%C3%A9"), "caf\xc3\xa9");
  EXPECT_EQ(room("https://x.org/?room=50%&b"), "50%");
  EXPECT_EQ(room("https://x.org/?room=%zz%4"), "%zz%4");
  EXPECT_EQ(room("https://x.org/?%72oom=r"), "r");
  EXPECT_EQ(room("patchies.app/?room=typed"), "typed");
}

TEST(Room, ALinkWithoutARoomIsNamed) {
  for (const char* link :
       {"https://patchies.app/", "https://patchies.app/?rooms=x", "https://patchies.app/#?room=x",
        "https://patchies.app/?room=", "https://patchies.app/?room"}) {
    EXPECT_THAT(room(link), HasSubstr(link));
    EXPECT_THAT(room(link), HasSubstr("?room="));
    EXPECT_THAT(room(link), testing::StartsWith("error: "));
  }
}

// The page reads them as well, and must come to the same rooms.
TEST(Room, LinksAreReadAsThePageReadsThem) {
  std::ifstream file(VECTOR_DIR "/links/rooms.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto table = boost::json::parse(text);
  ASSERT_FALSE(table.as_array().empty());
  for (const auto& row : table.as_array()) {
    const std::string link(row.at("text").as_string());
    const auto& wanted = row.at("room");
    if (wanted.is_null()) {
      EXPECT_THAT(room(link), testing::StartsWith("error: ")) << link;
    } else {
      EXPECT_EQ(room(link), std::string(wanted.as_string())) << link;
    }
  }
}

TEST(Room, ALinkToAPageWithARelayNamesIt) {
  const auto relay = [](const char* link) {
    const auto found = relay_of_page(link);
    return found ? found->url() : "none";
  };
  EXPECT_EQ(relay("http://192.168.1.7:8080/?room=x"), "ws://192.168.1.7:8080");
  EXPECT_EQ(relay("http://stage.local/?room=x"), "ws://stage.local");
  EXPECT_EQ(relay("http://[fd00::1]:8080/?room=x"), "ws://[fd00::1]:8080");
  EXPECT_EQ(relay("https://stage.local:8443/?room=x"), "wss://stage.local:8443");
  for (const char* none :
       {"https://patchies.app/?room=x", "https://[fd00::1]/?room=x", "patchies.app/?room=x",
        "my-room", "http:///?room=x", "http://a:b/?room=x", "http://me@host/?room=x"}) {
    EXPECT_EQ(relay(none), "none") << none;
  }
}

TEST(Room, RefusesWhatNobodyMeant) {
  EXPECT_THAT(room(""), HasSubstr("empty"));
  EXPECT_THAT(room("--relay"), HasSubstr("is a flag"));
  EXPECT_THAT(room("a\xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(room("https://x.org/?room=%ff"), HasSubstr("UTF-8"));
}

TEST(Room, ANewOneIsARandomUuidThatItsLinkCarries) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const RoomId made = new_room();
    EXPECT_THAT(made.str(), MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                         "[0-9a-f]{12}"));
    EXPECT_EQ(room(room_link(patchies_page, made)), made.str());
    seen.insert(made.str());
  }
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_EQ(room(room_link(patchies_page, RoomId("a b+c&d#\xc3\xa9%"))), "a b+c&d#\xc3\xa9%");
}

TEST(Relay, TakesWebSocketUrls) {
  for (const char* url : {"ws://127.0.0.1:7777", "wss://relay.example", "ws://[::1]:7777/path?q=1",
                          "wss://relay.example:443/"}) {
    EXPECT_EQ(relay(url), url);
  }
  EXPECT_EQ(RelayUrl::parse("ws://x", RelayUrl::Kind::ws_relay)->kind(), RelayUrl::Kind::ws_relay);
}

TEST(Relay, NamesTheRemedy) {
  EXPECT_THAT(relay("127.0.0.1:7777"), HasSubstr("ws://HOST:PORT"));
  EXPECT_THAT(relay("http://127.0.0.1:7777"), HasSubstr("write ws:// or wss://"));
  for (const char* url :
       {"", "ws://", "ws://:7777", "ws://host:0", "ws://host:70000", "ws://host:x", "ws://a b",
        "ws://::1:80", "ws://user@host", "ws://host:"}) {
    EXPECT_THAT(relay(url), testing::StartsWith("error: '" + std::string(url) + "'"));
  }
}

TEST(Relay, SaysWhatIsWrong) {
  EXPECT_THAT(relay("ws://host/a b"), HasSubstr("write %20 for a space"));
  EXPECT_THAT(relay("ws://host/\xff"), HasSubstr("a character in it that no URL has"));
  EXPECT_THAT(relay("ws://user:pw@host"), HasSubstr("a user's name in it"));
  EXPECT_THAT(relay("ws://user@host:80/x"), HasSubstr("a user's name in it"));
  EXPECT_EQ(relay("ws://host/~a@b"), "ws://host/~a@b");
}

TEST(IceServer, IsStun) {
  EXPECT_EQ(parse_ice_server("stun:host:3478")->url, "stun:host:3478");
  EXPECT_EQ(parse_ice_server("stun:[::1]")->url, "stun:[::1]");
  for (const char* text : {"", "stun:", "host:3478", "stun:host:x", "stun:a b"}) {
    const auto result = parse_ice_server(text);
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(result.error().message, HasSubstr("stun:HOST:PORT"));
  }
  EXPECT_THAT(parse_ice_server("turn:host").error().message, HasSubstr("TURN is not supported"));
}

TEST(Number, IsWholeAndInRange) {
  EXPECT_EQ(parse_number("65535", 1, 65535), 65535U);
  for (const char* text :
       {"", "0", "65536", "-1", "+1", "1.5", "1x", " 1", "99999999999999999999"}) {
    const auto result = parse_number(text, 1, 65535);
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(result.error().message, HasSubstr("from 1 to 65535"));
  }
}

TEST(Size, TakesUnits) {
  EXPECT_EQ(parse_size("1024"), 1024U);
  EXPECT_EQ(parse_size("64k"), 65536U);
  EXPECT_EQ(parse_size("16M"), 16U << 20U);
  EXPECT_EQ(parse_size("1G"), 1U << 30U);
  for (const char* text : {"", "0", "1023", "k", "2G", "1025M", "-1", "1.5M", "1kB", "0x10"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Seconds, MayHaveAFraction) {
  EXPECT_EQ(parse_seconds("5"), 5s);
  EXPECT_EQ(parse_seconds("0.25"), 250ms);
  for (const char* text : {"", "0", "-1", "1e3", "nan", "inf", "5s", "1.2.3", "99999999999"}) {
    EXPECT_FALSE(parse_seconds(text)) << text;
  }
}

TEST(Listen, TakesAddressAndPort) {
  EXPECT_EQ(parse_listen("7777"), (ListenAddress{"127.0.0.1", 7777}));
  EXPECT_EQ(parse_listen("0.0.0.0:80"), (ListenAddress{"0.0.0.0", 80}));
  EXPECT_EQ(parse_listen("[::]:7777"), (ListenAddress{"::", 7777}));
  EXPECT_EQ(parse_listen("localhost:0"), (ListenAddress{"127.0.0.1", 0}));
  for (const char* text : {"", ":", ":7777", "host.example:7777", "::1:7777", "[::1]", "127.0.0.1",
                           "127.0.0.1:", "127.0.0.1:70000", "[1.2.3.4]x:1", "[]:1", "1.2.3:4"}) {
    const auto result = parse_listen(text);
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(result.error().message, HasSubstr("write 127.0.0.1:7777"));
  }
}

}  // namespace
}  // namespace roomwire::cli
