// What the server answers to those who want no WebSocket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/running_server.hpp"
#include "relay/silent_connections.hpp"

namespace roomwire::relay {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Site small_site(std::string_view page) {
  Site site;
  site.files = {{"/index.html", "text/html", "e", page, page, false}};
  site.config = "{}";
  return site;
}

TEST(RelayServer, AnswersPlainHttp) {
  ServerOptions options;
  options.name = "stage \"left\"";
  options.version = "1.2.3";
  RunningServer running(options);
  const auto get = [&](const std::string& headers, const std::string& method = "GET") {
    return RawClient(running.port()).ask(method + " / HTTP/1.1\r\n" + headers + "\r\n");
  };
  const std::string document = get("Host: x\r\nAccept: application/nostr+json\r\n");
  EXPECT_THAT(document, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(document, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_THAT(document, HasSubstr("Content-Type: application/nostr+json\r\n"));
  EXPECT_THAT(document, HasSubstr(R"({"name":"stage \"left\"",)"));
  EXPECT_THAT(document, HasSubstr(R"("version":"1.2.3","supported_nips":[1,11])"));
  EXPECT_THAT(document, HasSubstr(R"("max_message_length":262144)"));

  const std::string page = get("Host: relay.local:7777\r\n");
  EXPECT_THAT(page, HasSubstr("Content-Type: text/plain"));
  EXPECT_THAT(page, HasSubstr("--relay ws://relay.local:7777\n"));
  EXPECT_THAT(get("Host: <script>\r\n"), Not(HasSubstr("<script>")));
  EXPECT_THAT(get("Host: x\r\n", "HEAD"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(get("Host: x\r\nContent-Length: 3\r\n", "POST"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(get("Host: x\r\n", "OPTIONS"), StartsWith("HTTP/1.1 204 "));
  EXPECT_EQ(running.has(Kind::refused), false);
}

TEST(RelayServer, AnswersWhatIsNotHttp) {
  RunningServer running;
  EXPECT_THAT(RawClient(running.port()).ask("\x16\x03\x01 hello\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(running.next(Kind::refused).reason, StartsWith("not HTTP: "));
  EXPECT_THAT(RawClient(running.port()).ask("GET / HTTP/1.1\r\nA: " + std::string(20'000, 'a')),
              StartsWith("HTTP/1.1 431 "));
  running.next(Kind::refused);
  EXPECT_THAT(RawClient(running.port()).ask("GET /" + std::string(20'000, 'a')),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_EQ(running.next(Kind::refused).reason, "HTTP request line too long");
  std::string no_key = upgrade_request;
  no_key.replace(no_key.find("Sec-WebSocket-Key"), 17, "X");
  EXPECT_THAT(RawClient(running.port()).ask(no_key), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(running.next(Kind::refused).reason, StartsWith("WebSocket refused: "));
}

TEST(RelayServer, GivesUpOnSlowRequests) {
  ServerOptions options;
  options.timeouts.request = 50ms;
  options.timeouts.local_request = 50ms;
  RunningServer running(options);
  RawClient silent(running.port());
  RawClient slow(running.port());
  slow.send("GET / HT");
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(slow.rest(), "");
  EXPECT_EQ(running.next(Kind::refused).reason, "no request in time");
  EXPECT_EQ(running.next(Kind::refused).reason, "no request in time");
}

// Chromium keeps the connection open and silent while it asks its user.
TEST(RelayServer, WaitsLongerForTheRequestOfALocalAddress) {
  ServerOptions options;
  options.timeouts.request = 1ms;
  options.timeouts.local_request = 1h;
  RunningServer running(options);
  RawClient asked(running.port());
  std::this_thread::sleep_for(50ms);
  asked.send(upgrade_request);
  EXPECT_THAT(asked.until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
}

TEST(RelayServer, KeepsSoManySilentLocalConnectionsAndDropsTheOldest) {
  ServerOptions options;
  options.timeouts.request = 0ms;
  options.timeouts.local_request = 1h;
  options.limits.silent_connections = 2;
  RunningServer running(options);
  RawClient client(running.port());
  client.send(upgrade_request);
  running.next(Kind::connected);
  RawClient first(running.port());
  RawClient second(running.port());
  RawClient third(running.port());
  EXPECT_EQ(first.rest(), "");
  EXPECT_EQ(running.next(Kind::refused).reason, "no request while many others wait");
  for (RawClient* kept : {&second, &third}) {
    kept->send(upgrade_request);
    EXPECT_THAT(kept->until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
  }
}

TEST(RelayServer, HasLessPatienceWithTheInternet) {
  const ServerTimeouts timeouts;
  for (const char* near : {"127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.2",
                           "100.64.0.1", "169.254.1.1", "fe80::1", "fd00::1"}) {
    EXPECT_EQ(time_to_ask(timeouts, *IpAddress::parse(near)), timeouts.local_request) << near;
  }
  for (const char* far : {"172.32.0.1", "100.128.0.1", "192.169.0.1", "11.0.0.1", "2001:db8::1"}) {
    EXPECT_EQ(time_to_ask(timeouts, *IpAddress::parse(far)), timeouts.request) << far;
  }
}

TEST(RelayServer, ServesASiteBesideTheRelay) {
  const std::string page(300'000, 'p');
  ServerOptions options;
  options.site = small_site(page);
  RunningServer running(options);
  const auto get = [&](const std::string& target, const std::string& headers = "") {
    return RawClient(running.port())
        .ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
  };
  EXPECT_THAT(get("/?room=x"), EndsWith("\r\n\r\n" + page));
  EXPECT_THAT(get("/config.json"), EndsWith("\r\n\r\n{}"));
  EXPECT_THAT(get("/../index.html"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(get("/", "Accept: application/nostr+json\r\n"), HasSubstr("supported_nips"));
  EXPECT_THAT(get("/index.html", "Accept: application/nostr+json\r\n"), EndsWith(page));
  Client client(running.port());
  client.send(R"(["REQ","s",{}])");
  EXPECT_EQ(client.read(), R"(["EOSE","s"])");
}

std::string upgrade_of(const std::string& origin) {
  std::string request = upgrade_request;
  return request.insert(request.find("Connection"), "Origin: " + origin + "\r\n");
}

TEST(RelayServer, KeepsPagesFromElsewhereOut) {
  ServerOptions options;
  options.site = small_site("p");
  options.allowed_origins = {"https://patchies.app"};
  RunningServer running(options);
  EXPECT_THAT(RawClient(running.port()).ask(upgrade_of("https://evil.example")),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(running.next(Kind::page_refused).reason, HasSubstr("https://evil.example"));
  EXPECT_THAT(running.next(Kind::refused).reason, HasSubstr("https://evil.example"));
  for (const std::string& request :
       {upgrade_of("http://x"), upgrade_of("https://patchies.app"), std::string(upgrade_request)}) {
    RawClient client(running.port());
    client.send(request);
    EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 101 ")) << request;
  }
}

TEST(RelayServer, LetsPagesFromEverywhereInUnlessToldOtherwise) {
  RunningServer running;
  RawClient client(running.port());
  client.send(upgrade_of("https://anywhere.example"));
  EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
}

TEST(RelayServer, OutlivesThousandsOfRequests) {
  const std::string page(100'000, 'p');
  ServerOptions options;
  options.site = small_site(page);
  RunningServer running(options);
  Client client(running.port());
  for (int i = 0; i < 2000; ++i) {
    RawClient asking(running.port());
    asking.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    // Every second one goes without taking its answer.
    if (i % 2 == 0) {
      ASSERT_THAT(asking.rest(), EndsWith("\r\n\r\n" + page));
    }
  }
  client.send(R"(["REQ","s",{}])");
  EXPECT_EQ(client.read(), R"(["EOSE","s"])");
}

TEST(RelayServer, GivesUpOnThoseWhoDoNotTakeAFile) {
  const std::string page(32U << 20, 'p');
  ServerOptions options;
  options.site = small_site(page);
  options.timeouts.file = 50ms;
  RunningServer running(options);
  RawClient slow(running.port());
  slow.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  slow.until("\r\n\r\n");
  for (std::size_t connections = 1; connections > 0;)
    running.on_loop([&] { connections = running.server().connections(); });
  EXPECT_LT(slow.rest().size(), page.size());
}

}  // namespace
}  // namespace roomwire::relay
