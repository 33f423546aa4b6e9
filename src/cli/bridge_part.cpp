#include "cli/bridge_part.hpp"

#include <utility>

#include "cli/session.hpp"

namespace roomwire::cli {

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
