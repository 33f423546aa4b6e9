#include "cli/bridges/bridge_run.hpp"

#include <utility>

#include "bridges/bridge.hpp"
#include "cli/bridges/bridge_screen.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {

std::string monitor_flags(const BridgeRuns& runs) {
  std::string out;
  for (const auto& run : runs) {
    if (run->is_monitor()) out += (out.empty() ? "" : " and ") + run->names().of("--monitor");
  }
  return out;
}

Result<void> open_bridges(Session& session, BridgeScreen& screen, const BridgeRuns& runs) {
  for (const auto& run : runs) {
    if (auto opened = run->open(session, screen); !opened) {
      opened.error().message = run->names().in(opened.error().message);
      return opened;
    }
    for (const std::string& line : run->bridge().listening())
      session.status().note(Tone::plain, "listening on " + line);
    run->show();
  }
  return {};
}

int run_bridges(Session& session, BridgeScreen& screen, const BridgeRuns& runs) {
  session.on_peer_change([&runs](const PeerId& peer, bool is_here) {
    for (const auto& run : runs) {
      if (is_here) {
        run->bridge().peer_joined(peer);
      } else {
        run->bridge().peer_left(peer);
      }
    }
  });
  session.before_leaving([&runs](const std::function<void()>& leave) {
    const auto left = std::make_shared<std::size_t>(runs.size());
    for (const auto& run : runs) {
      run->bridge().finish([left, leave] {
        if (--*left == 0) leave();
      });
    }
  });
  const int exit_code = session.run();
  screen.end(session.cut_short());
  for (const auto& run : runs)
    run->end();
  return exit_code;
}

}  // namespace roomwire::cli
