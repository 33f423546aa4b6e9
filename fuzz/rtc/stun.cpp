// What parses survives being written and parsed again.
#include "rtc/stun.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  using namespace roomwire::rtc;
  const ByteView packet(data, size);
  if (looks_like_stun(packet)) {
    stun_receiver_ufrag(packet);
    stun_server_answer(packet);
  }
  auto message = StunMessage::parse(packet);
  if (!message) return 0;
  message->has_integrity(packet, "password");
  const Bytes again = message->serialise("password");
  auto parsed = StunMessage::parse(again);
  if (!parsed || !parsed->has_fingerprint || !parsed->has_integrity(again, "password")) {
    // Only what nearly filled a datagram can outgrow the length field with what is added here.
    if (size < 60000) std::abort();
    return 0;
  }
  parsed->integrity_offset = message->integrity_offset;
  parsed->has_fingerprint = message->has_fingerprint;
  parsed->not_understood = message->not_understood;
  if (*parsed != *message) std::abort();
  return 0;
}
