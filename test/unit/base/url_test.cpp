#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/stun_url.hpp"
#include "base/web_socket_url.hpp"

namespace roomwire {
namespace {

using testing::StartsWith;

TEST(WebSocketUrl, IsTakenApart) {
  const auto plain = parse_web_socket_url("ws://host").value();
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "host");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.host_header, "host");
  EXPECT_EQ(plain.target, "/");
  const auto full = parse_web_socket_url("wss://[::1]:7777/a%20b?x=y").value();
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.host, "::1");
  EXPECT_EQ(full.port, 7777);
  EXPECT_EQ(full.host_header, "[::1]:7777");
  EXPECT_EQ(full.target, "/a%20b?x=y");
  EXPECT_EQ(parse_web_socket_url("WSS://host/")->port, 443);
}

TEST(WebSocketUrl, ErrorsNameItAndSayWhatToWrite) {
  for (const std::string bad :
       {"", "host", "http://host", "ws:", "ws://", "ws:///path", "ws://:80", "ws://host:0",
        "ws://host:65536", "ws://host:", "ws://host:x", "ws://ho st", "ws://[::1", "ws://::1:80",
        "ws://user@", "ws://user:password@host", "ws://caf\xff"}) {
    const auto url = parse_web_socket_url(bad);
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(url.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(url.error().code, ErrorCode::bad_option);
    EXPECT_THAT(url.error().message, StartsWith("'" + bad.substr(0, 8)));
    EXPECT_EQ(url.error().message.find('\n'), std::string::npos);
  }
  EXPECT_FALSE(parse_web_socket_url("ws://host/a\r\nb: c"));
}

TEST(StunUrl, HasAPortOfItsOwn) {
  EXPECT_EQ(parse_stun_url("stun:host")->host, "host");
  EXPECT_EQ(parse_stun_url("stun:host")->port, 3478);
  EXPECT_EQ(parse_stun_url("stun:[::1]")->host, "::1");
  EXPECT_EQ(parse_stun_url("stun:[::1]:19302")->port, 19302);
}

}  // namespace
}  // namespace roomwire
