// JSON from a room: whatever it is, what is sent can be read, and the typed form gives it back.
#include <cstdlib>
#include <string>

#include "base/bytes.hpp"
#include "osc/codec.hpp"
#include "osc/json.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::osc;

void check(const Packet& packet) {
  Bytes bytes;
  if (!encode(packet, bytes)) return;
  const Decoded decoded = decode(bytes);
  if (!decoded.packet || decoded.refused.count > 0) std::abort();
  std::string json;
  append_json(*decoded.packet, JsonForm::typed, json);
  const FromJson back = from_json(json);
  Bytes again;
  if (back.packets.size() != 1 || !encode(back.packets[0], again) || again != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TypeOptions ruled{Numbers::as_integer,
                                 Booleans::as_integer,
                                 Wide::as_float,
                                 Arrays::keep,
                                 {*TypeRule::parse("/*a=f")}};
  FloatMemory memory;
  const std::string_view text = as_text({data, size});
  for (const TypeOptions& types :
       {TypeOptions{}, TypeOptions{.numbers = Numbers::as_float}, ruled}) {
    const FromJson read = from_json(text, types, &memory);
    for (const Refusal& refusal : read.refused.kept) {
      if (refusal.reason.find('\n') != std::string::npos) std::abort();
    }
    for (const Packet& packet : read.packets)
      check(packet);
  }
  return 0;
}
