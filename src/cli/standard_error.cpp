#include "cli/standard_error.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>

#include "cli/options.hpp"

namespace roomwire::cli {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_able_terminal() {
  static const bool answer = [] {
    const char* terminal = std::getenv("TERM");
    const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
    return isatty(STDERR_FILENO) == 1 && !dumb;
  }();
  return answer;
}

bool coloured() {
  static const bool answer = is_able_terminal() && !is_set("NO_COLOR");
  return answer;
}

/// What show_live last wrote. There is one standard error, so there is one of these.
struct LiveLine {
  std::mutex mutex;
  std::string text;
  std::size_t typed_lines = 0;  // below the last of its lines
  std::string backlog;          // what the terminal has not taken yet
};
LiveLine live_line;

// Takes the live lines away; the next output is where they were. With the mutex held.
std::string cleared(LiveLine& live) {
  if (live.text.empty()) return {};
  const auto breaks = std::count(live.text.begin(), live.text.end(), '\n');
  const std::size_t up =
      static_cast<std::size_t>(breaks) + std::exchange(live.typed_lines, std::size_t{0});
  return (up > 0 ? "\r\x1b[" + std::to_string(up) + 'A' : std::string("\r")) + "\x1b[J";
}

// What is too long is cut by the terminal, so that a line stays one.
std::string drawn(const LiveLine& live) {
  return live.text.empty() ? "" : "\x1b[?7l" + live.text + "\x1b[?7h";
}

/// Of a terminal that takes nothing for now; further lines are dropped.
constexpr std::size_t max_backlog = 64U << 10;

// The terminal once more, so that not waiting for it is this program's matter alone.
int patient_terminal() {
  static const int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return fd;
}

// Where something live is shown, the loop that shows it also drives the lights: it does not wait
// for a terminal that was stopped with Ctrl-S or whose connection stalled. With the mutex held.
enum class Wait { no, unless_live };
void write_out(LiveLine& live, const std::string& text, Wait wait = Wait::unless_live) {
  const bool may_wait = wait == Wait::unless_live && live.text.empty() && live.backlog.empty();
  if (may_wait || patient_terminal() < 0) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
    return;
  }
  if (live.backlog.size() + text.size() <= max_backlog) live.backlog += text;
  while (!live.backlog.empty()) {
    const auto written = write(patient_terminal(), live.backlog.data(), live.backlog.size());
    if (written <= 0) return;
    live.backlog.erase(0, static_cast<std::size_t>(written));
  }
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
  const std::lock_guard lock(live_line.mutex);
  std::string out;
  out += cleared(live_line);
  if (paint) out += colour(tone);
  out += line;
  if (paint) out += "\x1b[0m";
  out += '\n';
  write_out(live_line, out + drawn(live_line));
}

void show_block(std::string_view lines) {
  const std::lock_guard lock(live_line.mutex);
  write_out(live_line, cleared(live_line).append(lines) + drawn(live_line));
}

void show_live(std::string_view lines) {
  if (!is_able_terminal()) return;
  const std::lock_guard lock(live_line.mutex);
  write_out(live_line, "", Wait::no);
  // A terminal that is behind gets no further picture; that there is none any more it must be told.
  if (!live_line.backlog.empty() && !lines.empty()) return;
  const std::string out = cleared(live_line);
  live_line.text = lines;
  write_out(live_line, out + drawn(live_line), Wait::no);
}

void note_typed_line() {
  const std::lock_guard lock(live_line.mutex);
  if (!live_line.text.empty()) ++live_line.typed_lines;
}

bool can_show_colours() {
  return coloured();
}

TerminalSize terminal_size() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {};
  return {size.ws_col, size.ws_row};
}

bool can_show_live() {
  return is_able_terminal();
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
