#include "cli/session/settling.hpp"

#include <algorithm>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto quiet = 400ms;
constexpr auto longest_wait = 1s;

}  // namespace

void Settling::met(Time now) {
  if (!first_met_) first_met_ = now;
  stirred(now);
}

std::optional<Settling::Time> Settling::settled_at(const std::vector<UnmetPeer>& unmet) const {
  if (!first_met_) return std::nullopt;
  const Time latest = *first_met_ + longest_wait;
  return awaited(unmet).empty() ? std::min(last_news_ + quiet, latest) : latest;
}

std::vector<PeerId> awaited(const std::vector<UnmetPeer>& unmet) {
  std::vector<PeerId> peers;
  for (const UnmetPeer& each : unmet) {
    if (each.reason.empty() && !each.is_deaf) peers.push_back(each.peer);
  }
  return peers;
}

}  // namespace roomwire::cli
