// roomwire room: the room that the other commands join.
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "cli/commands/commands.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/screen/qr_code.hpp"
#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/room_link.hpp"
#include "cli/session/room_store.hpp"

namespace roomwire::cli {
namespace {

bool print_line(std::string line) {
  if (isatty(STDOUT_FILENO) == 1) line = printable(line, line.size());
  line += '\n';
  return write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

int print_result(const std::string& line) {
  if (print_line(line)) return exit_fine;
  return fail_with({ErrorKind::unavailable,
                    "cannot write the output: " + std::generic_category().message(errno)});
}

// The one given, else the remembered one.
RoomId room_of(const RoomCommandOptions& options) {
  if (!options.room.empty()) return options.room;
  RecalledRoom recalled = RoomStore::of_user().recall();
  if (recalled.problem) complain(*recalled.problem);
  return std::move(recalled.room);
}

int remember_room(const RoomCommandOptions& options, const RoomId& room) {
  if (const auto remembered = RoomStore::of_user().remember(room); !remembered) {
    return fail_with(remembered.error());
  }
  if (options.is_overridden) {
    say(Tone::hint, "ROOMWIRE_ROOM is set, and wins over the remembered room");
  }
  return print_result(room.str());
}

int share(const RoomCommandOptions& options) {
  const std::string link = room_link(options.page, room_of(options));
  const int exit_code = print_result(link);
  const auto code = QrCode::of(link);
  if (!code) {
    if (options.png) return fail_with(code.error());
    complain(code.error().message);
    return exit_code;
  }
  show_block(code->as_text(can_show_live()));
  if (options.png) {
    if (const auto written = code->write_png(*options.png); !written) {
      return fail_with(written.error());
    }
  }
  return exit_code;
}

}  // namespace

int room(const RoomCommandOptions& options) {
  using Action = RoomCommandOptions::Action;
  switch (options.action) {
    case Action::make:
      return remember_room(options, new_room());
    case Action::set:
      return remember_room(options, options.room);
    case Action::share:
      return share(options);
    case Action::show:
      break;
  }
  return print_result(room_of(options).str());
}

}  // namespace roomwire::cli
