#include "cli/io/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace roomwire::cli {

std::string Spool::folder() {
  const char* chosen = std::getenv("TMPDIR");
  // /var/tmp is for what is large; /tmp is in memory on many systems.
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
}

Spool::~Spool() {
  if (fd_ >= 0) close(fd_);
}

bool Spool::open() {
  if (fd_ >= 0) return true;
  fd_ = ::open(folder().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd_ >= 0) return true;
  std::string name = folder() + "/roomwire-XXXXXX";  // not all file systems have O_TMPFILE
  fd_ = mkostemp(name.data(), O_CLOEXEC);
  if (fd_ >= 0) unlink(name.c_str());
  return fd_ >= 0;
}

std::size_t Spool::write(std::string_view bytes) {
  std::size_t taken = 0;
  while (!bytes.empty() && !full()) {
    refused_ = !open();
    if (refused_) error_ = errno;
    if (refused_) break;
    const std::uint64_t at = (begin_ + size_) % bound_;
    const std::uint64_t room = std::min(bound_ - size_, bound_ - at);
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), room));
    const auto got = pwrite(fd_, bytes.data(), want, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    refused_ = got <= 0;
    if (refused_) error_ = got < 0 ? errno : ENOSPC;
    if (refused_) break;
    size_ += static_cast<std::uint64_t>(got);
    taken += static_cast<std::size_t>(got);
    bytes.remove_prefix(static_cast<std::size_t>(got));
  }
  return taken;
}

bool Spool::read(std::string& out, std::size_t max) {
  const std::uint64_t run = std::min(size_, bound_ - begin_);
  out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(max, run)));
  if (out.empty()) return true;
  const auto got = pread(fd_, out.data(), out.size(), static_cast<off_t>(begin_));
  if (got <= 0) {
    if (got == 0) errno = EIO;
    size_ = 0;
    return false;
  }
  refused_ = false;
  out.resize(static_cast<std::size_t>(got));
  size_ -= out.size();
  begin_ = (begin_ + out.size()) % bound_;
  if (size_ == 0) rewind();
  return true;
}

// Gives the disk back.
void Spool::rewind() {
  begin_ = 0;
  [[maybe_unused]] const int cut = ftruncate(fd_, 0);
}

}  // namespace roomwire::cli
