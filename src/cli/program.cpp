#include "cli/program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include "cli/commands/command_line.hpp"
#include "cli/screen/standard_error.hpp"

namespace roomwire::cli {
namespace {

// A socket that took the number of a closed standard descriptor would be written our output. The
// stand-in fails when it is used, as the closed one would.
void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    [[maybe_unused]] const int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

struct Do {
  int operator()(const Run& run) const { return run(); }

  int operator()(const Print& print) const {
    std::string_view text = print.text;
    while (!text.empty()) {
      const auto written = write(STDOUT_FILENO, text.data(), text.size());
      if (written < 0 && errno != EINTR) {
        return fail_with({ErrorKind::unavailable,
                          "cannot write the output: " + std::generic_category().message(errno)});
      }
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return exit_fine;
  }

  int operator()(const WrongUsage& wrong) const {
    return fail_with({ErrorKind::invalid_input, wrong.line});
  }
};

}  // namespace

int run_program(int argc, char** argv) {
  fill_standard_descriptors();
  signal(SIGPIPE, SIG_IGN);  // write() tells
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const CommandLine command = parse_command_line(arguments, environment);
  try {
    return std::visit(Do{}, command);
  } catch (const std::exception& error) {
    // The event loop, and what wakes threads, have no other way to say that the system refuses them
    // a file descriptor.
    return fail_with({ErrorKind::unavailable, error.what()});
  }
}

}  // namespace roomwire::cli
