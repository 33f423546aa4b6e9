// Signals from the network: parsing never fails badly, and what parses survives a round trip.
#include "signal/signal_message.hpp"

#include <cstdlib>

#include "base/bytes.hpp"
#include "signal/names.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  static const signal::SignalCipher cipher("", AppId("app"), RoomId("room"));
  const std::string_view text = as_text({data, size});
  static_cast<void>(cipher.decrypt(text));
  const auto message = signal::parse_signal(text);
  if (!message) return 0;
  static_cast<void>(cipher.decrypt(message->body));
  if (signal::parse_signal(to_json(*message)) != message) std::abort();
  return 0;
}
