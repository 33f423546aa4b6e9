// roomwire osc, dmx and so on: a bridge as a command of its own.
#pragma once

#include "cli/bridges/bridge_kinds.hpp"
#include "cli/commands/command.hpp"

namespace roomwire::cli {

Command bridge_command(const BridgeKind& kind);

}  // namespace roomwire::cli
