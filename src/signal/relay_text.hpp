// What a relay says to people, made fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace roomwire::signal {

/// One line of at most 200 bytes: control characters, line separators and what turns the
/// direction of writing become spaces; what is not UTF-8 becomes U+FFFD; a longer text ends in "…".
std::string printable(std::string_view text);

}  // namespace roomwire::signal
