// Messages from a room: whatever comes, what is taken is written and read the same, the reasons
// are single lines, and an output sends it within the limits.
#include "dmx/message.hpp"

#include <cstdlib>

#include "base/bytes.hpp"
#include "dmx/output.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::dmx;

class Counted : public PacketSink {
 public:
  void send(ByteView packet) override {
    const auto read = decode_artnet(packet);
    if (!read) std::abort();
    ++packets;
  }
  int packets = 0;
};

void check_written(const FromRoom& read, ChannelBase base, std::uint16_t full) {
  if (read.updates.size() > max_message_universes) std::abort();
  const auto json = Json::parse(write_levels(read.updates, base, full));
  if (!json || json->text().size() > max_message_size) return;
  const FromRoom again = read_levels(*json, base, full);
  if (again.clamped.count > 0) std::abort();
  if (again.refused.count > 0 || again.updates.size() != read.updates.size()) std::abort();
  for (std::size_t i = 0; i < read.updates.size(); ++i) {
    if (again.updates[i].universe != read.updates[i].universe) std::abort();
    if (again.updates[i].given != read.updates[i].given) std::abort();
    if (again.updates[i].values != read.updates[i].values) std::abort();
  }
}

void check_sent(const FromRoom& read) {
  OutputConfig config;
  (void)config.limits.cap("0-511=100");
  Counted sink;
  Output output(config, sink);
  for (const Update& update : read.updates)
    output.update(SourceId("peer"), update, Time{});
  output.handle_timeout(Time{});
  if (sink.packets > 1 || (sink.packets == 0 && !read.updates.empty())) std::abort();
  for (const std::uint8_t level : output.shown()) {
    if (level > 100) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  for (const ChannelBase base : {ChannelBase::zero, ChannelBase::one}) {
    for (const Payload& payload :
         {Payload(std::string(as_text(bytes))), Payload(Bytes(data, data + size))}) {
      const std::uint16_t full = base == ChannelBase::zero ? full_level : 1;
      const FromRoom read = read_levels(payload, base, full);
      for (const Refusal& refusal : read.refused.kept) {
        if (refusal.reason.empty() || refusal.reason.find('\n') != std::string::npos) std::abort();
      }
      check_written(read, base, full);
      check_sent(read);
    }
  }
  return 0;
}
