// The flags of the commands that host rooms, show and choose them. Each function throws Stop.
#pragma once

#include <string>
#include <vector>

#include "cli/flags/command_line.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

WebOptions parse_web(const std::vector<std::string>& arguments, const Environment& environment);
RelayOptions parse_relay_command(const std::vector<std::string>& arguments);
MonitorOptions parse_monitor(const std::vector<std::string>& arguments,
                             const Environment& environment);
RoomCommandOptions parse_room_command(const std::vector<std::string>& arguments,
                                      const Environment& environment);

}  // namespace roomwire::cli
