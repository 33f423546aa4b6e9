// A bridge within a session, so that a session can have several.
#pragma once

#include <functional>
#include <memory>
#include <roomwire/roomwire.hpp>
#include <vector>

#include "cli/flags/options.hpp"

namespace roomwire::cli {

class Session;

class BridgePart {
 public:
  virtual ~BridgePart() = default;
  virtual void peer_changed(const PeerId& peer, bool is_here) = 0;
  /// The session is to end: `done` is called, perhaps within this call, when the bridge has ended
  /// what it does. Once.
  virtual void finish(std::function<void()> done) = 0;
  /// The session has ended: says what was counted.
  virtual void end(bool cut_short) = 0;
};

/// Read the options and open the sockets. The session outlives what is returned.
Result<std::unique_ptr<BridgePart>> make_osc_part(Session& session, const OscOptions& options);
Result<std::unique_ptr<BridgePart>> make_dmx_part(Session& session, const DmxOptions& options);

/// A session of one bridge, which `make` makes; its exit code. With a live display when a person
/// can see it.
int run_bridge(const ConnectionOptions& connection, bool monitor,
               const std::function<Result<std::unique_ptr<BridgePart>>(Session&, bool live)>& make);

/// Runs the session with these bridges in it; its exit code.
int run_with(Session& session, const std::vector<std::unique_ptr<BridgePart>>& parts);

}  // namespace roomwire::cli
