// When to say on each relay that we are there.
#pragma once

#include <map>
#include <vector>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::signal {

/// Trystero announces at once and 233 ms, 533 ms and 1333 ms later, then (0.23) every 5333 ms or
/// (0.25 on Nostr) every 60 s. After the same beginning this does the former for a minute while
/// nobody is there, then every 30 s, and every 60 s when somebody is. So relays see little of a
/// peer that has found its room, and it stays visible all the same: newcomers announce
/// themselves, and are answered.
class Announcer {
 public:
  explicit Announcer(Entropy& entropy) : entropy_(entropy) {}

  /// Begins there, at once.
  void relay_ready(Time now, RelayId relay);
  void relay_lost(RelayId relay);
  /// Begins on every relay, at once.
  void begin(Time now);
  /// Stays silent until begin().
  void pause();
  /// Whether any peer is connected.
  void set_occupied(bool occupied) { occupied_ = occupied; }
  /// A peer was lost: announces soon, and begins anew when it was the last.
  void look_again(Time now);

  Deadline next_timeout() const;
  /// The relays to announce on now.
  std::vector<RelayId> take_due(Time now);

 private:
  struct Schedule {
    Deadline next;
    Time last{};
    Time searching_until{};
    std::size_t count = 0;
  };

  void begin(Time now, Schedule& schedule) const;
  Duration interval(Time now, const Schedule& schedule);

  Entropy& entropy_;
  std::map<RelayId, Schedule> relays_;
  bool occupied_ = false;
  bool paused_ = false;
};

}  // namespace roomwire::signal
