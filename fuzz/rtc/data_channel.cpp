// Any sequence of SCTP messages to a data channel, from a peer that has gone mad.
#include "rtc/data_channel.hpp"

#include <cstdlib>
#include <vector>

#include "base/bytes.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::rtc;

class Peer : public SctpSink {
 public:
  void send_packet(ByteView packet) override { sent.emplace_back(packet.begin(), packet.end()); }
  void on_established() override {}
  void on_sctp_message(std::uint16_t, std::uint32_t, ByteView) override {}
  void on_stream_reset(std::uint16_t) override {}
  void on_progress() override {}
  void on_sctp_closed(const std::string&) override {}
  std::vector<Bytes> sent;
};

class Sink : public DataChannelSink {
 public:
  void send_packet(ByteView packet) override { sent.emplace_back(packet.begin(), packet.end()); }
  void on_channel_open() override {
    if (++opened > 1) std::abort();
  }
  void on_channel_message(ByteView data, bool) override {
    if (opened == 0 || closed > 0) std::abort();
    if (channel != nullptr) channel->send(data);
  }
  void on_channel_writable() override {}
  void on_channel_closed(const std::string&) override {
    if (++closed > 1) std::abort();
  }
  std::vector<Bytes> sent;
  DataChannel* channel = nullptr;
  int opened = 0;
  int closed = 0;
};

void exchange(Peer& peer, SctpAssociation& association, Sink& sink, DataChannel& channel) {
  for (int i = 0; i < 100 && (!peer.sent.empty() || !sink.sent.empty()); ++i) {
    for (Bytes& packet : std::exchange(sink.sent, {}))
      association.handle_packet(packet);
    for (Bytes& packet : std::exchange(peer.sent, {}))
      channel.handle_packet(packet);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto stack = std::move(*SctpStack::create());
  static Time now{};
  const auto open = DataChannelOpen::parse({data, size});
  if (open && DataChannelOpen::parse(open->serialise()) != open) std::abort();

  Peer peer;
  Sink sink;
  SctpAssociation association(*stack, now, peer);
  ByteReader reader({data, size});
  DataChannelSettings settings;
  settings.opens = (reader.u8() & 1) != 0;
  DataChannel channel(*stack, now, settings, sink);
  sink.channel = &channel;
  channel.connect();
  association.connect(5000, 5000);
  exchange(peer, association, sink, channel);
  while (!reader.failed() && !reader.rest().empty()) {
    const std::uint8_t what = reader.u8();
    const std::uint16_t stream = what >> 6;
    const std::uint32_t ppid = 50 + (what & 7);
    const ByteView message = reader.take(std::min<std::size_t>(reader.u8(), reader.rest().size()));
    if ((what & 0x38) == 0x38) {
      channel.set_receiving((what & 1) != 0);
    } else if ((what & 0x38) == 0x30) {
      now += 50ms;
      stack->handle_timeout(now);
    } else {
      if (!message.empty()) association.send(stream, ppid, message);
    }
    exchange(peer, association, sink, channel);
  }
  return 0;
}
