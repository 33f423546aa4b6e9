#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ssl/context.hpp>
#include <future>
#include <net/loop.hpp>
#include <net/resolver.hpp>
#include <net/tls.hpp>
#include <net/websocket.hpp>
#include <optional>
#include <string>
#include <vector>

#include "certificates.hpp"
#include "run_until.hpp"
#include "websocket_server.hpp"

namespace roomwire::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<IpAddress> addresses(std::initializer_list<const char*> list) {
  std::vector<IpAddress> parsed;
  for (const char* text : list)
    parsed.push_back(*IpAddress::parse(text));
  return parsed;
}

class WebSocketTest : public testing::Test {
 protected:
  struct Client {
    std::unique_ptr<WebSocketClient> socket;
    int opened = 0;
    std::vector<std::string> messages;
    std::vector<std::string> binary;
    std::optional<std::string> closed;
    ErrorCode code = ErrorCode::other;
    std::function<void()> then_open = [] {};
    std::function<void()> then_message = [] {};
    std::function<void()> then_closed = [] {};
  };

  std::unique_ptr<Client> connect(const std::string& url, WebSocketOptions options = {}) {
    return connect(url, trust_, options);
  }

  std::unique_ptr<Client> connect(const std::string& url, TlsTrust& trust,
                                  WebSocketOptions options = {}) {
    auto client = std::make_unique<Client>();
    WebSocketHandlers handlers;
    handlers.on_open = [c = client.get()] {
      ++c->opened;
      c->then_open();
    };
    handlers.on_message = [c = client.get()](std::string_view data, bool is_text) {
      EXPECT_FALSE(c->closed);
      (is_text ? c->messages : c->binary).emplace_back(data);
      c->then_message();
    };
    handlers.on_closed = [c = client.get()](const Error& why) {
      EXPECT_FALSE(c->closed) << "twice";
      c->closed = why.message;
      c->code = why.code;
      c->then_closed();
    };
    client->socket = std::make_unique<WebSocketClient>(loop_, resolver_, trust, url,
                                                       std::move(handlers), options);
    EXPECT_FALSE(client->closed);
    return client;
  }

  std::string url(std::uint16_t port, const std::string& rest = "") {
    return "ws://127.0.0.1:" + std::to_string(port) + rest;
  }

  std::string reason(Client& client) {
    EXPECT_TRUE(run_until(loop_, [&] { return client.closed.has_value(); }));
    return client.closed.value_or("never closed");
  }
  bool opens(Client& client) {
    return run_until(loop_, [&] { return client.opened > 0 || client.closed; }) && !client.closed;
  }

  // A port where nobody listens, as nobody did a moment ago.
  std::uint16_t closed_port() { return RawServer(loop_, "").port(); }

  // Names of the tests; whatever begins with `hang` is looked up until the test ends. Runs on other
  // threads, which may outlive the test.
  static Resolver::Addresses look_up(const std::string& host,
                                     const std::shared_future<void>& released) {
    if (host.rfind("hang", 0) == 0) released.wait();
    if (host == "both.test") return addresses({"::1", "127.0.0.1"});
    if (host == "some-dead.test") return addresses({"127.0.0.77", "127.0.0.78", "127.0.0.1"});
    if (host == "localhost") return addresses({"127.0.0.1"});
    return failure(ErrorKind::unavailable, "host not found");
  }

  ~WebSocketTest() override { release_.set_value(); }

  std::promise<void> release_;
  Loop loop_;
  Resolver resolver_{loop_, [released = release_.get_future().share()](const std::string& host) {
                       return look_up(host, released);
                     }};
  TlsTrust trust_;
};

TEST_F(WebSocketTest, EchoesInOrderAndCloses) {
  TestServer server(loop_);
  auto client = connect(url(server.port(), "/path?query=1"));
  EXPECT_FALSE(client->socket->is_open());
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i) * 90, 'x'));
    client->socket->send(expected.back());  // from before it is open
  }
  EXPECT_GT(client->socket->queued_bytes(), 100U);
  EXPECT_TRUE(run_until(loop_, [&] { return client->messages.size() == expected.size(); }));
  EXPECT_EQ(client->messages, expected);
  EXPECT_EQ(client->opened, 1);
  EXPECT_TRUE(client->socket->is_open());
  EXPECT_EQ(client->socket->queued_bytes(), 0U);
  EXPECT_THAT(server.requests.at(0), StartsWith("GET /path?query=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests.at(0),
              HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  client->socket->close();
  EXPECT_FALSE(client->socket->is_open());
  EXPECT_EQ(reason(*client), "closed");
  EXPECT_TRUE(run_until(loop_, [&] { return server.closed == 1; }));
}

TEST_F(WebSocketTest, CloseSendsWhatIsQueuedFirst) {
  TestServer server(loop_, {.echo = false});
  auto client = connect(url(server.port()));
  ASSERT_TRUE(opens(*client));
  for (int i = 0; i < 50; ++i)
    client->socket->send(std::string(10'000, 'x'));
  client->socket->close();
  client->socket->send("too late");
  EXPECT_EQ(reason(*client), "closed");
  EXPECT_EQ(server.received.size(), 50U);
  EXPECT_EQ(server.closed, 1);
}

TEST_F(WebSocketTest, CloseEndsWhileConnecting) {
  auto client = connect("ws://hang-1.test/");
  client->socket->close();
  EXPECT_FALSE(client->closed) << "never inside the call";
  EXPECT_EQ(reason(*client), "closed");
  RawServer silent(loop_, "");
  auto other = connect(url(silent.port()));
  EXPECT_TRUE(run_until(loop_, [&] { return !silent.received.empty(); }));
  other->socket->close();
  EXPECT_EQ(reason(*other), "closed");
}

TEST_F(WebSocketTest, CloseDoesNotWaitForAServerThatIsSilent) {
  TestServer server(loop_, {.read = false});
  auto client = connect(url(server.port()), {.close_limit = 20ms});
  ASSERT_TRUE(opens(*client));
  client->socket->close();
  EXPECT_EQ(reason(*client), "closed");
}

TEST_F(WebSocketTest, TheEndHasACodeForTheProgram) {
  const auto code = [&](std::unique_ptr<Client> client) {
    reason(*client);
    return client->code;
  };
  EXPECT_EQ(code(connect(url(closed_port()))), ErrorCode::connection_refused);
  EXPECT_EQ(code(connect("http://127.0.0.1/")), ErrorCode::bad_option);
  RawServer forbids(loop_, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(code(connect(url(forbids.port()))), ErrorCode::http_refused);
  RawServer mail(loop_, "220 mail.test ESMTP\r\n");
  EXPECT_EQ(code(connect(url(mail.port()))), ErrorCode::no_websocket);
  RawServer plain(loop_, "220 mail.test ESMTP\r\n");
  EXPECT_EQ(code(connect("wss://127.0.0.1:" + std::to_string(plain.port()))),
            ErrorCode::tls_failed);
}

TEST_F(WebSocketTest, SaysWhyItCannotConnect) {
  EXPECT_EQ(reason(*connect(url(closed_port()))), "connection refused");
  EXPECT_EQ(reason(*connect("ws://nowhere.test/")), "host not found");
  EXPECT_THAT(reason(*connect("http://127.0.0.1/")), HasSubstr("not a WebSocket URL"));
  RawServer forbids(loop_, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(reason(*connect(url(forbids.port()))), "HTTP 403");
  RawServer moved(loop_, "HTTP/1.1 301 Moved\r\nLocation: ws://x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(reason(*connect(url(moved.port()))), "HTTP 301");
  RawServer mail(loop_, "220 mail.test ESMTP\r\n");
  EXPECT_EQ(reason(*connect(url(mail.port()))), "no WebSocket server there");
  RawServer endless(loop_, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
  EXPECT_EQ(reason(*connect(url(endless.port()))), "no WebSocket server there");
  RawServer liar(loop_,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: bm90aGluZw==\r\n\r\n");
  EXPECT_EQ(reason(*connect(url(liar.port()))), "no WebSocket server there");
  RawServer hangs_up(loop_, "");
  hangs_up.close_at_once = true;
  EXPECT_EQ(reason(*connect(url(hangs_up.port()))), "connection lost");
}

TEST_F(WebSocketTest, EveryStepOfConnectingHasOneTimeLimit) {
  const WebSocketOptions quick{.connect_limit = 300ms};
  EXPECT_EQ(reason(*connect("ws://hang-2.test/", quick)), "no answer within 1 s");
  RawServer silent(loop_, "");
  EXPECT_EQ(reason(*connect(url(silent.port()), quick)), "no answer within 1 s");
  EXPECT_THAT(silent.received, StartsWith("GET / HTTP/1.1\r\n"));
  EXPECT_EQ(reason(*connect("wss://127.0.0.1:" + std::to_string(silent.port()), quick)),
            "no answer within 1 s");
  EXPECT_TRUE(run_until(loop_, [&] { return silent.ended == 2; })) << "both were closed";
}

TEST_F(WebSocketTest, OneBadRelayHoldsUpNoOther) {
  RawServer silent(loop_, "");
  TestServer server(loop_);
  auto hanging = connect("ws://hang-3.test/");
  auto waiting = connect(url(silent.port()));
  auto refused = connect(url(closed_port()));
  auto good = connect("ws://localhost:" + std::to_string(server.port()));
  EXPECT_TRUE(opens(*good));
  EXPECT_FALSE(hanging->closed);
  EXPECT_FALSE(waiting->closed);
}

TEST_F(WebSocketTest, TriesEveryAddressOfAHost) {
  TestServer v4(loop_);
  auto by_v4 = connect("ws://both.test:" + std::to_string(v4.port()));
  EXPECT_TRUE(opens(*by_v4));
  TestServer v6(loop_, {.address = "::1"});
  auto by_v6 = connect("ws://both.test:" + std::to_string(v6.port()));
  EXPECT_TRUE(opens(*by_v6));
  auto literal = connect("ws://[::1]:" + std::to_string(v6.port()));
  EXPECT_TRUE(opens(*literal));
  auto third = connect("ws://some-dead.test:" + std::to_string(v4.port()));
  EXPECT_TRUE(opens(*third));
  EXPECT_EQ(reason(*connect("ws://some-dead.test:" + std::to_string(closed_port()))),
            "connection refused");
}

TEST_F(WebSocketTest, SaysHowTheOtherSideEndedIt) {
  TestServer server(loop_);
  auto told = connect(url(server.port()));
  ASSERT_TRUE(opens(*told));
  server.close("rate\nlimited");
  EXPECT_EQ(reason(*told), "closed by the other side: rate limited");
  auto dropped = connect(url(server.port()));
  ASSERT_TRUE(opens(*dropped));
  server.drop();
  EXPECT_EQ(reason(*dropped), "connection lost");
}

TEST_F(WebSocketTest, ReadsCompressedMessagesAndSendsPlainOnes) {
  TestServer server(loop_, {.deflate = true});
  auto client = connect(url(server.port()));
  ASSERT_TRUE(opens(*client));
  EXPECT_THAT(server.requests.at(0), HasSubstr("permessage-deflate"));
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    expected.push_back("compressible " + std::string(5'000, static_cast<char>('a' + i)));
    client->socket->send(expected.back());
  }
  EXPECT_TRUE(run_until(loop_, [&] { return client->messages.size() == 20; }));
  EXPECT_EQ(client->messages, expected);
}

TEST_F(WebSocketTest, RefusesMessagesThatAreTooLarge) {
  for (const bool deflate : {false, true}) {
    TestServer server(loop_, {.deflate = deflate});
    auto client = connect(url(server.port()), {.max_message_bytes = 1'000});
    ASSERT_TRUE(opens(*client));
    server.send(std::string(1'000, 'x'));
    EXPECT_TRUE(run_until(loop_, [&] { return client->messages.size() == 1; }));
    server.send(std::string(10'000'000, 'x'));  // compressed: some 10 kB
    EXPECT_EQ(reason(*client), "message too large") << deflate;
  }
}

TEST_F(WebSocketTest, TellsTextFromBytesAndRefusesTextThatIsNone) {
  TestServer server(loop_);
  auto client = connect(url(server.port()));
  ASSERT_TRUE(opens(*client));
  const std::string bytes("\xff\0\xfe", 3);
  server.send(bytes, false);
  server.send("text");
  client->socket->send("\x10\xff", false);  // The server answers with the same.
  ASSERT_TRUE(run_until(loop_, [&] { return client->binary.size() == 2; }));
  server.send("\xff\xfe");
  EXPECT_EQ(reason(*client), "WebSocket protocol violated");
  EXPECT_EQ(client->messages, std::vector<std::string>{"text"});
  EXPECT_EQ(client->binary, (std::vector<std::string>{bytes, "\x10\xff"}));
}

TEST_F(WebSocketTest, AsksForItsSubprotocol) {
  TestServer server(loop_);
  auto client = connect(url(server.port()), {.subprotocol = "mqtt"});
  ASSERT_TRUE(opens(*client));
  EXPECT_THAT(server.requests.at(0), HasSubstr("Sec-WebSocket-Protocol: mqtt\r\n"));
}

TEST_F(WebSocketTest, ClosesWhenTooMuchWaits) {
  TestServer server(loop_, {.read = false});
  auto client = connect(url(server.port()), {.max_queued_bytes = 100'000});
  client->socket->send(std::string(99'999, 'x'));
  client->socket->send("y");
  ASSERT_TRUE(opens(*client));
  // The buffers of the system take some megabytes.
  for (int i = 0; i < 1'000 && !client->closed; ++i) {
    for (int k = 0; k < 2; ++k)
      client->socket->send(std::string(99'999, 'x'));
    EXPECT_LE(client->socket->queued_bytes(), 100'000U);
    settle(loop_);
  }
  EXPECT_EQ(client->closed, "more waits to be sent than the connection takes");
}

TEST_F(WebSocketTest, PingsAndNoticesSilence) {
  TestServer alive(loop_);
  auto kept = connect(url(alive.port()), {.idle_limit = 400ms});
  TestServer dead(loop_, {.read = false});
  auto lost = connect(url(dead.port()), {.idle_limit = 400ms});
  EXPECT_EQ(reason(*lost), "nothing heard for 1 s");
  EXPECT_TRUE(run_until(loop_, [&] { return alive.pings >= 3; }));
  EXPECT_FALSE(kept->closed);
}

TEST_F(WebSocketTest, IsDestroyedInAnyStateAndCallsNobodyAfterwards) {
  TestServer server(loop_, {.deflate = true});
  // After so many turns of the loop: from the lookup until messages have come back.
  for (int turns = 0; turns < 40; ++turns) {
    auto client = connect("ws://localhost:" + std::to_string(server.port()));
    client->socket->send(std::string(20'000, 'x'));
    for (int i = 0; i < turns; ++i) {
      loop_.post([this] { loop_.stop(); });
      loop_.run();
    }
    client->socket.reset();
    client->then_open = client->then_message =
        client->then_closed = [] { ADD_FAILURE() << "called after the end"; };
    settle(loop_);
  }
  auto closing = connect(url(server.port()));
  ASSERT_TRUE(opens(*closing));
  closing->socket->close();
  closing->socket.reset();
  settle(loop_);
  EXPECT_FALSE(closing->closed);
}

TEST_F(WebSocketTest, MayBeDestroyedInEachOfItsCallbacks) {
  TestServer server(loop_);
  for (const int which : {0, 1, 2}) {
    auto client = connect(url(server.port()));
    bool destroyed = false;
    const auto destroy = [&, token = std::make_shared<int>(7)] {
      client->socket.reset();
      destroyed = *token == 7;
    };
    if (which == 0) client->then_open = destroy;
    if (which == 1) client->then_message = destroy;
    if (which == 2) client->then_closed = destroy;
    client->socket->send("one");
    client->socket->send("two");
    if (which == 2) {
      ASSERT_TRUE(opens(*client));
      server.drop();
    }
    EXPECT_TRUE(run_until(loop_, [&] { return destroyed; }));
    settle(loop_);
    EXPECT_LE(client->messages.size(), which == 1 ? 1U : 2U);
  }
}

TEST_F(WebSocketTest, MayBeLeftInALoopThatNeverRunsAgain) {
  TestServer server(loop_);
  auto client = connect(url(server.port()));
  auto waiting = connect("ws://hang-4.test/");
  ASSERT_TRUE(opens(*client));
  client->socket->send("x");
  client->socket.reset();
}

class SecureWebSocketTest : public WebSocketTest {
 protected:
  std::string outcome(const std::string& host, const std::string& subject, TlsTrust& trust,
                      long valid_seconds = 3'600) {
    const auto context = authority_.server_context(subject, valid_seconds);
    TestServer server(loop_, {.tls = context.get()});
    auto client = connect("wss://" + host + ":" + std::to_string(server.port()) + "/", trust);
    client->socket->send("secret");
    EXPECT_TRUE(run_until(loop_, [&] { return client->closed || !client->messages.empty(); }));
    names_ = server.server_names;
    EXPECT_EQ(server.received.empty(), client->closed.has_value());
    return client->closed.value_or("echoed");
  }

  TestAuthority authority_;
  TlsTrust trusting_{authority_.file().string()};
  std::vector<std::string> names_;
};

TEST_F(SecureWebSocketTest, ConnectsToTheHostOfTheCertificate) {
  EXPECT_EQ(outcome("localhost", "DNS:localhost", trusting_), "echoed");
  EXPECT_EQ(names_, std::vector<std::string>{"localhost"}) << "server name indication";
  EXPECT_EQ(outcome("127.0.0.1", "IP:127.0.0.1", trusting_), "echoed");
  EXPECT_EQ(names_, std::vector<std::string>{""}) << "an address is no server name";
}

TEST_F(SecureWebSocketTest, RefusesOtherHosts) {
  EXPECT_EQ(outcome("localhost", "DNS:other.test", trusting_),
            "certificate not valid: hostname mismatch");
  EXPECT_EQ(outcome("127.0.0.1", "IP:127.0.0.2,DNS:localhost", trusting_),
            "certificate not valid: IP address mismatch");
}

TEST_F(SecureWebSocketTest, RefusesExpiredCertificates) {
  EXPECT_EQ(outcome("localhost", "DNS:localhost", trusting_, -10),
            "certificate not valid: certificate has expired");
}

TEST_F(SecureWebSocketTest, RefusesAuthoritiesThatItDoesNotKnow) {
  EXPECT_EQ(outcome("localhost", "DNS:localhost", trust_),
            "certificate not valid: unable to get local issuer certificate");
  const TestAuthority other;
  TlsTrust trusts_other(other.file().string());
  EXPECT_THAT(outcome("localhost", "DNS:localhost", trusts_other),
              StartsWith("certificate not valid: "));
  TlsTrust no_file("/nonexistent/ca.pem");
  EXPECT_THAT(outcome("localhost", "DNS:localhost", no_file),
              StartsWith("certificate not valid: "));
}

TEST_F(SecureWebSocketTest, SaysThatThereIsNoTls) {
  RawServer plain(loop_, "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(reason(*connect("wss://127.0.0.1:" + std::to_string(plain.port()))),
              StartsWith("TLS: "));
  RawServer hangs_up(loop_, "");
  hangs_up.close_at_once = true;
  EXPECT_EQ(reason(*connect("wss://127.0.0.1:" + std::to_string(hangs_up.port()))),
            "connection closed during the TLS handshake");
}

TEST_F(SecureWebSocketTest, CarriesLargeMessagesAndCloses) {
  const auto context = authority_.server_context("DNS:localhost");
  TestServer server(loop_, {.tls = context.get(), .deflate = true});
  auto client = connect("wss://localhost:" + std::to_string(server.port()), trusting_);
  const std::string large(900'000, 'x');
  client->socket->send(large);
  EXPECT_TRUE(run_until(loop_, [&] { return client->messages.size() == 1; }));
  EXPECT_TRUE(client->messages[0] == large);
  client->socket->close();
  EXPECT_EQ(reason(*client), "closed");
}

}  // namespace
}  // namespace roomwire::net
