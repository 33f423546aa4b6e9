// The program's voice: one line at a time on standard error.
#pragma once

#include <roomwire/error.hpp>
#include <string_view>

namespace roomwire::cli {

enum class Tone { plain, good, bad, hint };

/// Writes `line` and a newline, in a colour of its tone when standard error is a terminal and
/// NO_COLOR is not set. From any thread.
void say(Tone tone, std::string_view line);

/// `roomwire: line`, for what ends the program or loses a message.
void complain(std::string_view line);

/// Complains of what went wrong; the exit code that fits it.
int fail_with(const Error& error);

}  // namespace roomwire::cli
