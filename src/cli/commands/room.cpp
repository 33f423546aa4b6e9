#include "cli/commands/room.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "cli/flags/command_parser.hpp"
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

int run(const RoomCommandOptions& options) {
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

// ---- flags ----

constexpr CommandHelp room_help{
    R"(Show the room that commands join when they are given none. It is made on first
use and remembered.)",
    R"(More:
  roomwire room new            Make another, and remember it
  roomwire room set ID|LINK    Remember that one
  roomwire room share          Print its link, and a QR code
It is kept in the folder roomwire of $XDG_CONFIG_HOME, or ~/.config. --room and
ROOMWIRE_ROOM win over it.)"};

constexpr CommandHelp share_help{
    R"(Print the link of the room and, on standard error, a QR code of it.)",
    R"(Examples:
  roomwire room share
  roomwire room share --link http://192.168.1.7:8080/ --png room.png)"};

constexpr CommandHelp set_help{"Remember a room: commands without --room join it.",
                               R"(Example:
  roomwire room set 'https://patchies.app/?room=my-room')"};

constexpr CommandHelp new_help{"Make a new room and remember it.", ""};

RoomCommandOptions parse_room_share(const std::vector<std::string>& arguments,
                                    const Environment& environment) {
  RoomCommandOptions options;
  ConnectionOptions given;
  options.action = RoomCommandOptions::Action::share;
  options.page = *parse_page("patchies");
  CommandParser parser("room share", share_help);
  parser.add_value(
      {"--link", "patchies|URL", "The page that the link leads to (patchies)", false,
       [&](const std::string& text) { return store(parse_page(text), options.page); }});
  parser.add_value(
      {"--png", "FILE", "Write the QR code to a file, too", false, [&](const std::string& text) {
         options.png.emplace();
         return take_text(text, "a path", *options.png);
       }});
  parser.add_room_alone(given);
  parser.parse(arguments, environment);
  options.room = given.room.room;
  return options;
}

RoomCommandOptions parse_room_set(const std::vector<std::string>& arguments,
                                  const Environment& environment) {
  RoomCommandOptions options;
  options.action = RoomCommandOptions::Action::set;
  std::string text;
  CommandParser parser("room set", set_help);
  parser.app().add_option("ROOM", text, "Its id, or a link with ?room=")->type_name("")->required();
  parser.parse(arguments, environment);
  auto room = parse_room(text);
  if (!room) reject("ROOM", room.error().message);
  options.room = *std::move(room);
  return options;
}

}  // namespace

RoomCommandOptions parse_room_command(const std::vector<std::string>& arguments,
                                      const Environment& environment) {
  RoomCommandOptions options;
  const std::string action = arguments.empty() ? "" : arguments.front();
  const bool is_action = !action.empty() && !action.starts_with('-');
  const std::vector<std::string> rest(arguments.begin() + (is_action ? 1 : 0), arguments.end());
  if (action == "share") return parse_room_share(rest, environment);
  if (action == "set") {
    options = parse_room_set(rest, environment);
  } else if (action == "new") {
    options.action = RoomCommandOptions::Action::make;
    CommandParser("room new", new_help).parse(rest, environment);
  } else if (is_action) {
    reject("'" + printable(action, 100) + "'", "is none of new, set and share");
  } else {
    ConnectionOptions given;
    CommandParser parser("room", room_help);
    parser.add_room_alone(given);
    parser.parse(rest, environment);
    options.room = given.room.room;
  }
  options.is_overridden = !environment("ROOMWIRE_ROOM").value_or("").empty();
  return options;
}

Command room_command() {
  return {"room", "", "Show, change and share the room that they join",
          [](const std::vector<std::string>& arguments, const Environment& environment) -> Run {
            return [options = parse_room_command(arguments, environment)] { return run(options); };
          }};
}

}  // namespace roomwire::cli
