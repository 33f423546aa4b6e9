// The commands. Each runs until it is done and returns the program's exit code.
#pragma once

#include "cli/flags/options.hpp"

namespace roomwire::cli {

int netsend(const NetsendOptions& options);
int netrecv(const NetrecvOptions& options);
int osc(const OscOptions& options);
int dmx(const DmxOptions& options);
int monitor(const MonitorOptions& options);
int room(const RoomCommandOptions& options);
/// As a relay, it ends by a signal, with exit code 0.
int web(const WebOptions& options);
/// A relay has no other end than a signal: SIGINT and SIGTERM are exit code 0.
int relay(const RelayOptions& options);

}  // namespace roomwire::cli
