#include "cli/line_writer.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace roomwire::cli {
namespace {

constexpr std::size_t bound = std::size_t{4} << 20U;

bool is_file(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

// A pipe that poll() calls writable takes PIPE_BUF bytes without blocking, and no more is sure.
LineWriter::LineWriter(int fd, Events events)
    : fd_(fd),
      events_(std::move(events)),
      write_size_(is_file(fd) ? std::size_t{256} << 10U : PIPE_BUF),
      thread_([this] { run(); }) {}

bool LineWriter::append(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  if (error_ != 0) return true;
  waiting_.append(lines);
  if (idle_) {
    idle_ = false;
    wake_.notify();
  }
  full_ = waiting_.size() >= bound;
  return !full_;
}

int LineWriter::finish(std::optional<std::chrono::milliseconds> limit) {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    if (limit) deadline_ = Clock::now() + *limit;
    wake_.notify();
  }
  if (thread_.joinable()) thread_.join();
  return error_;
}

void LineWriter::run() {
  std::string text;
  for (;;) {
    text.clear();
    if (take(text)) {
      if (!write_all(text)) return;
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      if (finishing_ && waiting_.empty()) return;
    }
    if (!wait(0)) return;
  }
}

// Idle is set in the lock that saw nothing to write, so that no append() goes unnoticed.
bool LineWriter::take(std::string& out) {
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    wake_.clear();
    idle_ = waiting_.empty();
    if (idle_) return false;
    out.swap(waiting_);
    was_full = std::exchange(full_, false);
  }
  if (was_full) events_.on_room();
  return true;
}

bool LineWriter::write_all(std::string_view text) {
  while (!text.empty()) {
    if (!wait(POLLOUT)) return false;
    const auto written = write(fd_, text.data(), std::min(text.size(), write_size_));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EAGAIN && errno != EINTR) {
      fail(errno);
      return false;
    }
  }
  return true;
}

// Until `fd_` is ready for `events` or, when there are none, until wake_; false when the time is
// up or the reader has gone, which a pipe tells even while nothing is written.
bool LineWriter::wait(short events) {
  for (;;) {
    int timeout = -1;
    {
      const std::lock_guard lock(mutex_);
      if (deadline_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
        if (left.count() <= 0) {
          error_ = ETIMEDOUT;
          return false;
        }
        timeout = static_cast<int>(std::min<std::int64_t>(left.count(), INT_MAX));
      }
    }
    std::array<pollfd, 2> fds{pollfd{fd_, events, 0}, pollfd{wake_.fd(), POLLIN, 0}};
    if (poll(fds.data(), fds.size(), timeout) < 0) continue;
    if ((fds[0].revents & POLLNVAL) != 0) return fail(EBADF), false;
    if ((fds[0].revents & POLLOUT) != 0) return true;
    if ((fds[0].revents & (POLLERR | POLLHUP)) != 0) return fail(EPIPE), false;
    if (fds[1].revents != 0) {
      if (events == 0) return true;
      wake_.clear();  // a deadline may have come
    }
  }
}

void LineWriter::fail(int error) {
  {
    const std::lock_guard lock(mutex_);
    error_ = error;
    waiting_ = {};
  }
  events_.on_failure();
}

}  // namespace roomwire::cli
