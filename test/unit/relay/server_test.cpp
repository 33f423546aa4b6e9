#include "relay/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace roomwire::relay {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = ServerEvent::Kind;

constexpr const char* upgrade_request =
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const Endpoint loopback{IpAddress::v4({127, 0, 0, 1}), 0};

/// A server on a thread of its own, and what it reports.
class RunningServer {
 public:
  explicit RunningServer(ServerOptions options = {}) {
    if (options.listen.empty()) options.listen = {loopback};
    options.on_event = [this](const ServerEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
    auto started = Server::start(io_, std::move(options));
    if (!started) throw std::runtime_error(started.error().message);
    server_ = std::move(*started);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    on_loop([this] { server_.reset(); });
    work_.reset();
    thread_.join();
  }

  std::uint16_t port() const { return server_->port(); }
  Server& server() { return *server_; }

  void on_loop(std::function<void()> task) {
    std::promise<void> done;
    asio::post(io_, [&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Waits for the first event of this kind that was not waited for yet.
  ServerEvent next(Kind kind) {
    std::unique_lock lock(mutex_);
    while (true) {
      for (auto event = events_.begin(); event != events_.end(); ++event) {
        if (event->kind != kind) continue;
        ServerEvent found = *event;
        events_.erase(event);
        return found;
      }
      changed_.wait(lock);
    }
  }

  bool has(Kind kind) {
    const std::lock_guard lock(mutex_);
    return std::any_of(events_.begin(), events_.end(),
                       [kind](const ServerEvent& event) { return event.kind == kind; });
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ServerEvent> events_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

tcp::socket connect(asio::io_context& io, std::uint16_t port) {
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  socket.set_option(tcp::no_delay(true));
  return socket;
}

/// Bytes in, and all that comes back until the server closes.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(connect(io_, port)) {}
  void send(std::string_view text) {
    beast::error_code ignored;
    asio::write(socket_, asio::buffer(text), ignored);
  }
  std::string rest() {
    std::string text;
    beast::error_code ignored;
    asio::read(socket_, asio::dynamic_buffer(text), ignored);
    return text;
  }
  std::string ask(std::string_view text) {
    send(text);
    return rest();
  }
  std::string until(std::string_view end) {
    std::string text;
    asio::read_until(socket_, asio::dynamic_buffer(text), end);
    return text;
  }

 private:
  asio::io_context io_;
  tcp::socket socket_;
};

template <class Stream>
void write_text(websocket::stream<Stream>& stream, std::string_view text) {
  stream.write(asio::buffer(text));
}

template <class Stream>
std::string read_text(websocket::stream<Stream>& stream) {
  beast::flat_buffer buffer;
  stream.read(buffer);
  return beast::buffers_to_string(buffer.data());
}

class Client {
 public:
  explicit Client(std::uint16_t port, const std::string& path = "/") : stream_(connect(io_, port)) {
    stream_.handshake("127.0.0.1", path);
  }
  void send(std::string_view text) { write_text(stream_, text); }
  std::string read() { return read_text(stream_); }
  /// Reads until the other side closes, and returns its code.
  std::uint16_t close_code() {
    beast::flat_buffer buffer;
    beast::error_code error;
    while (!error)
      stream_.read(buffer, error);
    return stream_.reason().code;
  }
  void leave() { stream_.close(websocket::close_code::normal); }

 private:
  asio::io_context io_;
  websocket::stream<tcp::socket> stream_;
};

TEST(RelayServer, ClientsOfBothProtocolsHearEachOther) {
  RunningServer running;
  Client a(running.port());
  Client b(running.port(), "/any/path?query");
  for (Client* client : {&a, &b}) {
    client->send(R"({"type":"subscribe","topic":"t"})");
    client->send(R"(["REQ","s",{"#x":["t"]}])");
    EXPECT_EQ(client->read(), R"(["EOSE","s"])");
  }
  a.send(R"({"type":"publish","topic":"t","payload":"hello"})");
  EXPECT_EQ(a.read(), R"({"topic":"t","payload":"hello"})");
  EXPECT_EQ(b.read(), R"({"topic":"t","payload":"hello"})");
  EXPECT_EQ(running.next(Kind::connected).clients, 1U);
  EXPECT_EQ(running.next(Kind::connected).clients, 2U);
  a.leave();
  const ServerEvent gone = running.next(Kind::disconnected);
  EXPECT_EQ(gone.reason, "said good-bye");
  EXPECT_EQ(gone.clients, 1U);
  EXPECT_EQ(gone.remote.address, loopback.address);
}

TEST(RelayServer, ManyMessagesArriveInOrder) {
  RunningServer running;
  Client client(running.port());
  client.send(R"({"type":"subscribe","topic":"t"})");
  for (int i = 0; i < 500; ++i) {
    client.send(R"({"type":"publish","topic":"t","payload":)" + std::to_string(i) + "}");
  }
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(client.read(), R"({"topic":"t","payload":)" + std::to_string(i) + "}");
  }
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

Site small_site(std::string_view page) {
  Site site;
  site.files = {{"/index.html", "text/html", "e", page, page, false}};
  site.config = "{}";
  return site;
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

TEST(RelayServer, OutlivesThousandsOfRequests) {
  const std::string page(100'000, 'p');
  ServerOptions options;
  options.site = small_site(page);
  options.timeouts.file = 50ms;
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
  RunningServer running(options);
  RawClient silent(running.port());
  RawClient slow(running.port());
  slow.send("GET / HT");
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(slow.rest(), "");
  EXPECT_EQ(running.next(Kind::refused).reason, "no request in time");
  EXPECT_EQ(running.next(Kind::refused).reason, "no request in time");
}

TEST(RelayServer, DropsClientsThatAnswerNoPing) {
  ServerOptions options;
  options.timeouts.idle = 100ms;
  RunningServer running(options);
  RawClient client(running.port());
  client.send(upgrade_request);
  EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(running.next(Kind::disconnected).reason, "answers no ping");
}

TEST(RelayServer, OversizeMessageIsAnsweredWith1009) {
  ServerOptions options;
  options.limits.message_bytes = 1000;
  RunningServer running(options);
  Client client(running.port());
  client.send(std::string(1001, ' '));
  EXPECT_EQ(client.close_code(), close_code::too_big);
  EXPECT_EQ(running.next(Kind::disconnected).reason, "sent a message that is too large");
}

TEST(RelayServer, TooMuchForTooLongIsAnsweredWith1013) {
  ServerOptions options;
  options.limits.message_burst = 1;
  options.limits.messages_per_second = 0;
  RunningServer running(options);
  Client client(running.port());
  for (int i = 0; i < 3; ++i)
    client.send(R"(["CLOSE","s"])");
  EXPECT_EQ(client.close_code(), close_code::try_again_later);
  EXPECT_THAT(running.next(Kind::disconnected).reason, HasSubstr("rate-limited"));
}

TEST(RelayServer, ClientThatDoesNotReadIsDropped) {
  ServerOptions options;
  options.limits.queued_bytes = 64U << 10;
  options.limits.byte_burst = 1e12;
  options.timeouts.close = 50ms;
  RunningServer running(options);
  Client slow(running.port());
  slow.send(R"({"type":"subscribe","topic":"t"})");
  slow.send(R"(["REQ","s",{}])");
  EXPECT_EQ(slow.read(), R"(["EOSE","s"])") << "so it has subscribed";
  Client fast(running.port());
  const std::string payload(30'000, 'x');
  // The system's buffers take some megabytes first.
  for (int i = 0; i < 900 && !running.has(Kind::disconnected); ++i) {
    fast.send(R"({"type":"publish","topic":"t","payload":")" + payload + R"("})");
  }
  EXPECT_EQ(running.next(Kind::disconnected).reason, "reads too slowly");
  fast.send(R"(["REQ","s",{}])");
  EXPECT_EQ(fast.read(), R"(["EOSE","s"])");
}

TEST(RelayServer, TurnsAwayWhoIsTooMany) {
  ServerOptions options;
  options.limits.connections_per_address = 1;
  RunningServer running(options);
  Client first(running.port());
  running.next(Kind::connected);
  EXPECT_THAT(RawClient(running.port()).ask(upgrade_request), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(running.next(Kind::refused).reason, "too many connections from 127.0.0.1");
  first.leave();
  running.next(Kind::disconnected);
  Client second(running.port());
  second.send(R"(["REQ","s",{}])");
  EXPECT_EQ(second.read(), R"(["EOSE","s"])");
}

TEST(RelayServer, AThousandIdleClientsDisturbNobody) {
  constexpr std::size_t count = 1000;
  if (raise_file_limit() < 2 * count + 200) GTEST_SKIP() << "not enough files allowed";
  RunningServer running;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (std::size_t i = 0; i < count; ++i) {
    idle.push_back(std::make_unique<RawClient>(running.port()));
    idle.back()->send(upgrade_request);
  }
  for (const auto& client : idle)
    ASSERT_THAT(client->until("\r\n\r\n"), HasSubstr(" 101 "));
  Client a(running.port());
  a.send(R"({"type":"subscribe","topic":"t"})");
  a.send(R"(["REQ","s",{}])");
  EXPECT_EQ(a.read(), R"(["EOSE","s"])");
  Client b(running.port());
  b.send(R"({"type":"publish","topic":"t","payload":1})");
  EXPECT_EQ(a.read(), R"({"topic":"t","payload":1})");
  std::size_t clients = 0;
  running.on_loop([&] { clients = running.server().clients(); });
  EXPECT_EQ(clients, count + 2);
}

TEST(RelayServer, StopSaysGoodByeAndThenNobodyIsThere) {
  RunningServer running;
  Client client(running.port());
  RawClient undecided(running.port());
  running.next(Kind::connected);
  std::promise<void> stopped;
  running.on_loop([&] { running.server().stop([&] { stopped.set_value(); }); });
  EXPECT_EQ(client.close_code(), close_code::going_away);
  EXPECT_EQ(undecided.rest(), "");
  stopped.get_future().wait();
  EXPECT_EQ(running.server().connections(), 0U);
  asio::io_context io;
  EXPECT_THROW(connect(io, running.port()), boost::system::system_error);
}

TEST(RelayServer, SaysWhatItCannotListenOn) {
  asio::io_context io;
  ServerOptions options;
  EXPECT_EQ(Server::start(io, options).error().kind, ErrorKind::invalid_input);
  options.listen = {loopback};
  auto first = Server::start(io, options);
  ASSERT_TRUE(first);
  options.listen = (*first)->endpoints();
  const auto second = Server::start(io, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr((*first)->endpoints()[0].to_string()));
}

TEST(RelayServer, ListensOnSeveralAddresses) {
  const Endpoint v6{*IpAddress::parse("::1"), 0};
  ServerOptions options;
  options.listen = {loopback, v6};
  asio::io_context io;
  auto server = Server::start(io, options);
  if (!server) GTEST_SKIP() << server.error().message;
  ASSERT_EQ((*server)->endpoints().size(), 2U);
  EXPECT_EQ((*server)->endpoints()[1].address, v6.address);
  EXPECT_NE((*server)->endpoints()[1].port, 0);
}

/// A self-signed certificate for the length of a test.
class Certificate {
 public:
  Certificate() {
    directory_ = std::filesystem::path(testing::TempDir()) /
                 ("roomwire-relay-" + std::to_string(::getpid()));
    std::filesystem::create_directory(directory_);
    tls.certificate_file = directory_ / "certificate.pem";
    tls.key_file = directory_ / "key.pem";
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen(tls.certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(tls.key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Certificate() { std::filesystem::remove_all(directory_); }

  ServerTls tls;

 private:
  std::filesystem::path directory_;
};

TEST(RelayServer, SpeaksTls) {
  const Certificate certificate;
  ServerOptions options;
  options.tls = certificate.tls;
  RunningServer running(options);
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  websocket::stream<asio::ssl::stream<tcp::socket>> client(connect(io, running.port()), context);
  client.next_layer().handshake(asio::ssl::stream_base::client);
  client.handshake("localhost", "/");
  write_text(client, R"(["REQ","s",{}])");
  EXPECT_EQ(read_text(client), R"(["EOSE","s"])");
  client.close(websocket::close_code::normal);
  EXPECT_EQ(running.next(Kind::disconnected).reason, "said good-bye");

  RawClient(running.port()).ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(running.next(Kind::refused).reason, StartsWith("TLS handshake failed: "));
}

TEST(RelayServer, SpeaksWithoutTlsWhereItIsToldTo) {
  const Certificate certificate;
  ServerOptions options;
  options.tls = certificate.tls;
  options.listen_plain = {loopback};
  RunningServer running(options);
  ASSERT_EQ(running.server().endpoints().size(), 2U);
  Client client(running.server().endpoints()[1].port);
  client.send(R"(["REQ","s",{}])");
  EXPECT_EQ(client.read(), R"(["EOSE","s"])");
}

TEST(RelayServer, NamesTheCertificateThatItCannotUse) {
  const Certificate certificate;
  asio::io_context io;
  ServerOptions options;
  options.listen = {loopback};
  options.tls = ServerTls{"/nowhere/certificate.pem", certificate.tls.key_file};
  auto server = Server::start(io, options);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(server.error().message, HasSubstr("/nowhere/certificate.pem"));
  options.tls = ServerTls{certificate.tls.certificate_file, certificate.tls.certificate_file};
  server = Server::start(io, options);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("cannot use the key"));
}

}  // namespace
}  // namespace roomwire::relay
