// What a Nostr relay may send.
#include "signal/nostr_protocol.hpp"

#include "relay_protocols.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  static SeededEntropy key_entropy(1);
  static const signal::NostrKey key = signal::NostrKey::draw(key_entropy);
  SeededEntropy entropy(1);  // So that the subscription has the same id in every run.
  signal::FuzzedDate date;
  signal::NostrProtocol protocol(key, date, entropy);
  signal::play(protocol, as_text({data, size}));
  return 0;
}
