#include "relay/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <boost/asio/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "relay/running_server.hpp"

namespace roomwire::relay {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

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
