#include "cli/settling.hpp"

#include <algorithm>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto quiet = 400ms;
constexpr auto wait_for_one = 1s;
constexpr auto wait_for_all = 3s;

}  // namespace

void Settling::heard(Time now, const PeerId& peer) {
  if (known_.size() >= max_peers || !known_.insert(peer).second) return;
  awaited_.emplace(peer, now);
  last_news_ = now;
}

void Settling::met(Time now, const PeerId& peer) {
  if (known_.size() < max_peers) known_.insert(peer);
  awaited_.erase(peer);
  if (!first_met_) first_met_ = now;
  last_news_ = now;
}

void Settling::given_up(const PeerId& peer) {
  awaited_.erase(peer);
}

std::optional<Settling::Time> Settling::settled_at() const {
  if (!first_met_) return std::nullopt;
  Time at = last_news_ + quiet;
  for (const auto& [peer, heard_at] : awaited_)
    at = std::max(at, heard_at + wait_for_one);
  return std::min(at, *first_met_ + wait_for_all);
}

std::vector<PeerId> Settling::awaited() const {
  std::vector<PeerId> peers;
  for (const auto& [peer, heard_at] : awaited_)
    peers.push_back(peer);
  return peers;
}

}  // namespace roomwire::cli
