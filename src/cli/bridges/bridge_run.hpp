// A bridge as the program has it: its flags, its stay in a session, what it shows.
#pragma once

#include <memory>
#include <optional>
#include <roomwire/error.hpp>
#include <vector>

#include "cli/flags/bridge_flags.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::bridges {
class Bridge;
}

namespace roomwire::cli {

class BridgeScreen;
class Session;

/// One run of one kind of bridge, in this order: add_flags, the parse, check, then open and end.
/// Its own command and `roomwire web` use it alike.
class BridgeRun {
 public:
  virtual ~BridgeRun() = default;

  virtual void add_flags(BridgeFlags& flags) = 0;
  /// Throws Stop for what contradicts itself or would do nothing.
  virtual void check(const BridgeFlags& flags) = 0;
  /// What the bridge's own command does instead of bridging; its exit code.
  virtual std::optional<int> instead(const ConnectionOptions& /*connection*/) {
    return std::nullopt;
  }

  /// --monitor was given: it prints to standard output.
  virtual bool is_monitor() const = 0;
  /// Listens when it returns. Session and screen outlive this.
  virtual Result<void> open(Session& session, BridgeScreen& screen) = 0;
  /// From open() on.
  virtual bridges::Bridge& bridge() = 0;
  /// What is shown below the notes, while the screen is live.
  virtual void show() = 0;
  /// The session has ended, and its screen: says what was counted.
  virtual void end() = 0;

  void set_names(FlagNames names) { names_ = std::move(names); }
  const FlagNames& names() const { return names_; }

 private:
  FlagNames names_;
};

using BridgeRuns = std::vector<std::unique_ptr<BridgeRun>>;

/// Of those with --monitor, the flag's names; empty when there is none.
std::string monitor_flags(const BridgeRuns& runs);

/// Opens all; what fails is told in the words of the flags.
Result<void> open_bridges(Session& session, BridgeScreen& screen, const BridgeRuns& runs);

/// Runs the session with these bridges in it; its exit code.
int run_bridges(Session& session, BridgeScreen& screen, const BridgeRuns& runs);

}  // namespace roomwire::cli
