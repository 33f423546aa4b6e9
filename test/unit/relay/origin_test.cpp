#include "relay/origin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roomwire::relay {
namespace {

HttpRequest from(std::string_view origin, std::string_view host, bool has_tls = false) {
  HttpRequest request;
  request.origin = origin;
  request.host = host;
  request.has_tls = has_tls;
  return request;
}

bool enters(std::string_view origin, std::string_view host, const Origins& allowed = {},
            bool serves_pages = true) {
  return !refuse_page(from(origin, host), allowed, serves_pages);
}

TEST(Origin, OurOwnPagesAndWhatIsNoBrowserEnter) {
  EXPECT_TRUE(enters("", "127.0.0.1:8080"));
  EXPECT_TRUE(enters("", "anything.example"));
  EXPECT_TRUE(enters("http://127.0.0.1:8080", "127.0.0.1:8080"));
  EXPECT_TRUE(enters("http://[::1]:8080", "[::1]:8080"));
  EXPECT_TRUE(enters("http://Stage.local:8080", "stage.LOCAL:8080"));
  EXPECT_FALSE(refuse_page(from("https://show.example", "show.example", true), {}, true));
}

TEST(Origin, PagesFromElsewhereDoNot) {
  for (const char* origin :
       {"https://patchies.app", "http://127.0.0.1:8081", "http://localhost:8080", "null", "file://",
        "http://127.0.0.1:8080.evil.example", "x"}) {
    EXPECT_FALSE(enters(origin, "127.0.0.1:8080")) << origin;
  }
  EXPECT_FALSE(enters("null", ""));
  EXPECT_FALSE(enters("http://127.0.0.1:7777", "127.0.0.1:7777", {}, false)) << "no page of ours";
}

// A page of evil.example whose name suddenly means our address.
TEST(Origin, ANameThatAStrangerMayOwnIsNotOurs) {
  EXPECT_FALSE(enters("http://evil.example:8080", "evil.example:8080"));
  EXPECT_FALSE(has_own_host(from("", "evil.example:8080"), {}));
  EXPECT_TRUE(has_own_host(from("", "evil.example:8080", true), {})) << "it has our certificate";
}

TEST(Origin, ThoseThatAreAllowedEnterAndMayBeOurName) {
  const Origins allowed{"https://patchies.app", "http://show.example:8080", "null"};
  EXPECT_TRUE(enters("https://patchies.app", "127.0.0.1:8080", allowed));
  EXPECT_TRUE(enters("https://patchies.app", "127.0.0.1:7777", allowed, false));
  EXPECT_TRUE(enters("null", "127.0.0.1:8080", allowed));
  EXPECT_TRUE(enters("http://show.example:8080", "show.example:8080", allowed));
  EXPECT_TRUE(has_own_host(from("", "Show.example:8080"), allowed));
  EXPECT_FALSE(enters("http://patchies.app", "127.0.0.1:8080", allowed));
}

TEST(Origin, TheRefusalNamesTheFlag) {
  const auto refused = refuse_page(from("https://a.example", "127.0.0.1:1"), {}, true);
  EXPECT_THAT(refused.value_or(""), testing::HasSubstr("--allow-origin https://a.example"));
}

}  // namespace
}  // namespace roomwire::relay
