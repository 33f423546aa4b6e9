// What a WebSocket relay of Trystero's may send.
#include "signal/ws_relay_protocol.hpp"

#include "relay_protocols.hpp"
#include "signal/relay_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  signal::WsRelayProtocol protocol;
  signal::play(protocol, as_text({data, size}));
  const std::string line = signal::printable(as_text({data, size}));
  if (line.size() > 200 || line.find('\n') != std::string::npos) std::abort();
  return 0;
}
