// Datagrams on sACN's port: any bytes may come; what is read is written and read the same, and
// what an input makes of it stays within its bounds.
#include "dmx/sacn.hpp"

#include <cstdlib>

#include "dmx/input.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::dmx;

class Checked : public InputSink {
 public:
  void changed(const Update& update) override {
    if (update.given.none()) std::abort();
  }
  void noticed(const std::string& line) override {
    if (line.find('\n') != std::string::npos) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = decode_sacn({data, size});
  if (!packet) {
    if (packet.error().reason.empty()) std::abort();
    return 0;
  }
  Bytes bytes;
  std::visit([&](const auto& known) { encode(known, bytes); }, *packet);
  const auto again = decode_sacn(bytes);
  if (!again || *again != *packet) std::abort();
  if (const auto* levels = std::get_if<SacnData>(&*packet)) {
    Checked sink;
    InputConfig config;
    config.protocol = Protocol::sacn;
    Input input(config, sink);
    SacnData next = *levels;
    for (int i = 0; i < 80; ++i) {
      ++next.cid[static_cast<std::size_t>(i) % next.cid.size()];
      ++next.frame.slots[0];
      const Endpoint from{{}, static_cast<std::uint16_t>(i % 50)};
      (void)input.handle(from, next, Time{});
      input.handle_timeout(Time{} + i * 10ms);
    }
    if (input.merger().sources().size() > Merger::max_sources) std::abort();
  }
  return 0;
}
