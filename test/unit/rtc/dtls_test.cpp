#include "rtc/dtls.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "rtc/virtual_clock.hpp"

namespace roomwire::rtc {
namespace {

class End : public DtlsSink {
 public:
  void open(DtlsContext& context, DtlsRole role, const Fingerprint& expected) {
    session = std::make_unique<DtlsSession>(context, role, std::vector{expected}, *this);
  }
  void send_datagram(ByteView datagram) override {
    sent.emplace_back(datagram.begin(), datagram.end());
  }
  void on_dtls_connected() override { ++connected; }
  void on_dtls_data(std::span<std::uint8_t> data) override {
    received.emplace_back(data.begin(), data.end());
  }
  void on_dtls_closed(const std::string& reason) override { closed.push_back(reason); }

  std::unique_ptr<DtlsSession> session;
  std::deque<Bytes> sent;
  std::vector<Bytes> received;
  std::vector<std::string> closed;
  int connected = 0;
};

class Dtls : public ::testing::Test {
 protected:
  Dtls() : one_(make_context()), other_(make_context()) {}

  static std::unique_ptr<DtlsContext> make_context() { return std::move(*DtlsContext::create()); }

  void open() {
    client_.open(*one_, DtlsRole::client, other_->fingerprint());
    server_.open(*other_, DtlsRole::server, one_->fingerprint());
    client_.session->start(now_);
  }

  bool pass(End& from, End& to) {
    if (from.sent.empty()) return false;
    const Bytes datagram = std::move(from.sent.front());
    from.sent.pop_front();
    if (entropy_.unit() >= loss_) to.session->handle_datagram(now_, datagram);
    return true;
  }

  /// Passes datagrams and time until neither side has anything to do.
  void run(Duration limit = 60s) {
    const Time end = now_ + limit;
    for (;;) {
      while (pass(client_, server_) || pass(server_, client_)) {
      }
      const Deadline next =
          earlier(client_.session->next_timeout(), server_.session->next_timeout());
      if (!next || *next > end) return;
      now_ = std::max(now_, *next);
      clock_.set(now_);
      client_.session->handle_timeout(now_);
      server_.session->handle_timeout(now_);
    }
  }

  VirtualClock clock_;
  Time now_{};
  SeededEntropy entropy_{1};
  double loss_ = 0;
  std::unique_ptr<DtlsContext> one_;
  std::unique_ptr<DtlsContext> other_;
  End client_;
  End server_;
};

TEST_F(Dtls, CarriesDataBothWays) {
  open();
  EXPECT_FALSE(client_.session->send(as_bytes("too early")));
  run();
  EXPECT_EQ(client_.connected, 1);
  EXPECT_EQ(server_.connected, 1);
  EXPECT_TRUE(client_.session->send(as_bytes("from the client")));
  EXPECT_TRUE(server_.session->send(as_bytes("from the server")));
  ASSERT_EQ(client_.sent.size(), 1U);
  EXPECT_EQ(client_.sent.front().size(), 15 + DtlsSession::record_overhead);
  run();
  ASSERT_EQ(server_.received.size(), 1U);
  EXPECT_EQ(as_text(server_.received[0]), "from the client");
  ASSERT_EQ(client_.received.size(), 1U);
  EXPECT_EQ(as_text(client_.received[0]), "from the server");
}

TEST_F(Dtls, ReadsEveryRecordOfADatagram) {
  open();
  run();
  Bytes datagram;
  for (const char* const text : {"one", "two", "three"}) {
    ASSERT_TRUE(client_.session->send(as_bytes(text)));
    datagram.insert(datagram.end(), client_.sent.back().begin(), client_.sent.back().end());
  }
  ASSERT_TRUE(server_.session->handle_datagram(now_, datagram));
  ASSERT_EQ(server_.received.size(), 3U);
  EXPECT_EQ(as_text(server_.received[2]), "three");
}

TEST_F(Dtls, ConnectsThoughDatagramsAreLost) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    entropy_ = SeededEntropy(seed);
    loss_ = 0.25;
    client_ = {};
    server_ = {};
    open();
    const Time start = now_;
    run();
    EXPECT_EQ(client_.connected, 1);
    EXPECT_EQ(server_.connected, 1);
    EXPECT_LT(now_ - start, 15s);
  }
}

TEST_F(Dtls, GivesUpWhenNobodyAnswers) {
  open();
  loss_ = 1;
  run();
  ASSERT_EQ(client_.closed.size(), 1U);
  EXPECT_EQ(client_.closed[0], "the DTLS handshake was not answered");
  EXPECT_LT(now_.time_since_epoch(), 30s);
  EXPECT_FALSE(client_.session->next_timeout());
}

TEST_F(Dtls, RefusesACertificateThatWasNotAnnounced) {
  client_.open(*one_, DtlsRole::client, one_->fingerprint());
  server_.open(*other_, DtlsRole::server, one_->fingerprint());
  client_.session->start(now_);
  run();
  EXPECT_EQ(client_.connected, 0);
  EXPECT_EQ(server_.connected, 0);
  ASSERT_EQ(client_.closed.size(), 1U);
  EXPECT_EQ(client_.closed[0], "the certificate is not the one that was announced");
  ASSERT_EQ(server_.closed.size(), 1U);
  EXPECT_EQ(server_.closed[0], "DTLS alert of the peer: bad certificate (42)");
}

TEST_F(Dtls, SaysWhichAlertEndedIt) {
  struct Case {
    std::uint8_t alert;
    const char* reason;
  };
  // OpenSSL has no words for the last two.
  for (const Case& each : {Case{40, "DTLS alert of the peer: handshake failure (40)"},
                           Case{99, "DTLS alert of the peer: unknown (99)"},
                           Case{0, "DTLS alert of the peer: close notify (0)"}}) {
    client_ = {};
    open();
    const Bytes record{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, each.alert};
    client_.session->handle_datagram(now_, record);
    ASSERT_EQ(client_.closed.size(), 1U);
    EXPECT_EQ(client_.closed[0], each.reason);
  }
}

TEST_F(Dtls, SaysWhatItCannotRead) {
  open();
  // A ServerHello without end, in place of an answer.
  const Bytes record{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0,    14,  2,
                     0,  0,    2,    0, 0, 0, 0, 0, 0, 0, 2, 0xfe, 0xfd};
  client_.session->handle_datagram(now_, record);
  ASSERT_EQ(client_.closed.size(), 1U);
  EXPECT_EQ(client_.closed[0], "DTLS failed: length mismatch");
}

TEST_F(Dtls, ServerRefusesAClientThatWasNotAnnounced) {
  client_.open(*one_, DtlsRole::client, other_->fingerprint());
  server_.open(*other_, DtlsRole::server, other_->fingerprint());
  client_.session->start(now_);
  run();
  EXPECT_EQ(server_.connected, 0);
  ASSERT_EQ(server_.closed.size(), 1U);
  EXPECT_EQ(client_.closed.size(), 1U);
}

TEST_F(Dtls, OneOfSeveralFingerprintsIsEnoughAndUnknownHashesAreNot) {
  const Fingerprint unknown{"md5", Bytes(16, 1)};
  const auto connects = [&](std::vector<Fingerprint> expected) {
    server_ = {};
    client_ = {};
    client_.open(*one_, DtlsRole::client, other_->fingerprint());
    server_.session = std::make_unique<DtlsSession>(*other_, DtlsRole::server, expected, server_);
    client_.session->start(now_);
    run();
    return server_.connected == 1;
  };
  EXPECT_TRUE(connects({unknown, one_->fingerprint()}));
  EXPECT_FALSE(connects({unknown}));
  EXPECT_FALSE(connects({}));
}

TEST_F(Dtls, TellsThePeerOfTheEnd) {
  open();
  run();
  server_.session->close();
  run();
  ASSERT_EQ(client_.closed.size(), 1U);
  EXPECT_EQ(client_.closed[0], "closed by the peer");
  EXPECT_TRUE(server_.closed.empty());
  EXPECT_FALSE(client_.session->send(as_bytes("late")));
  EXPECT_FALSE(server_.session->send(as_bytes("late")));
}

TEST_F(Dtls, IgnoresWhatIsForgedOrRepeated) {
  open();
  run();
  client_.session->send(as_bytes("once"));
  const Bytes datagram = client_.sent.front();
  client_.sent.clear();
  Bytes forged = datagram;
  forged.back() ^= 1;
  EXPECT_FALSE(server_.session->handle_datagram(now_, forged));
  EXPECT_TRUE(server_.session->handle_datagram(now_, datagram));
  EXPECT_FALSE(server_.session->handle_datagram(now_, datagram));
  EXPECT_FALSE(server_.session->handle_datagram(now_, Bytes(100, 22)));
  EXPECT_EQ(server_.received.size(), 1U);
  EXPECT_TRUE(server_.closed.empty());
}

}  // namespace
}  // namespace roomwire::rtc
