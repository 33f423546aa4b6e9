// Packets: any bytes may come; what is read is written as it was (or, where it came sloppy, as it
// should have been), and survives JSON.
#include <cstdlib>
#include <string>

#include "osc/codec.hpp"
#include "osc/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  using namespace roomwire::osc;
  const Decoded decoded = decode({data, size});
  if (!decoded.packet) {
    if (decoded.refused.count == 0) std::abort();
    return 0;
  }
  Bytes written;
  if (!encode(*decoded.packet, written)) std::abort();
  // Only a message that came without type tags, perhaps in a bundle, is written otherwise: with
  // empty ones.
  const auto* message = std::get_if<Message>(&*decoded.packet);
  const bool exact = message != nullptr && !message->args.empty() && decoded.sloppy.none();
  if (exact && written != Bytes(data, data + size)) std::abort();
  Bytes again;
  Decoded twice = decode(written);
  if (!twice.packet || twice.refused.count > 0) std::abort();
  if (twice.sloppy.reset(static_cast<std::size_t>(Sloppy::no_slash)).any()) std::abort();
  if (!encode(*twice.packet, again) || again != written) std::abort();
  // Where it has arrays, its types go with it.
  std::string plain;
  append_json(*decoded.packet, JsonForm::plain, plain);
  if (plain.find("\"types\"") != std::string::npos && from_json(plain).refused.count > 0)
    std::abort();
  for (const JsonForm form : {JsonForm::plain, JsonForm::typed}) {
    std::string json;
    append_json(*decoded.packet, form, json);
    const FromJson back = from_json(json);
    if (back.packets.size() + back.refused.count == 0) std::abort();
  }
  return 0;
}
