#include "cli/commands/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/commands/commands.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::string_view overview_begin =
    R"(roomwire: messages between programs and browser patches

Usage: roomwire COMMAND [OPTIONS]

Commands:
)";

constexpr std::string_view overview_end = R"(
Examples:
  roomwire room share
  roomwire netrecv chat
  roomwire netsend chat --room my-room 'hello'
  roomwire osc --to 127.0.0.1:57120 --listen 9000
  roomwire dmx --to artnet://192.168.1.50/0.0.1
  roomwire web --listen 0.0.0.0:8080
  roomwire relay --listen 127.0.0.1:7777

`roomwire COMMAND --help` tells more. `roomwire --version` prints the version.
Exit codes: 0 fine, 1 failed, 2 wrong usage, 124 time limit, 128+N signal N
(web and relay end with 0).
)";

std::string overview(const std::vector<Command>& all) {
  std::string out(overview_begin);
  for (const Command& each : all) {
    const std::string usage = each.name + (each.arguments.empty() ? "" : " " + each.arguments);
    out += fmt::format("  {:<26} {}\n", usage, each.what);
  }
  return out.append(overview_end);
}

std::string names_of(const std::vector<Command>& all) {
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i)
    out += (i == 0 ? "" : i + 1 < all.size() ? ", " : " and ") + all[i].name;
  return out;
}

CommandLine parse_command(const std::string& name, const std::vector<std::string>& rest,
                          const Environment& environment) {
  const std::vector<Command> all = commands();
  const auto command =
      std::find_if(all.begin(), all.end(), [&](const Command& each) { return each.name == name; });
  if (command != all.end()) return command->parse(rest, environment);
  if (name == "--help" || name == "-h" || name == "help") return Print{overview(all)};
  if (name == "--version") return Print{"roomwire " ROOMWIRE_VERSION "\n"};
  const auto later = std::find_first_of(
      rest.begin(), rest.end(), all.begin(), all.end(),
      [](const std::string& word, const Command& each) { return word == each.name; });
  if (name.starts_with('-') && later != rest.end()) {
    reject(printable(name, 100), "the command comes first; write roomwire " + *later + " " +
                                     printable(name, 100) + " and so on");
  }
  reject("'" + printable(name, 100) + "'",
         "is no command; " + names_of(all) + " are (see roomwire --help)");
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const Environment& environment) {
  if (arguments.empty()) return WrongUsage{"which command? See roomwire --help"};
  try {
    return parse_command(arguments.front(), {arguments.begin() + 1, arguments.end()}, environment);
  } catch (const Stop& stop) {
    return std::visit([](const auto& answer) { return CommandLine(answer); }, stop.answer);
  }
}

}  // namespace roomwire::cli
