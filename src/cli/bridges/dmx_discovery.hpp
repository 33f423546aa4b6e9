// roomwire dmx --discover: who is there, without a room.
#pragma once

#include "cli/flags/options.hpp"

namespace roomwire::cli {

/// Prints nodes and sources as they are heard, one a line on standard output, until the time limit,
/// 11 seconds without one, or a signal. Fails when nobody was heard.
int discover_dmx(const ConnectionOptions& connection);

}  // namespace roomwire::cli
