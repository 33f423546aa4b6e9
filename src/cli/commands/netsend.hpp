// roomwire netsend: messages from the command line, a file or standard input into a room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/command.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

struct NetsendOptions {
  ConnectionOptions connection;
  std::string channel;
  std::optional<std::string> message;  ///< Nothing: read standard input, or `file`.
  std::optional<std::string> file;     ///< `-` is standard input, as a whole.
  bool as_text = false;
  /// How many to wait for; nothing: until the room has settled.
  std::optional<std::size_t> peers;
};

/// Throws Stop.
NetsendOptions parse_netsend(const std::vector<std::string>& arguments,
                             const Environment& environment);

Command netsend_command();

}  // namespace roomwire::cli
