// Datagrams on Art-Net's port: any bytes may come; what is read is written and read the same.
#include "dmx/artnet.hpp"

#include <cstdlib>

#include "dmx/node.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::dmx;

ArtNetPacket again(const ArtNetPacket& packet) {
  Bytes bytes;
  std::visit([&](const auto& known) { encode(known, bytes); }, packet);
  auto read = decode_artnet(bytes);
  if (!read) std::abort();
  return *std::move(read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto packet = decode_artnet({data, size});
  if (!packet) {
    if (packet.error().reason.empty()) std::abort();
    return 0;
  }
  // The one thing that writing changes.
  if (auto* dmx = std::get_if<ArtDmx>(&*packet)) dmx->frame.size += dmx->frame.size % 2;
  if (again(*packet) != *packet) std::abort();
  if (const auto* reply = std::get_if<ArtPollReply>(&*packet)) {
    if (reply->outputs().size() + reply->inputs().size() > 8) std::abort();
    NodeTable table;
    if (table.note(*reply, Time{}) != NodeTable::Noted::added) std::abort();
    if (table.note(*reply, Time{}) != NodeTable::Noted::same) std::abort();
  }
  return 0;
}
