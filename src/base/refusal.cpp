#include "base/refusal.hpp"

#include "base/encoding.hpp"

namespace roomwire {

std::string in_quotes(std::string_view text) {
  constexpr std::size_t max_bytes = 60;
  std::string out = "'";
  std::string_view shown = text.substr(0, max_bytes);
  // Do not cut a character of UTF-8 in two.
  while (shown.size() < text.size() && !shown.empty() && (text[shown.size()] & 0xc0) == 0x80) {
    shown.remove_suffix(1);
  }
  const bool readable = is_utf8(shown);
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    const bool printable = byte >= 0x20 && byte != 0x7f && (byte < 0x80 || readable);
    out.push_back(printable ? c : '?');
  }
  if (shown.size() < text.size()) out += "...";
  out.push_back('\'');
  return out;
}

}  // namespace roomwire
