// roomwire netrecv: what comes on channels of a room, to standard output.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/command.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

struct NetrecvOptions {
  ConnectionOptions connection;
  std::vector<std::string> channels;
  OutputFormat format = OutputFormat::value;
  std::optional<std::uint64_t> count;
  std::size_t spool = std::size_t{1} << 30U;  ///< On disk, in bytes.
};

/// Throws Stop.
NetrecvOptions parse_netrecv(const std::vector<std::string>& arguments,
                             const Environment& environment);

Command netrecv_command();

}  // namespace roomwire::cli
