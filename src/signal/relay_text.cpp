#include "signal/relay_text.hpp"

#include <array>

#include "base/encoding.hpp"

namespace roomwire::signal {
namespace {

constexpr std::size_t max_bytes = 200;
constexpr std::string_view ellipsis = "…";

/// Bytes of the character at the front of valid UTF-8.
std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

bool is_printable(std::string_view character) {
  if (character.size() == 1) return character[0] >= ' ' && character[0] != '\x7f';
  if (character[0] == '\xc2') return static_cast<unsigned char>(character[1]) >= 0xa0;
  // U+2028–202E and U+2066–2069: separators, and directions of writing.
  static constexpr std::array<std::string_view, 2> ranges[] = {{"\xe2\x80\xa8", "\xe2\x80\xae"},
                                                               {"\xe2\x81\xa6", "\xe2\x81\xa9"}};
  for (const auto& [first, last] : ranges) {
    if (character >= first && character <= last) return false;
  }
  return true;
}

}  // namespace

std::string printable(std::string_view text) {
  // Cut first, so that a long text costs nothing; the cut may split a character, hence the repair.
  const bool is_long = text.size() > max_bytes;
  const std::string valid = to_valid_utf8(text.substr(0, max_bytes));
  std::string out;
  std::string_view rest = valid;
  while (!rest.empty()) {
    const std::string_view character = rest.substr(0, character_size(rest));
    const std::string_view written = is_printable(character) ? character : " ";
    if (out.size() + written.size() + ellipsis.size() > max_bytes) break;
    out += written;
    rest.remove_prefix(character.size());
  }
  if (is_long || !rest.empty()) out += ellipsis;
  return out;
}

}  // namespace roomwire::signal
