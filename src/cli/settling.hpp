// Whether everybody is there who is about to come, for a sender that does not stay.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <roomwire/ids.hpp>
#include <set>
#include <vector>

namespace roomwire::cli {

/// A native peer is met in 10 ms, a browser in 50 to 100, one across the internet in a second. So
/// who has met the first waits until each peer that was heard is met or given up, for at most a
/// second each, and until nobody new was heard or met for a moment; at most 3 seconds in all.
class Settling {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void heard(Time now, const PeerId& peer);
  void met(Time now, const PeerId& peer);
  /// Out of reach, or kept out. It is not waited for again.
  void given_up(const PeerId& peer);

  /// Those who were met are gone: one must be met anew.
  void alone() { first_met_.reset(); }

  /// When the room is settled if nothing happens until then; nothing before the first was met.
  std::optional<Time> settled_at() const;
  /// Who was heard and neither met nor given up.
  std::vector<PeerId> awaited() const;

 private:
  // Strangers can invent peers; those beyond are not waited for.
  static constexpr std::size_t max_peers = 512;

  std::map<PeerId, Time> awaited_;  // and when each was heard
  std::set<PeerId> known_;          // all that were heard or met
  std::optional<Time> first_met_;
  Time last_news_{};
};

}  // namespace roomwire::cli
