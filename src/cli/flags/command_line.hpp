// What the user wrote, as options. Reads no file and touches no network.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/flags/options.hpp"

namespace roomwire::cli {

/// The value of an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Help and the version, for standard output.
struct Print {
  std::string text;
};
/// One line that names what is wrong and what to write instead.
struct WrongUsage {
  std::string line;
};
using CommandLine =
    std::variant<NetsendOptions, NetrecvOptions, OscOptions, DmxOptions, WebOptions, RelayOptions,
                 MonitorOptions, RoomCommandOptions, Print, WrongUsage>;

/// `arguments` without the program's name. Each flag that says how to connect has a variable
/// (`--ice-port`: ROOMWIRE_ICE_PORT; lists are separated by commas), which counts when the flag is
/// not there; an empty variable is as good as none. Of --relay, --ws-relay and --relay-set any one
/// flag stands in for the variables of all three.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const Environment& environment);

}  // namespace roomwire::cli
