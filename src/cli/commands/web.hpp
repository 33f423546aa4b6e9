// roomwire web: the page in the browser, its relay and bridges as one program.
#pragma once

#include "cli/commands/command.hpp"

namespace roomwire::cli {

Command web_command();

}  // namespace roomwire::cli
