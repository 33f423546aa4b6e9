// Text on its way to a terminal or a pipe.
#pragma once

#include <cstddef>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>

namespace roomwire::cli {

/// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// `text`, which is the beginning of an input, without the byte order mark (U+FEFF) that some
/// editors put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

/// `text` as it may be shown on a terminal: control characters, which could steer it, those that
/// turn the direction of writing, and what is not UTF-8 become `?`. Cut after `max_bytes`, with
/// `...` in place of the rest.
std::string printable(std::string_view text, std::size_t max_bytes = 300);

/// Appends `text`, which is UTF-8, as a JSON string with its quotes. Only what must be escaped is.
void append_json_string(std::string& out, std::string_view text);

/// Appends base64 with padding (RFC 4648 section 4).
void append_base64(std::string& out, ByteView bytes);

}  // namespace roomwire::cli
