// Streams: any bytes may come, cut anywhere, and the packets are the same; framed, they come back.
#include "osc/framing.hpp"

#include <cstdlib>
#include <vector>

namespace {

using namespace roomwire;
using namespace roomwire::osc;

struct Fed {
  std::vector<Bytes> packets;
  bool failed = false;
  bool operator==(const Fed&) const = default;
};

Fed fed(Framing framing, ByteView stream, std::size_t piece) {
  constexpr std::size_t max_size = 64;
  StreamDecoder decoder(framing, max_size);
  Fed fed;
  while (!stream.empty()) {
    const ByteView part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    const auto done = decoder.feed(part, [&](ByteView packet) {
      if (packet.size() > max_size) std::abort();
      fed.packets.emplace_back(packet.begin(), packet.end());
    });
    if (done) continue;
    fed.failed = true;
    break;
  }
  return fed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView stream(data, size);
  for (const Framing framing : {Framing::size_prefix, Framing::slip}) {
    const Fed whole = fed(framing, stream, SIZE_MAX);
    for (const std::size_t piece : {1U, 3U, 7U}) {
      if (fed(framing, stream, piece) != whole) std::abort();
    }
    Bytes framed;
    for (const Bytes& packet : whole.packets)
      append_frame(framing, packet, framed);
    if (fed(framing, framed, SIZE_MAX) != Fed{whole.packets, false}) std::abort();
  }
  return 0;
}
