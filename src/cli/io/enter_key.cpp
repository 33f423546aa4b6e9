#include "cli/io/enter_key.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace roomwire::cli {
namespace {

// What is typed while the program is in the background is for another one: it looks again later.
constexpr int background_wait_ms = 200;

bool in_foreground() {
  return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

}  // namespace

EnterKey::EnterKey(std::function<void()> on_enter) : on_enter_(std::move(on_enter)) {
  if (isatty(STDIN_FILENO) == 1) thread_ = std::thread([this] { run(); });
}

EnterKey::~EnterKey() {
  stop_.notify();
  if (thread_.joinable()) thread_.join();
}

void EnterKey::run() const {
  for (;;) {
    const bool listens = in_foreground();
    std::array<pollfd, 2> fds{pollfd{stop_.fd(), POLLIN, 0},
                              pollfd{listens ? STDIN_FILENO : -1, POLLIN, 0}};
    if (poll(fds.data(), fds.size(), listens ? -1 : background_wait_ms) < 0 && errno != EINTR)
      return;
    if (fds[0].revents != 0) return;
    if (fds[1].revents == 0 || !in_foreground()) continue;
    std::array<char, 256> typed{};
    const ssize_t size = read(STDIN_FILENO, typed.data(), typed.size());
    if (size <= 0) return;
    for (ssize_t i = 0; i < size; ++i) {
      if (typed[static_cast<std::size_t>(i)] == '\n') on_enter_();
    }
  }
}

}  // namespace roomwire::cli
