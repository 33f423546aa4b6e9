// Events from the network: parsing never fails badly, and what parses survives a round trip.
#include "signal/nostr_event.hpp"

#include <cstdlib>

#include "base/bytes.hpp"
#include "base/json_value.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  const auto value = parse_json(as_text({data, size}));
  if (!value || !value->is_object()) return 0;
  const auto event = signal::parse_event(value->get_object());
  if (!event) return 0;
  static_cast<void>(signal::verify(*event));
  const auto again = parse_json(signal::to_json(*event));
  if (!again || signal::parse_event(again->as_object()) != event) std::abort();
  return 0;
}
