// Whether everybody is there who is about to come, for a sender that does not stay.
#pragma once

#include <chrono>
#include <optional>
#include <roomwire/status.hpp>
#include <vector>

namespace roomwire::cli {

/// A native peer is met in 10 ms, a browser in 50 to 100, one across the internet in a few hundred.
/// So who has met the first waits until each peer that is heard is met or given up and nobody new
/// has come for a moment, for at most a second.
class Settling {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Somebody was heard or connected.
  void stirred(Time now) { last_news_ = now; }
  void met(Time now);
  /// Those who were met are gone: one must be met anew.
  void alone() { first_met_.reset(); }

  /// When the room is settled if nothing happens until then; nothing before the first was met.
  std::optional<Time> settled_at(const std::vector<UnmetPeer>& unmet) const;

 private:
  std::optional<Time> first_met_;
  Time last_news_{};
};

/// Those of them who may still come: neither out of reach nor deaf.
std::vector<PeerId> awaited(const std::vector<UnmetPeer>& unmet);

}  // namespace roomwire::cli
