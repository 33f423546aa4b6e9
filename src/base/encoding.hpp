// Bytes as text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>

namespace roomwire {

std::string to_hex(ByteView bytes);
/// Lower or upper case; nothing when a character is no hex digit or the length is odd.
std::optional<Bytes> from_hex(std::string_view text);

/// With padding, the standard alphabet (RFC 4648 section 4).
std::string to_base64(ByteView bytes);
/// Nothing when `text` is not base64 with its padding.
std::optional<Bytes> from_base64(std::string_view text);

/// A byte in base 36 without padding: 0 → "0", 255 → "73" (Trystero's topic hashes).
std::string to_base36(ByteView bytes);

/// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
/// The text with U+FFFD in place of what is not UTF-8, as JavaScript's TextDecoder writes it.
std::string to_valid_utf8(std::string_view text);
/// The sum of the UTF-16 code units (JavaScript's charCodeAt) of valid UTF-8.
std::uint64_t utf16_sum(std::string_view text);

}  // namespace roomwire
