#include "rtc/sctp.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "base/crypto.hpp"
#include "base/entropy.hpp"
#include "rtc/sctp_abort.hpp"
#include "rtc/virtual_clock.hpp"

namespace roomwire::rtc {
namespace {

constexpr std::uint32_t some_ppid = 53;

class End : public SctpSink {
 public:
  void send_packet(ByteView packet) override { sent.emplace_back(packet.begin(), packet.end()); }
  void on_established() override { established = true; }
  void on_sctp_message(std::uint16_t stream, std::uint32_t ppid, ByteView data) override {
    EXPECT_EQ(ppid, some_ppid);
    last_stream = stream;
    messages.emplace_back(data.begin(), data.end());
    if (pause_after == messages.size()) association->set_receiving(false);
  }
  void on_stream_reset(std::uint16_t stream) override { resets.push_back(stream); }
  void on_progress() override {
    while (to_send > 0 && association->send(0, some_ppid, Bytes(1000, std::uint8_t{1})) ==
                              SctpAssociation::SendResult::sent) {
      --to_send;
    }
  }
  void on_sctp_closed(const std::string& reason) override { closed.push_back(reason); }

  std::vector<Bytes> sent;
  bool established = false;
  std::uint16_t last_stream = 999;
  std::size_t pause_after = SIZE_MAX;
  std::size_t to_send = 0;
  std::vector<Bytes> messages;
  std::vector<std::uint16_t> resets;
  std::vector<std::string> closed;
  std::unique_ptr<SctpAssociation> association;
};

class Sctp : public ::testing::Test {
 protected:
  Sctp() : stack_(std::move(*SctpStack::create())) {
    for (End* end : {&a_, &b_}) {
      end->association = std::make_unique<SctpAssociation>(*stack_, now_, *end);
    }
  }

  void connect() {
    EXPECT_TRUE(a_.association->connect(5000, 5000));
    EXPECT_TRUE(b_.association->connect(5000, 5000));
    run_until([&] { return a_.established && b_.established; });
  }

  void take_from(End& from, End& to) {
    for (Bytes& packet : std::exchange(from.sent, {})) {
      EXPECT_LE(packet.size(), SctpAssociation::max_packet);
      if (entropy_.unit() < loss_ || (is_lost_ && is_lost_(packet))) continue;
      const Duration delay = 1ms + Duration(entropy_.below(static_cast<std::uint64_t>(
                                       std::chrono::nanoseconds(jitter_).count() + 1)));
      under_way_.emplace(now_ + delay, std::make_pair(&to, std::move(packet)));
    }
  }

  template <class Done>
  bool run_until(const Done& done, Duration limit = 60s) {
    const Time end = now_ + limit;
    for (;;) {
      take_from(a_, b_);
      take_from(b_, a_);
      if (done()) return true;
      Deadline next = stack_->next_timeout();
      if (!under_way_.empty()) next = earlier(next, under_way_.begin()->first);
      if (!next || *next > end) return false;
      now_ = std::max(now_, *next);
      clock_.set(now_);
      if (!under_way_.empty() && under_way_.begin()->first <= now_) {
        auto [to, packet] = under_way_.extract(under_way_.begin()).mapped();
        to->association->handle_packet(packet);
      }
      stack_->handle_timeout(now_);
    }
  }
  void run_for(Duration duration) {
    run_until([] { return false; }, duration);
  }

  bool send(End& end, ByteView message, std::uint16_t stream = 0) {
    return end.association->send(stream, some_ppid, message) == SctpAssociation::SendResult::sent;
  }

  VirtualClock clock_;
  Time now_{};
  SeededEntropy entropy_{1};
  double loss_ = 0;
  std::function<bool(const Bytes&)> is_lost_;
  Duration jitter_{};
  std::unique_ptr<SctpStack> stack_;
  End a_;
  End b_;
  std::multimap<Time, std::pair<End*, Bytes>> under_way_;
};

TEST_F(Sctp, ConnectsWhenBothSidesBeginAtOnce) {
  connect();
  EXPECT_TRUE(a_.established);
  EXPECT_TRUE(b_.established);
  EXPECT_LT(now_.time_since_epoch(), 100ms);
}

TEST_F(Sctp, CarriesMessagesOfAllSizes) {
  connect();
  const std::vector<std::size_t> sizes = {1, 100, 1191, 1192, 65535, 65536, 65537};
  for (const std::size_t size : sizes)
    EXPECT_TRUE(send(a_, Bytes(size, std::uint8_t(size)), 7));
  ASSERT_TRUE(run_until([&] { return b_.messages.size() == sizes.size(); }));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(b_.messages[i], Bytes(sizes[i], std::uint8_t(sizes[i])));
  }
  EXPECT_EQ(b_.last_stream, 7);
  ASSERT_TRUE(run_until([&] { return a_.association->ledger().all_acknowledged(); }));
  EXPECT_TRUE(send(a_, Bytes(SctpAssociation::window, 9)));
  EXPECT_TRUE(run_until([&] { return b_.messages.size() == sizes.size() + 1; }));
  EXPECT_EQ(b_.messages.back(), Bytes(SctpAssociation::window, 9));
}

TEST_F(Sctp, APacketThatIsLostOftenEndsNothing) {
  connect();
  run_for(1s);
  ASSERT_TRUE(send(a_, Bytes(1000, 1)));
  const Bytes first = a_.sent.at(0);
  int losses = 0;
  is_lost_ = [&](const Bytes& packet) {
    const bool same_tsn = std::equal(first.begin() + 12, first.begin() + 20, packet.begin() + 12);
    return same_tsn && ++losses <= 40;
  };
  for (int i = 0; i < 3000 && losses < 40; ++i) {
    send(a_, Bytes(10, 2));
    run_for(5ms);
  }
  EXPECT_GE(losses, 40);
  ASSERT_TRUE(run_until([&] { return !b_.messages.empty(); }));
  EXPECT_EQ(b_.messages[0], Bytes(1000, 1));
  EXPECT_TRUE(a_.closed.empty());
}

TEST_F(Sctp, FillsItsPacketsWithShortMessages) {
  connect();
  run_for(1s);
  ASSERT_TRUE(a_.sent.empty());
  // Five of these fit in a packet. The first leave at once, the last wait for an answer.
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(send(a_, Bytes(183, std::uint8_t(i))));
  EXPECT_LE(a_.sent.size(), 8U + 300U / 5U);
  ASSERT_TRUE(run_until([&] { return b_.messages.size() == 300; }));
  for (std::size_t i = 0; i < 300; ++i)
    EXPECT_EQ(b_.messages[i][0], std::uint8_t(i));
}

TEST_F(Sctp, AMessageDoesNotWaitForADelayedAcknowledgement) {
  connect();
  run_for(1s);
  for (int i = 1; i <= 10; ++i) {
    ASSERT_TRUE(send(a_, Bytes(20, std::uint8_t{1})));
    EXPECT_TRUE(run_until([&] { return b_.messages.size() == std::size_t(i); }, 5ms)) << i;
  }
}

TEST_F(Sctp, TheLastOfManyDoesNotWaitForADelayedAcknowledgement) {
  for (const std::size_t count : {2U, 7U, 8U, 9U, 17U, 40U, 41U, 42U, 43U, 44U, 300U}) {
    SCOPED_TRACE(count);
    if (b_.messages.empty()) connect();
    run_for(1s);
    b_.messages.clear();
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_TRUE(send(a_, Bytes(183, std::uint8_t{1})));
    EXPECT_TRUE(run_until([&] { return b_.messages.size() == count; }, 15ms));
  }
}

TEST_F(Sctp, RefusesWhatExceedsItsWindow) {
  connect();
  EXPECT_EQ(a_.association->send(0, some_ppid, Bytes(SctpAssociation::window + 1)),
            SctpAssociation::SendResult::failed);
  EXPECT_TRUE(send(a_, Bytes(200000)));
  EXPECT_EQ(a_.association->send(0, some_ppid, Bytes(200000)), SctpAssociation::SendResult::full);
}

TEST_F(Sctp, DeliversAllInOrderOverABadNetwork) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    entropy_ = SeededEntropy(seed);
    loss_ = 0.1;
    jitter_ = 20ms;
    if (seed == 1) connect();
    b_.messages.clear();
    std::uint32_t next = 0;
    const auto feed = [&] {
      while (next < 2000) {
        Bytes message;
        ByteWriter(message).u32(next);
        message.resize(4 + next % 3000);
        if (!send(a_, message)) break;
        ++next;
      }
      return b_.messages.size() == 2000;
    };
    ASSERT_TRUE(run_until(feed, 600s));
    for (std::uint32_t i = 0; i < 2000; ++i) {
      ASSERT_EQ(ByteReader(b_.messages[i]).u32(), i);
      ASSERT_EQ(b_.messages[i].size(), 4 + i % 3000);
    }
  }
}

TEST_F(Sctp, APausedReaderStopsTheSenderAndResumingStartsItAgain) {
  connect();
  b_.association->set_receiving(false);
  a_.to_send = 2000;
  a_.on_progress();
  run_for(20s);
  EXPECT_TRUE(b_.messages.empty());
  const std::size_t waiting = a_.to_send;
  EXPECT_GT(waiting, 1000U) << "about two windows of it were taken";
  b_.association->set_receiving(true);
  EXPECT_GT(b_.messages.size(), 50U) << "what had arrived comes at once";
  EXPECT_TRUE(run_until([&] { return a_.to_send < waiting; }, 100ms))
      << "the window's news goes out at once";
  EXPECT_TRUE(run_until([&] { return b_.messages.size() == 2000; }));
}

TEST_F(Sctp, CanBePausedFromWithinAMessage) {
  connect();
  b_.pause_after = 3;
  for (int i = 0; i < 10; ++i)
    send(a_, Bytes(10, std::uint8_t(i)));
  run_for(1s);
  EXPECT_EQ(b_.messages.size(), 3U);
  b_.association->set_receiving(true);
  run_for(1s);
  EXPECT_EQ(b_.messages.size(), 10U);
}

TEST_F(Sctp, NoticesThatThePeerClosed) {
  connect();
  send(a_, Bytes(10));
  run_for(1s);
  a_.association->close();
  run_for(1s);
  EXPECT_EQ(b_.closed, std::vector<std::string>{"closed by the peer (SCTP abort: user-initiated)"});
  EXPECT_TRUE(a_.closed.empty());
  EXPECT_EQ(b_.association->send(0, some_ppid, Bytes(1)), SctpAssociation::SendResult::failed);
}

TEST_F(Sctp, DeliversWhatCameBeforeTheEnd) {
  connect();
  b_.association->set_receiving(false);
  for (int i = 0; i < 100; ++i)
    send(a_, Bytes(1000));
  run_for(1s);
  a_.association->close();
  run_for(1s);
  EXPECT_TRUE(b_.closed.empty());
  EXPECT_EQ(b_.association->send(0, some_ppid, Bytes(1)), SctpAssociation::SendResult::failed);
  EXPECT_TRUE(b_.sent.empty());
  b_.association->set_receiving(true);
  EXPECT_EQ(b_.messages.size(), 100U);
  EXPECT_EQ(b_.closed.size(), 1U);
}

/// The packet with other chunks behind its header, and the checksum of that.
Bytes with_chunks(ByteView packet, ByteView chunks) {
  Bytes out(packet.begin(), packet.begin() + 8);
  out.resize(12);
  out.insert(out.end(), chunks.begin(), chunks.end());
  const std::uint32_t checksum = crc32c(out);
  for (std::size_t i = 0; i < 4; ++i)
    out[8 + i] = static_cast<std::uint8_t>(checksum >> 8 * i);
  return out;
}

TEST_F(Sctp, TellsTheCauseOfAnAbort) {
  const std::string text = "Close \x1b[31m\xc2\x9b" + std::string(200, 'x');
  const auto size = static_cast<std::uint8_t>(text.size() + 4);
  Bytes chunk{6, 0, 0, static_cast<std::uint8_t>(size + 4), 0, 12, 0, size};
  chunk.insert(chunk.end(), text.begin(), text.end());
  connect();
  send(a_, Bytes(10));
  Bytes packet = with_chunks(a_.sent.at(0), chunk);
  b_.association->handle_packet(packet);
  ASSERT_EQ(b_.closed.size(), 1U);
  EXPECT_EQ(b_.closed[0], "closed by the peer (SCTP abort: user-initiated, 'Close ?[31m??" +
                              std::string(47, 'x') + "...')");
}

TEST_F(Sctp, BothSidesKnowWhoAborted) {
  connect();
  send(a_, Bytes(10));
  // A DATA chunk without data, which nobody may send (RFC 9260 section 6.2).
  Bytes chunk(a_.sent.at(0).begin() + 12, a_.sent.at(0).begin() + 28);
  chunk[3] = 16;
  Bytes packet = with_chunks(std::exchange(a_.sent, {}).at(0), chunk);
  b_.association->handle_packet(packet);
  run_for(1s);
  EXPECT_EQ(b_.closed, std::vector<std::string>{"SCTP abort by our side: no user data"});
  EXPECT_EQ(a_.closed, std::vector<std::string>{"closed by the peer (SCTP abort: no user data)"});
}

TEST(SctpAbort, ReadsWhatIsThereAndNoFurther) {
  EXPECT_EQ(abort_cause({}), "");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 4}), "");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 8, 0, 13, 0}), "");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 8, 0, 13, 0, 0}), "protocol violation");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 8, 0, 13, 255, 255}), "protocol violation");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 9, 0, 13, 255, 255, 'a'}), "protocol violation, 'a'");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 8, 0, 3, 0, 8, 1, 2, 3, 4}), "stale cookie");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 8, 1, 0, 0, 4}), "cause 256");
  EXPECT_EQ(abort_cause(Bytes{6, 0, 0, 8, 0, 0, 0, 4}), "cause 0");
}

TEST_F(Sctp, IgnoresPacketsWithAWrongChecksum) {
  connect();
  send(a_, Bytes(10));
  ASSERT_EQ(a_.sent.size(), 1U);
  Bytes damaged = a_.sent[0];
  damaged.back() ^= 1;
  b_.association->handle_packet(damaged);
  Bytes nothing;
  b_.association->handle_packet(nothing);
  EXPECT_TRUE(b_.messages.empty());
  run_for(1s);
  EXPECT_EQ(b_.messages.size(), 1U);
}

TEST_F(Sctp, ItsLedgerTellsWhatIsUnsentAndWhatArrived) {
  connect();
  EXPECT_EQ(a_.association->ledger().unsent(), 0U);
  EXPECT_TRUE(a_.association->ledger().all_acknowledged());
  EXPECT_TRUE(send(a_, Bytes(200000)));
  EXPECT_GT(a_.association->ledger().unsent(), 100000U) << "beyond the first burst";
  EXPECT_LT(a_.association->ledger().unsent(), 200000U);
  EXPECT_FALSE(a_.association->ledger().all_acknowledged());
  ASSERT_TRUE(run_until([&] { return a_.association->ledger().unsent() == 0; }));
  ASSERT_TRUE(run_until([&] { return a_.association->ledger().all_acknowledged(); }));
  EXPECT_EQ(b_.messages.size(), 1U);
}

/// Makes DATA chunks look like parts of one message without end, whatever they were.
void make_endless(Bytes& packet, bool& first) {
  for (std::size_t at = 12; at + 4 <= packet.size();) {
    const std::size_t length = static_cast<std::size_t>(packet[at + 2] << 8 | packet[at + 3]);
    if (packet[at] == 0) {
      packet[at + 1] = first ? 2 : 0;         // Begin, never end (RFC 9260 section 3.3.1).
      packet[at + 10] = packet[at + 11] = 0;  // One stream sequence number.
      first = false;
    }
    at += (length + 3) / 4 * 4;
  }
  std::fill_n(packet.begin() + 8, 4, std::uint8_t{0});
  const std::uint32_t checksum = crc32c(packet);
  for (std::size_t i = 0; i < 4; ++i)
    packet[8 + i] = std::uint8_t(checksum >> 8 * i);
}

TEST_F(Sctp, EndsOnAMessageWithoutBounds) {
  connect();
  a_.to_send = 1000;
  a_.on_progress();
  bool first = true;
  const auto tampered = [&] {
    for (auto& [when, packet] : under_way_) {
      if (packet.first == &b_ && packet.second.back() == 1) make_endless(packet.second, first);
    }
    return !b_.closed.empty();
  };
  EXPECT_TRUE(run_until(tampered));
  EXPECT_TRUE(b_.messages.empty());
}

TEST_F(Sctp, IsOnlyThereOnce) {
  const auto second = SctpStack::create();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  a_.association.reset();
  b_.association.reset();
  stack_.reset();
  EXPECT_TRUE(SctpStack::create());
}

TEST_F(Sctp, AsksForTicksOnlyWhileThereIsAnAssociation) {
  EXPECT_TRUE(stack_->next_timeout());
  a_.association.reset();
  b_.association.reset();
  EXPECT_FALSE(stack_->next_timeout());
}

// Browsers send four packets and then wait for an acknowledgement.
TEST_F(Sctp, AcknowledgesEachBurstWithoutATimer) {
  connect();
  ASSERT_TRUE(send(a_, as_bytes("the first is acknowledged at once")));
  run_for(1s);
  ASSERT_TRUE(send(a_, Bytes(SctpAssociation::window, 1)));
  std::deque<Bytes> waiting;
  while (b_.messages.size() < 2) {
    waiting.insert(waiting.end(), a_.sent.begin(), a_.sent.end());
    a_.sent.clear();
    ASSERT_GE(waiting.size(), 4U) << "the window is larger than a burst";
    for (int i = 0; i < 4; ++i) {
      b_.association->handle_packet(waiting.front(), i < 3);
      waiting.pop_front();
    }
    ASSERT_FALSE(b_.sent.empty()) << "no time has passed";
    EXPECT_EQ(b_.association->ledger().packets_to_acknowledge(), 0U);
    for (Bytes& packet : std::exchange(b_.sent, {}))
      a_.association->handle_packet(packet);
    if (waiting.size() + a_.sent.size() < 4) break;  // The end of the message.
  }
}

TEST_F(Sctp, TheAnswerToALonePacketAcknowledgesIt) {
  connect();
  ASSERT_TRUE(send(a_, as_bytes("the first is acknowledged at once")));
  run_for(1s);
  ASSERT_TRUE(send(a_, as_bytes("ping")));
  ASSERT_EQ(a_.sent.size(), 1U);
  b_.association->handle_packet(a_.sent.front());
  EXPECT_TRUE(b_.sent.empty());
  ASSERT_TRUE(send(b_, as_bytes("pong")));
  ASSERT_EQ(b_.sent.size(), 1U);
  a_.association->handle_packet(b_.sent.front());
  EXPECT_TRUE(a_.association->ledger().all_acknowledged());
  EXPECT_EQ(b_.association->ledger().packets_to_acknowledge(), 0U);
}

}  // namespace
}  // namespace roomwire::rtc
