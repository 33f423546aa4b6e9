// roomwire monitor: who is in a room, and what passes through it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/command.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

struct MonitorOptions {
  ConnectionOptions connection;
  bool as_json = false;
};

/// Throws Stop.
MonitorOptions parse_monitor(const std::vector<std::string>& arguments,
                             const Environment& environment);

Command monitor_command();

}  // namespace roomwire::cli
