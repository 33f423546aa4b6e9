#include "cli/io/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

tl::unexpected<Error> failed(const std::filesystem::path& path, int error) {
  return failure(ErrorKind::unavailable,
                 printable(path.string()) + ": " + std::generic_category().message(error));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(fd) == 0;
}

bool put_in_place(const std::string& temporary, const std::filesystem::path& file,
                  Overwrite overwrite) {
  if (overwrite == Overwrite::no) {
    if (link(temporary.c_str(), file.c_str()) == 0) return true;
    // A file system without links has no race that matters.
    if (errno == EEXIST) return false;
  }
  return std::rename(temporary.c_str(), file.c_str()) == 0;
}

}  // namespace

Result<void> write_whole_file(const std::filesystem::path& file, std::string_view bytes,
                              mode_t mode, Overwrite overwrite) {
  struct stat there {};
  if (stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return failure(ErrorKind::unavailable, printable(file.string()) + " is no ordinary file");
  }
  // What a link names is written, and the link stays.
  std::error_code none;
  auto target = std::filesystem::canonical(file, none);
  if (none) target = file;
  std::string temporary = target.string() + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    // It is the folder that refuses.
    const int refused = errno;
    if (!target.has_parent_path()) return failed(target, refused);
    return failed(file.string() + ": in " + target.parent_path().string(), refused);
  }
  bool is_done = write_all(fd, bytes) && fchmod(fd, mode) == 0;
  int error = errno;
  close(fd);
  if (is_done) {
    is_done = put_in_place(temporary, target, overwrite);
    error = errno;
  }
  unlink(temporary.c_str());
  if (!is_done) return failed(file, error);
  return {};
}

}  // namespace roomwire::cli
