#include "cli/session/room_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "cli/flags/flag_values.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/room_link.hpp"

namespace roomwire::cli {
namespace {

// %XX for each byte, a newline, and the byte order mark of an editor
constexpr std::size_t max_file = 3 * RoomStore::max_room + 5;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> refused(const std::filesystem::path& path, int error) {
  return failure(ErrorKind::unavailable,
                 printable(path.string()) + ": " + std::generic_category().message(error));
}

// Nothing when it is not what percent_encoded makes.
std::optional<RoomId> room_in(std::string_view text) {
  text = without_byte_order_mark(text);
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::string room = percent_decoded(text);
  const bool is_ours = !room.empty() && percent_encoded(room) == text && is_utf8(room);
  return is_ours ? std::optional<RoomId>(std::move(room)) : std::nullopt;
}

std::optional<std::filesystem::path> absolute_path_in(const char* variable) {
  const char* value = std::getenv(variable);
  // A relative one counts for nothing (XDG Base Directory Specification).
  if (value == nullptr || *value != '/') return std::nullopt;
  return value;
}

}  // namespace

RoomStore::RoomStore(const std::filesystem::path& folder)
    : folder_(folder), file_(folder.empty() ? folder : folder / "room") {}

RoomStore RoomStore::of_user() {
  if (const auto config = absolute_path_in("XDG_CONFIG_HOME"))
    return RoomStore(*config / "roomwire");
  if (const auto home = absolute_path_in("HOME")) return RoomStore(*home / ".config" / "roomwire");
  return RoomStore({});
}

RecalledRoom RoomStore::recall() const {
  auto known = read();
  if (known && *known) return {**std::move(known), false, std::nullopt};
  RecalledRoom out{new_room(), true, std::nullopt};
  if (!known) {
    out.problem = "the remembered room cannot be used, a new one is for this run alone: " +
                  known.error().message;
    return out;
  }
  if (const auto written = write(out.room, Overwrite::no); !written) {
    // Another program may have been faster.
    known = read();
    if (known && *known) return {**std::move(known), false, std::nullopt};
    out.problem =
        "the new room cannot be remembered and is for this run alone: " + written.error().message;
  }
  return out;
}

Result<void> RoomStore::remember(const RoomId& room) const {
  if (room.str().size() > max_room) {
    return failure(ErrorKind::invalid_input, "has " + std::to_string(room.str().size()) +
                                                 " bytes; a room that is remembered has at most " +
                                                 std::to_string(max_room));
  }
  const auto written = write(room, Overwrite::yes);
  if (written) return {};
  return failure(written.error().kind, "cannot remember the room: " + written.error().message);
}

Result<std::optional<RoomId>> RoomStore::read() const {
  if (file_.empty()) return std::nullopt;  // To write will tell why.
  const FileDescriptor file(open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    return refused(file_, errno);
  }
  std::array<char, max_file + 1> buffer{};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const auto got = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(file_, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  auto room = room_in({buffer.data(), size});
  if (size <= max_file && room) return room;
  return failure(ErrorKind::invalid_input,
                 printable(file_.string()) + " is damaged; 'roomwire room new' makes it anew");
}

Result<void> RoomStore::write(const RoomId& room, Overwrite overwrite) const {
  if (file_.empty()) {
    return failure(ErrorKind::unavailable, "neither XDG_CONFIG_HOME nor HOME names a folder");
  }
  std::error_code ignored;
  std::filesystem::create_directories(folder_.parent_path(), ignored);
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return refused(folder_, errno);
  return write_whole_file(file_, percent_encoded(room.str()) + '\n', 0600, overwrite);
}

}  // namespace roomwire::cli
