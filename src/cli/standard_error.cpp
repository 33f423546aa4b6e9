#include "cli/standard_error.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "cli/options.hpp"

namespace roomwire::cli {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool coloured() {
  static const bool answer = [] {
    const char* terminal = std::getenv("TERM");
    const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
    return isatty(STDERR_FILENO) == 1 && !dumb && !is_set("NO_COLOR");
  }();
  return answer;
}

std::string_view colour(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\x1b[32m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::hint:
      return "\x1b[2m";
    case Tone::plain:
      break;
  }
  return {};
}

}  // namespace

// One write() for the whole line, so that lines of several programs on one terminal stay whole.
void say(Tone tone, std::string_view line) {
  const bool paint = tone != Tone::plain && coloured();
  std::string out;
  if (paint) out += colour(tone);
  out += line;
  if (paint) out += "\x1b[0m";
  out += '\n';
  [[maybe_unused]] const auto written = write(STDERR_FILENO, out.data(), out.size());
}

void complain(std::string_view line) {
  std::string out = "roomwire: ";
  out += line;
  say(Tone::bad, out);
}

int fail_with(const Error& error) {
  complain(error.message);
  return error.kind == ErrorKind::invalid_input ? exit_usage : exit_failed;
}

}  // namespace roomwire::cli
