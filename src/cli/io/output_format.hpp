// A message as a line of output.
#pragma once

#include <chrono>
#include <roomwire/payload.hpp>
#include <roomwire/room.hpp>
#include <string>
#include <string_view>

#include "cli/flags/options.hpp"

namespace roomwire::cli {

/// Appends `message` as one line, with its newline:
/// - value: compact JSON, so that it can be piped into netsend again. Bytes become what JavaScript
///   makes of a Buffer, `{"type":"Buffer","data":[1,2]}`.
/// - raw: the same, but a string bare, with any newlines in it.
/// - envelope: `{"ts","channel","peer","data"}`, ts being the time in UTC with milliseconds (ISO
///   8601); `"encoding":"base64"` when data is base64 of bytes; `"metadata"` when there is some.
void append_message(std::string& out, OutputFormat format,
                    std::chrono::system_clock::time_point now, std::string_view channel,
                    const Message& message);

/// Appends a payload as compact JSON; a string bare if wanted.
void append_value(std::string& out, const Payload& payload, bool bare_strings);

/// Appends the time as in an envelope.
void append_time(std::string& out, std::chrono::system_clock::time_point now);

}  // namespace roomwire::cli
