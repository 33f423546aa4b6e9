// roomwire room: the room that the other commands join.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/command.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

struct RoomCommandOptions {
  enum class Action { show, make, set, share };
  Action action = Action::show;
  RoomId room;       ///< Of set, or in place of the remembered one.
  std::string page;  ///< Of the link to share.
  std::optional<std::string> png;
  bool is_overridden = false;  ///< Another room than the remembered one is in the environment.
};

/// Throws Stop.
RoomCommandOptions parse_room_command(const std::vector<std::string>& arguments,
                                      const Environment& environment);

Command room_command();

}  // namespace roomwire::cli
