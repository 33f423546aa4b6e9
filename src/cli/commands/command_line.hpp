// What the user wrote, as something to do. Reads no file and touches no network.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/commands/command.hpp"
#include "cli/flags/command_parser.hpp"

namespace roomwire::cli {

using CommandLine = std::variant<Run, Print, WrongUsage>;

/// `arguments` without the program's name. Each flag that says how to connect has a variable
/// (`--ice-port`: ROOMWIRE_ICE_PORT; lists are separated by commas), which counts when the flag is
/// not there; an empty variable is as good as none. Of --relay, --ws-relay and --relay-set any one
/// flag stands in for the variables of all three.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const Environment& environment);

}  // namespace roomwire::cli
