#include "signal/announcer.hpp"

#include <array>

namespace roomwire::signal {
namespace {

constexpr std::array<Duration, 3> warm_up{233ms, 533ms, 1333ms};
constexpr Duration searching_interval = 5333ms;
constexpr Duration empty_interval = 30s;
constexpr Duration occupied_interval = 60s;
constexpr Duration searching_time = 60s;
/// After a loss: not all who lost the same peer at the same moment.
constexpr Duration soonest = 100ms;
constexpr Duration spread = 500ms;

}  // namespace

void Announcer::begin(Time now, Schedule& schedule) const {
  schedule.count = 0;
  schedule.searching_until = now + searching_time;
  if (!paused_) schedule.next = now;
}

void Announcer::relay_ready(Time now, RelayId relay) {
  begin(now, relays_[relay]);
}

void Announcer::relay_lost(RelayId relay) {
  relays_.erase(relay);
}

void Announcer::begin(Time now) {
  paused_ = false;
  for (auto& [relay, schedule] : relays_)
    begin(now, schedule);
}

void Announcer::pause() {
  paused_ = true;
  for (auto& [relay, schedule] : relays_)
    schedule.next.reset();
}

void Announcer::look_again(Time now) {
  if (paused_) return;
  const auto soon = now + soonest + std::chrono::duration_cast<Duration>(spread * entropy_.unit());
  for (auto& [relay, schedule] : relays_) {
    if (!occupied_) begin(soon, schedule);
    // In a busy room somebody leaves every other second; once every few is enough.
    const Time earliest = std::max(soon, schedule.last + searching_interval);
    if (schedule.next > earliest) schedule.next = earliest;
  }
}

Duration Announcer::interval(Time now, const Schedule& schedule) {
  if (schedule.count <= warm_up.size()) return warm_up[schedule.count - 1];
  Duration base = empty_interval;
  if (occupied_) {
    base = occupied_interval;
  } else if (now < schedule.searching_until) {
    base = searching_interval;
  }
  return base + std::chrono::duration_cast<Duration>(base * entropy_.unit() / 10);
}

Deadline Announcer::next_timeout() const {
  Deadline next;
  for (const auto& [relay, schedule] : relays_)
    next = earlier(next, schedule.next);
  return next;
}

std::vector<RelayId> Announcer::take_due(Time now) {
  std::vector<RelayId> due;
  for (auto& [relay, schedule] : relays_) {
    if (!schedule.next || *schedule.next > now) continue;
    due.push_back(relay);
    ++schedule.count;
    schedule.last = now;
    schedule.next = now + interval(now, schedule);
  }
  return due;
}

}  // namespace roomwire::signal
