// A rate limit that keeps the newest value: a fader that moves faster than its rate still ends
// where it was left.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/time.hpp"

namespace roomwire::osc {

template <class Value>
class NewestValue {
 public:
  /// Names followed at once. One more, while all of them are within their interval, is not held
  /// back.
  static constexpr std::size_t max_names = 4096;

  /// `interval` between two values of one name.
  explicit NewestValue(Duration interval) : interval_(interval) {}

  /// The value if it may go now; else it is kept, instead of the one that was, until
  /// handle_timeout gives it. `replaced` counts those that never go.
  std::optional<Value> offer(Time now, const std::string& name, Value value) {
    auto found = slots_.find(name);
    if (found == slots_.end()) {
      if (slots_.size() >= max_names) sweep(now);
      if (slots_.size() < max_names) slots_.emplace(name, Slot{now + interval_, std::nullopt});
      return value;
    }
    Slot& slot = found->second;
    if (slot.kept) {
      ++replaced_;
      slot.kept = std::move(value);
      return std::nullopt;
    }
    if (now >= slot.free_at) {
      slot.free_at = now + interval_;
      return value;
    }
    slot.kept = std::move(value);
    due_.emplace(slot.free_at, name);
    return std::nullopt;
  }

  /// A value of that name goes now, beside the limit: what was kept is older than it and goes no
  /// more.
  void pass(Time now, const std::string& name) {
    const auto found = slots_.find(name);
    if (found == slots_.end()) return;
    Slot& slot = found->second;
    if (slot.kept) {
      const auto [first, last] = due_.equal_range(slot.free_at);
      due_.erase(std::find_if(first, last, [&](const auto& each) { return each.second == name; }));
      slot.kept.reset();
      ++replaced_;
    }
    slot.free_at = now + interval_;
  }

  /// Calls give(value) for all that is kept, as nobody will wait for it.
  template <class Give>
  void flush(const Give& give) {
    for (const auto& [time, name] : std::exchange(due_, {})) {
      Slot& slot = slots_.at(name);
      give(*std::exchange(slot.kept, std::nullopt));
    }
  }

  Deadline next_timeout() const {
    return due_.empty() ? Deadline() : Deadline(due_.begin()->first);
  }

  /// Calls give(value) for each value whose time has come, in the order of their times.
  template <class Give>
  void handle_timeout(Time now, const Give& give) {
    while (!due_.empty() && due_.begin()->first <= now) {
      Slot& slot = slots_.at(due_.begin()->second);
      due_.erase(due_.begin());
      // On the grid, so that a steady stream keeps its rate; not in the past, after a sleep.
      slot.free_at = std::max(slot.free_at + interval_, now);
      Value value = std::move(*slot.kept);
      slot.kept.reset();
      give(std::move(value));
    }
  }

  std::size_t replaced() const { return replaced_; }

 private:
  struct Slot {
    Time free_at;
    std::optional<Value> kept;
  };

  void sweep(Time now) {
    if (now < next_sweep_) return;
    next_sweep_ = now + interval_;
    std::erase_if(slots_, [now](const auto& entry) {
      return !entry.second.kept && entry.second.free_at <= now;
    });
  }

  Duration interval_;
  std::unordered_map<std::string, Slot> slots_;
  std::multimap<Time, std::string> due_;  ///< Those with a value kept.
  Time next_sweep_{};
  std::size_t replaced_ = 0;
};

}  // namespace roomwire::osc
