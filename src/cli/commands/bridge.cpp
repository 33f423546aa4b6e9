#include "cli/commands/bridge.hpp"

#include <unistd.h>

#include <memory>
#include <utility>

#include "cli/bridges/bridge_screen.hpp"
#include "cli/screen/standard_error.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

struct Given {
  ConnectionOptions connection;
  BridgeRuns runs;
};

int run_alone(Given& given) {
  if (const auto exit_code = given.runs.front()->instead(given.connection)) return *exit_code;
  auto session = Session::create(given.connection, 1);
  if (!session) return fail_with(session.error());
  const std::string monitors = monitor_flags(given.runs);
  const bool live = can_show_live() && given.connection.verbosity == Verbosity::normal &&
                    (monitors.empty() || isatty(STDOUT_FILENO) == 0);
  BridgeScreen screen(**session, monitors, live);
  const BridgeRuns runs = std::exchange(given.runs, {});  // they end before the session does
  if (const auto opened = open_bridges(**session, screen, runs); !opened)
    return fail_with(opened.error());
  return run_bridges(**session, screen, runs);
}

Run parse_bridge(const BridgeKind& kind, const std::vector<std::string>& arguments,
                 const Environment& environment) {
  const auto given = std::make_shared<Given>();
  given->runs.push_back(kind.make());
  BridgeRun& bridge = *given->runs.front();
  CommandParser parser(kind.name, kind.help);
  BridgeFlags flags(parser, "", kind.title);
  bridge.add_flags(flags);
  bridge.set_names(flags.names());
  parser.add_connection(given->connection);
  parser.parse(arguments, environment);
  parser.check_connection(given->connection);
  bridge.check(flags);
  return [given] { return run_alone(*given); };
}

}  // namespace

Command bridge_command(const BridgeKind& kind) {
  return {kind.name, "", kind.what,
          [kind](const std::vector<std::string>& arguments, const Environment& environment) {
            return parse_bridge(kind, arguments, environment);
          }};
}

}  // namespace roomwire::cli
