#include "relay/site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace roomwire::relay {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Site site() {
  Site site;
  site.files = {
      {"/index.html", "text/html; charset=utf-8", "e1", "<p>plain", "<p>gzip", false},
      {"/assets/index-1a2b3c4d.js", "text/javascript", "e2", "js plain", "js gzip", true},
  };
  site.config = R"({"room":"x"})";
  return site;
}

HttpRequest get(std::string_view target) {
  HttpRequest request;
  request.method = "GET";
  request.target = target;
  return request;
}

HttpResponse ask(HttpRequest request, bool has_tls = false) {
  static const Site pages = site();
  request.has_tls = has_tls;
  return respond(pages, {}, request);
}

TEST(Site, ServesEachFileAtItsPathAndTheFirstPageAtTheRoot) {
  for (const char* target :
       {"/", "/index.html", "/?room=a%2Fb", "/#x", "http://host:8080/", "http://host", "/?/../x"}) {
    const HttpResponse page = ask(get(target));
    EXPECT_THAT(page.text, StartsWith("HTTP/1.1 200 OK\r\n")) << target;
    EXPECT_THAT(page.text, HasSubstr("\r\nContent-Length: 8\r\n"));
    EXPECT_THAT(page.text, HasSubstr("\r\nCache-Control: no-cache\r\n"));
    EXPECT_THAT(page.text, EndsWith("\r\n\r\n"));
    EXPECT_EQ(page.file, "<p>plain");
  }
  const HttpResponse script = ask(get("/assets/index-1a2b3c4d.js?v=1"));
  EXPECT_EQ(script.file, "js plain");
  EXPECT_THAT(script.text, HasSubstr("Content-Type: text/javascript\r\n"));
  EXPECT_THAT(script.text, HasSubstr("max-age=31536000, immutable\r\n"));
}

TEST(Site, IsNotForNamesThatAStrangerMayOwn) {
  const auto answer = [](std::string_view host, bool has_tls = false) {
    HttpRequest request = get("/config.json");
    request.host = host;
    return ask(request, has_tls).text.substr(9, 3);
  };
  for (const char* own : {"127.0.0.1:8080", "192.168.1.7", "[::1]:8080", "[fe80::1]", "localhost:1",
                          "Stage.LOCAL:8080", "stage", "stage.lan.", "a.b.home.arpa", ""}) {
    EXPECT_EQ(answer(own), "200") << own;
  }
  for (const char* foreign : {"evil.example:8080", "evil.example", "127.0.0.1.evil.example",
                              "local.example:8080", "evillocal.com", "1.2.3.4.5", "a@b.example"}) {
    EXPECT_EQ(answer(foreign), "421") << foreign;
    EXPECT_EQ(answer(foreign, true), "200") << foreign;
  }
}

TEST(Site, ServesNothingElse) {
  for (const char* target : {"/nothing", "//", "/index.html/", "/INDEX.HTML", "/../etc/passwd",
                             "/assets/../index.html", "/%2e%2e/etc/passwd", "/index%2ehtml",
                             "/assets", "/assets/", "index.html", "*", "", "http://"}) {
    const HttpResponse nothing = ask(get(target));
    const bool is_root = std::string_view(target) == "http://";
    EXPECT_THAT(nothing.text, StartsWith(is_root ? "HTTP/1.1 200 " : "HTTP/1.1 404 ")) << target;
    if (is_root) continue;
    EXPECT_EQ(nothing.file, "");
    EXPECT_THAT(nothing.text, HasSubstr("Content-Security-Policy: default-src 'self';"));
  }
}

TEST(Site, TellsThePageWhereItIs) {
  const HttpResponse config = ask(get("/config.json"));
  EXPECT_THAT(config.text, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(config.text, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(config.text, EndsWith("\r\n\r\n{\"room\":\"x\"}"));
}

TEST(Site, CompressesForThoseWhoAcceptIt) {
  const auto serves = [](const char* accept_encoding) {
    HttpRequest request = get("/");
    request.accept_encoding = accept_encoding;
    const HttpResponse page = ask(request);
    EXPECT_THAT(page.text, HasSubstr("Vary: Accept-Encoding\r\n"));
    const bool is_gzip = page.file == "<p>gzip";
    EXPECT_EQ(page.text.find("Content-Encoding: gzip") != std::string::npos, is_gzip);
    return is_gzip;
  };
  for (const char* accepts :
       {"gzip", "gzip, deflate, br", "br;q=1.0 , GZIP;q=0.2", "*", "deflate,gzip;q=1"})
    EXPECT_TRUE(serves(accepts)) << accepts;
  for (const char* refuses :
       {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", "gzipped, br", "*;q=0"})
    EXPECT_FALSE(serves(refuses)) << refuses;
}

TEST(Site, SendsWhatIsKnownOnlyOnce) {
  HttpRequest again = get("/");
  again.if_none_match = R"("e0", "e1")";
  const HttpResponse known = ask(again);
  EXPECT_THAT(known.text, StartsWith("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_EQ(known.file, "");
  again.accept_encoding = "gzip";
  EXPECT_EQ(ask(again).file, "<p>gzip") << "known is the other one";
  again.if_none_match = R"(W/"e1-gzip")";
  EXPECT_THAT(ask(again).text, StartsWith("HTTP/1.1 304 "));
}

TEST(Site, AnswersHeadAsGetWithoutTheFile) {
  for (const char* target : {"/", "/config.json", "/nothing"}) {
    HttpRequest request = get(target);
    const HttpResponse whole = ask(request);
    request.method = "HEAD";
    const HttpResponse head = ask(request);
    EXPECT_EQ(head.file, "");
    EXPECT_EQ(head.text, whole.text.substr(0, whole.text.find("\r\n\r\n") + 4)) << target;
  }
}

TEST(Site, RefusesOtherMethods) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"}) {
    HttpRequest request = get("/");
    request.method = method;
    const HttpResponse refused = ask(request);
    EXPECT_THAT(refused.text, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(refused.text, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  }
}

TEST(Site, KeepsOthersOut) {
  for (const char* target : {"/", "/config.json", "/nothing"}) {
    const std::string text = ask(get(target)).text;
    EXPECT_THAT(text, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\nReferrer-Policy: no-referrer\r\n"));
    EXPECT_THAT(
        text,
        HasSubstr(
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\nCross-Origin-Resource-Policy: same-origin\r\n"));
    EXPECT_THAT(text, Not(HasSubstr("Access-Control-Allow-Origin")));
    EXPECT_THAT(text, Not(HasSubstr("Cross-Origin-Opener-Policy")));
    EXPECT_THAT(ask(get(target), true).text, HasSubstr("Cross-Origin-Opener-Policy: same-origin"));
  }
}

}  // namespace
}  // namespace roomwire::relay
