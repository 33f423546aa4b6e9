#include "cli/bridges/bridge_part.hpp"

#include <unistd.h>

#include <utility>

#include "cli/screen/standard_error.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {

int run_bridge(
    const ConnectionOptions& connection, bool monitor,
    const std::function<Result<std::unique_ptr<BridgePart>>(Session&, bool live)>& make) {
  auto session = Session::create(connection, 1);
  if (!session) return fail_with(session.error());
  const bool live = can_show_live() && connection.verbosity == Verbosity::normal &&
                    !(monitor && isatty(STDOUT_FILENO) == 1);
  auto part = make(**session, live);
  if (!part) return fail_with(part.error());
  std::vector<std::unique_ptr<BridgePart>> parts;
  parts.push_back(*std::move(part));
  return run_with(**session, parts);
}

int run_with(Session& session, const std::vector<std::unique_ptr<BridgePart>>& parts) {
  session.on_peer_change([&parts](const PeerId& peer, bool is_here) {
    for (const auto& part : parts)
      part->peer_changed(peer, is_here);
  });
  session.before_leaving([&parts](const std::function<void()>& leave) {
    const auto left = std::make_shared<std::size_t>(parts.size());
    for (const auto& part : parts) {
      part->finish([left, leave] {
        if (--*left == 0) leave();
      });
    }
  });
  const int exit_code = session.run();
  for (const auto& part : parts)
    part->end(session.cut_short());
  return exit_code;
}

}  // namespace roomwire::cli
