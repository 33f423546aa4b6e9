// The table of commands.
#pragma once

#include <vector>

#include "cli/commands/command.hpp"

namespace roomwire::cli {

/// In the order in which the overview shows them.
std::vector<Command> commands();

}  // namespace roomwire::cli
