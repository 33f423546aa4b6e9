#include "rtc/data_channel.hpp"

#include <gtest/gtest.h>

#include "rtc/virtual_clock.hpp"

namespace roomwire::rtc {
namespace {

TEST(DataChannelOpen, RoundTrip) {
  DataChannelOpen open;
  open.channel_type = 0x81;
  open.priority = 256;
  open.reliability = 3;
  open.label = "données";
  open.protocol = "p";
  const auto parsed = DataChannelOpen::parse(open.serialise());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, open);
}

TEST(DataChannelOpen, IsWhatBrowsersSend) {
  DataChannelOpen open;
  open.label = "data";
  // Captured from Chromium 156: createDataChannel("data").
  EXPECT_EQ(open.serialise(), (Bytes{3, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 'd', 'a', 't', 'a'}));
}

TEST(DataChannelOpen, RefusesWhatIsCutShort) {
  DataChannelOpen open;
  open.label = "data";
  open.protocol = "x";
  const Bytes whole = open.serialise();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DataChannelOpen::parse(ByteView(whole).first(size))) << size;
  }
  EXPECT_FALSE(DataChannelOpen::parse({&data_channel_ack, 1}));
}

/// A peer that speaks SCTP directly, so that it can send what no data channel of ours would.
class RawPeer : public SctpSink {
 public:
  struct Message {
    std::uint16_t stream;
    std::uint32_t ppid;
    Bytes data;
  };
  void send_packet(ByteView packet) override { sent.emplace_back(packet.begin(), packet.end()); }
  void on_established() override { established = true; }
  void on_sctp_message(std::uint16_t stream, std::uint32_t ppid, ByteView data) override {
    messages.push_back({stream, ppid, {data.begin(), data.end()}});
  }
  void on_stream_reset(std::uint16_t) override {}
  void on_progress() override {}
  void on_sctp_closed(const std::string&) override {}
  bool established = false;
  std::vector<Bytes> sent;
  std::vector<Message> messages;
};

class Sink : public DataChannelSink {
 public:
  void send_packet(ByteView packet) override { sent.emplace_back(packet.begin(), packet.end()); }
  void on_channel_open() override { ++opened; }
  void on_channel_message(ByteView data, bool is_text) override {
    messages.emplace_back((is_text ? "text:" : "binary:") + std::string(as_text(data)));
  }
  void on_channel_writable() override { ++writable; }
  void on_channel_closed(const std::string& reason) override { closed.push_back(reason); }
  std::vector<Bytes> sent;
  int opened = 0;
  int writable = 0;
  std::vector<std::string> messages;
  std::vector<std::string> closed;
};

class DataChannels : public ::testing::Test {
 protected:
  DataChannels() : stack_(std::move(*SctpStack::create())), peer_(*stack_, now_, raw_) {}

  void begin(DataChannelSettings settings) {
    channel_ = std::make_unique<DataChannel>(*stack_, now_, settings, sink_);
    EXPECT_TRUE(channel_->connect());
    EXPECT_TRUE(peer_.connect(5000, 5000));
    run();
    EXPECT_TRUE(raw_.established);
  }

  /// What is under way arrives, at once; then half a second passes.
  void run() {
    for (int i = 0; i < 50; ++i) {
      while (!sink_.sent.empty() || !raw_.sent.empty()) {
        for (Bytes& packet : std::exchange(sink_.sent, {}))
          peer_.handle_packet(packet);
        for (Bytes& packet : std::exchange(raw_.sent, {}))
          channel_->handle_packet(packet);
      }
      now_ += 10ms;
      clock_.set(now_);
      stack_->handle_timeout(now_);
    }
  }

  void say(std::uint16_t stream, Ppid ppid, ByteView data) {
    EXPECT_EQ(peer_.send(stream, static_cast<std::uint32_t>(ppid), data),
              SctpAssociation::SendResult::sent);
    run();
  }
  void say_open(std::uint16_t stream, const char* label = "data") {
    DataChannelOpen open;
    open.label = label;
    say(stream, Ppid::dcep, open.serialise());
  }

  VirtualClock clock_;
  Time now_{};
  std::unique_ptr<SctpStack> stack_;
  RawPeer raw_;
  Sink sink_;
  SctpAssociation peer_;
  std::unique_ptr<DataChannel> channel_;
};

TEST_F(DataChannels, OpensInBandOnTheStreamOfItsDtlsRole) {
  DataChannelSettings settings;
  settings.opens = true;
  begin(settings);
  EXPECT_EQ(sink_.opened, 1);
  ASSERT_EQ(raw_.messages.size(), 1U);
  EXPECT_EQ(raw_.messages[0].stream, 1) << "the DTLS server's streams are odd";
  EXPECT_EQ(raw_.messages[0].ppid, 50U);
  EXPECT_EQ(DataChannelOpen::parse(raw_.messages[0].data)->label, "data");
  say(1, Ppid::dcep, {&data_channel_ack, 1});
  EXPECT_TRUE(channel_->send(as_bytes("x")));
  EXPECT_TRUE(channel_->send({}));
  run();
  ASSERT_EQ(raw_.messages.size(), 3U);
  EXPECT_EQ(raw_.messages[1].ppid, 53U);
  EXPECT_EQ(raw_.messages[2].ppid, 57U);
  EXPECT_EQ(raw_.messages[2].data.size(), 1U);
  EXPECT_EQ(channel_->buffered_amount(), 0U);
}

TEST_F(DataChannels, AcceptsTheFirstChannelAndIgnoresOthers) {
  begin({});
  EXPECT_FALSE(channel_->send(as_bytes("nobody has opened it")));
  say(4, Ppid::text, as_bytes("before any channel"));
  say_open(4);
  EXPECT_EQ(sink_.opened, 1);
  ASSERT_EQ(raw_.messages.size(), 1U);
  EXPECT_EQ(raw_.messages[0].data, Bytes{data_channel_ack});
  say_open(6, "another");
  EXPECT_EQ(sink_.opened, 1);
  EXPECT_EQ(raw_.messages.size(), 2U) << "acknowledged all the same";
  say(6, Ppid::text, as_bytes("elsewhere"));
  say(4, Ppid::text, as_bytes("here"));
  EXPECT_EQ(sink_.messages, (std::vector<std::string>{"text:here"}));
  EXPECT_TRUE(channel_->send(as_bytes("back")));
  run();
  EXPECT_EQ(raw_.messages.back().stream, 4);
}

TEST_F(DataChannels, TellsTextFromBytesAndKnowsEmptyMessages) {
  begin({});
  say_open(0);
  say(0, Ppid::text, as_bytes("a"));
  say(0, Ppid::binary, as_bytes("b"));
  say(0, Ppid::empty_text, Bytes{0});
  say(0, Ppid::empty_binary, Bytes{0});
  say(0, static_cast<Ppid>(1234), as_bytes("unknown"));
  say(0, Ppid::dcep, as_bytes("no such message"));
  EXPECT_EQ(sink_.messages, (std::vector<std::string>{"text:a", "binary:b", "text:", "binary:"}));
  EXPECT_TRUE(sink_.closed.empty());
}

TEST_F(DataChannels, QueuesWithinABoundAndSaysWhenItHasDrained) {
  DataChannelSettings settings;
  settings.opens = true;
  begin(settings);
  const Bytes message(100000, 5);
  std::size_t taken = 0;
  while (channel_->send(message))
    ++taken;
  EXPECT_GE(taken * message.size(), 15U * 1024 * 1024);
  EXPECT_LE(taken * message.size(), 17U * 1024 * 1024);
  EXPECT_EQ(sink_.writable, 0);
  while (channel_->buffered_amount() > 0)
    run();
  EXPECT_EQ(sink_.writable, 1);
  EXPECT_EQ(raw_.messages.size(), 1U + taken);
}

TEST_F(DataChannels, BoundsWhatManySmallMessagesCost) {
  DataChannelSettings settings;
  settings.opens = true;
  begin(settings);
  std::size_t taken = 0;
  while (taken < 1'000'000 && channel_->send({}))
    ++taken;
  EXPECT_LT(taken, 1'000'000);
}

TEST_F(DataChannels, HonoursThePeersLimit) {
  DataChannelSettings settings;
  settings.opens = true;
  settings.max_message_size = 1000;
  begin(settings);
  EXPECT_TRUE(channel_->send(Bytes(1000)));
  EXPECT_FALSE(channel_->send(Bytes(1001)));
}

}  // namespace
}  // namespace roomwire::rtc
