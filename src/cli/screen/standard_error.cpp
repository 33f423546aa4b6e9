#include "cli/screen/standard_error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "cli/flags/options.hpp"
#include "cli/io/line_writer.hpp"

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

constexpr std::size_t max_waiting = 64U << 10;
constexpr std::chrono::seconds last_words{1};

/// Standard error that does not wait for its reader: a terminal stopped with Ctrl-S, or a full
/// pipe, must not stop the room. What such a reader does not take waits, or is left out and
/// counted. There is one, used with the mutex of the live lines held.
class Voice {
 public:
  ~Voice() {
    if (writer_) writer_->finish(last_words);
  }

  /// The reader has not taken all of what was written.
  bool is_behind() { return writer_ && writer_->is_behind(); }

  void write(std::string text) {
    if (!writer_) {
      const ssize_t written = write_now(text);
      if (written < 0 ? errno != EAGAIN : static_cast<std::size_t>(written) == text.size()) return;
      if (!begin_waiting()) return;
      text.erase(0, static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    if (left_out_ > 0) {
      text.insert(0, fmt::format("standard error was not read: {} line{} left out\n", left_out_,
                                 left_out_ == 1 ? "" : "s"));
    }
    const bool is_taken = writer_->append(text) != LineWriter::Taken::no;
    left_out_ = is_taken ? 0 : left_out_ + 1;
  }

 private:
  // Not waiting is to be this program's matter alone, so a terminal or a pipe is opened once more.
  static int patient_descriptor() {
    struct stat info {};
    const bool is_pipe = fstat(STDERR_FILENO, &info) == 0 && S_ISFIFO(info.st_mode);
    if (!is_pipe && isatty(STDERR_FILENO) == 0) return STDERR_FILENO;
    const int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 ? fd : STDERR_FILENO;
  }

  ssize_t write_now(std::string_view text) const {
    const auto sent = send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK) return sent;
    return ::write(fd_, text.data(), text.size());
  }

  // The first time that the reader is behind. Signals are the matter of another thread.
  bool begin_waiting() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      writer_.emplace(fd_, LineWriter::Patience{.memory = max_waiting},
                      LineWriter::Events{{}, [] {}});
    } catch (const std::system_error&) {
      // Without a descriptor or a thread to spare it is not said at all.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return writer_.has_value();
  }

  const int fd_ = patient_descriptor();
  std::size_t left_out_ = 0;
  std::optional<LineWriter> writer_;
};

Voice& voice() {
  static Voice voice;
  return voice;
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
  voice().write(out + drawn(live_line));
}

void show_block(std::string_view lines) {
  const std::lock_guard lock(live_line.mutex);
  voice().write(cleared(live_line).append(lines) + drawn(live_line));
}

void show_live(std::string_view lines) {
  if (!is_able_terminal()) return;
  const std::lock_guard lock(live_line.mutex);
  // A terminal that is behind gets no further picture; that there is none any more it must be told.
  if (voice().is_behind() && !lines.empty()) return;
  const std::string out = cleared(live_line);
  live_line.text = lines;
  voice().write(out + drawn(live_line));
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
  const bool is_flag = error.option.starts_with("--");
  complain(is_flag ? error.option + ": " + error.message : error.message);
  return error.kind == ErrorKind::invalid_input ? exit_usage : exit_failed;
}

}  // namespace roomwire::cli
