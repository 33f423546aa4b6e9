// The table of bridges: each is a command, and a part of `roomwire web`.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "cli/bridges/bridge_run.hpp"
#include "cli/flags/command_parser.hpp"

namespace roomwire::cli {

struct BridgeKind {
  const char* name;   ///< The command, and what web puts before its flags.
  const char* title;  ///< Of its flags in web's help.
  const char* what;   ///< In one line of the overview.
  CommandHelp help;
  std::unique_ptr<BridgeRun> (*make)();
};

std::span<const BridgeKind> bridge_kinds();

BridgeKind osc_bridge_kind();
BridgeKind dmx_bridge_kind();

}  // namespace roomwire::cli
