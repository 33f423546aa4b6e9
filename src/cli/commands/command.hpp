// A command of the program: a row of the table in commands.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/flags/environment.hpp"

namespace roomwire::cli {

/// What is left to do when the flags are read; its result is the program's exit code. Once.
using Run = std::function<int()>;

struct Command {
  std::string name;
  std::string arguments;  ///< Behind its name in the overview: `CHANNEL [MESSAGE]`.
  std::string what;       ///< In one line of the overview.
  /// Reads no file and touches no network. Throws Stop.
  std::function<Run(const std::vector<std::string>& arguments, const Environment& environment)>
      parse;
};

}  // namespace roomwire::cli
