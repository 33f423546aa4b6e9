// The program's voice: one line at a time on standard error.
#pragma once

#include <cstddef>
#include <roomwire/error.hpp>
#include <string_view>

namespace roomwire::cli {

enum class Tone { plain, good, bad, hint };

/// Writes `line` and a newline, in a colour of its tone when standard error is a terminal and
/// NO_COLOR is not set. It does not wait for who reads: what a stopped terminal or a full pipe does
/// not take waits in memory (64 KiB); lines beyond are left out, and counted. From any thread.
void say(Tone tone, std::string_view line);

/// Writes lines, each with its newline, as they are: colours and all.
void show_block(std::string_view lines);

/// Lines (the last one without its newline) that stay below all others on a terminal, and are
/// written over by the next ones; empty takes them away. They should be fewer than the terminal
/// has. Does nothing when standard error is no terminal. From any thread.
void show_live(std::string_view lines);
/// Standard error is a terminal that show_live can use.
bool can_show_live();
/// Somebody typed Enter, which moved the cursor to the next line.
void note_typed_line();
/// It may show colours: a terminal, and NO_COLOR is not set.
bool can_show_colours();

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};
/// Of standard error; 80x24 where it does not say.
TerminalSize terminal_size();

/// `roomwire: line`, for what ends the program or loses a message.
void complain(std::string_view line);

/// Complains of what went wrong, with the flag at fault before it if Error::option is one (`--to`);
/// the exit code that fits it.
int fail_with(const Error& error);

}  // namespace roomwire::cli
