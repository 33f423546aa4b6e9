#include "rtc/types.hpp"

#include "base/encoding.hpp"

namespace roomwire::rtc {

IceCredentials IceCredentials::draw(Entropy& entropy) {
  // Letters and digits are ice-chars. RFC 8839 section 5.4 asks for 24 and 128 random bits.
  return {entropy.id(8), entropy.id(24)};
}

std::string Fingerprint::to_string() const {
  std::string text = algorithm;
  char separator = ' ';
  for (const std::uint8_t octet : digest) {
    text += separator;
    for (const char digit : to_hex({&octet, 1})) {
      text += digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
    }
    separator = ':';
  }
  return text;
}

}  // namespace roomwire::rtc
