#include "cli/io/line_writer.hpp"

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

constexpr std::size_t spool_read_size = std::size_t{256} << 10U;

bool is_file(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

// A pipe that poll() calls writable takes PIPE_BUF bytes without blocking, and no more is sure.
LineWriter::LineWriter(int fd, Patience patience, Events events)
    : fd_(fd),
      patience_(patience),
      events_(std::move(events)),
      write_size_(is_file(fd) ? std::size_t{256} << 10U : PIPE_BUF),
      spool_(patience.spool),
      moved_at_(Clock::now()),
      refusing_(patience.wait.count() == 0),
      thread_([this] { run(); }) {}

LineWriter::Taken LineWriter::append(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  if (error_ != 0) return Taken::yes;
  if (refusing_ && waiting_.size() >= patience_.memory) return Taken::no;
  waiting_.append(lines);
  const bool becomes_full = !full_ && !refusing_ && waiting_.size() >= patience_.memory;
  if (becomes_full) {
    full_ = true;
    full_since_ = Clock::now();
  }
  if (idle_ || becomes_full) {
    idle_ = false;
    wake_.notify();
  }
  return full_ ? Taken::full : Taken::yes;
}

bool LineWriter::is_behind() {
  const std::lock_guard lock(mutex_);
  return !idle_;
}

int LineWriter::finish(std::optional<std::chrono::milliseconds> limit) {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    if (limit) deadline_ = Clock::now() + *limit;
    wake_.notify();
  }
  if (thread_.joinable()) thread_.join();
  unwritten_ += spool_.size() + waiting_.size();
  waiting_.clear();
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
      if (error_ != 0 || (finishing_ && waiting_.empty())) return;
    }
    if (!wait(0)) return;
  }
}

// Idle is set in the lock that saw nothing to write, so that no append() goes unnoticed.
bool LineWriter::take(std::string& out) {
  if (!spool_.empty()) return spool_.read(out, spool_read_size) || fail(errno);
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    wake_.clear();
    idle_ = waiting_.empty();
    if (idle_) return false;
    out.swap(waiting_);
    was_full = std::exchange(full_, false);
  }
  if (was_full && events_.on_room) events_.on_room();
  return true;
}

bool LineWriter::write_all(std::string_view text) {
  while (!text.empty()) {
    unwritten_ = text.size();
    if (!wait(POLLOUT)) return false;
    const auto written = write(fd_, text.data(), std::min(text.size(), write_size_));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      moved();
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail(errno);
    }
  }
  unwritten_ = 0;
  return true;
}

// Until `fd_` is ready for `events` or, when there are none, until wake_; false when the time is
// up or the reader has gone, which a pipe tells even while nothing is written.
bool LineWriter::wait(short events) {
  for (;;) {
    relieve();
    int timeout = -1;
    {
      const std::lock_guard lock(mutex_);
      auto until = relief_at();
      if (deadline_) until = until ? std::min(*until, *deadline_) : *deadline_;
      if (until) {
        const auto now = Clock::now();
        if (deadline_ && *deadline_ <= now) {
          error_ = ETIMEDOUT;
          return false;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now);
        timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
      }
    }
    std::array<pollfd, 2> fds{pollfd{fd_, events, 0}, pollfd{wake_.fd(), POLLIN, 0}};
    if (poll(fds.data(), fds.size(), timeout) < 0) continue;
    if ((fds[0].revents & POLLNVAL) != 0) return fail(EBADF);
    if ((fds[0].revents & POLLOUT) != 0) return true;
    if ((fds[0].revents & (POLLERR | POLLHUP)) != 0) return fail(EPIPE);
    if (fds[1].revents != 0) {
      if (events == 0) return true;
      wake_.clear();  // a deadline may have come, or the memory is full
    }
  }
}

// When a full memory is to be helped: with the mutex held. At once where the disk is in use
// already, since then the reader is known to be slow.
std::optional<LineWriter::Clock::time_point> LineWriter::relief_at() const {
  if (!full_) return std::nullopt;
  if (!spool_.full()) return spool_.empty() ? full_since_ + patience_.wait : full_since_;
  return std::max(full_since_, moved_at_) + patience_.wait;
}

void LineWriter::relieve() {
  std::string older;
  {
    const std::lock_guard lock(mutex_);
    const auto at = relief_at();
    if (!at || Clock::now() < *at) return;
    if (spool_.full()) {
      refusing_ = true;
    } else {
      older.swap(waiting_);
    }
  }
  const std::size_t kept = spool_.write(older);
  if (spool_.error() != 0 && !std::exchange(spool_failed_, true) && events_.on_spool_failure) {
    events_.on_spool_failure(spool_.error());
  }
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert(0, older, kept);
    full_ = !refusing_ && waiting_.size() >= patience_.memory;
    if (full_) return;
  }
  if (events_.on_room) events_.on_room();
}

void LineWriter::moved() {
  moved_at_ = Clock::now();
  if (patience_.wait.count() == 0) return;
  const std::lock_guard lock(mutex_);
  refusing_ = false;
}

bool LineWriter::fail(int error) {
  {
    const std::lock_guard lock(mutex_);
    error_ = error;
    waiting_ = {};
  }
  events_.on_failure();
  return false;
}

}  // namespace roomwire::cli
