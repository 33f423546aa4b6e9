#include "dmx/merge.hpp"

#include <algorithm>

namespace roomwire::dmx {

Accepted<void> Merger::update(const SourceId& source, const Update& update, Time now,
                              std::uint8_t priority) {
  if (config_.owner && *config_.owner != source) {
    return refuse(RefusalKind::source, "source " + in_quotes(source.str()) + " is not " +
                                           in_quotes(config_.owner->str()) +
                                           ", which alone has a say");
  }
  Source* known = find(source);
  if (known == nullptr) {
    if (sources_.size() == max_sources) {
      return refuse(RefusalKind::source, "source " + in_quotes(source.str()) +
                                             " is one more than " + std::to_string(max_sources));
    }
    known = &sources_.emplace_back();
    known->id = source;
  }
  const bool regroup = known->priority != priority;
  known->priority = priority;
  known->heard = now;
  ++updates_;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (!update.given[slot]) continue;
    const bool begins = !known->given[slot];
    const bool takes = begins ? update.values[slot] != 0 || config_.holds_levels
                              : update.values[slot] != known->values[slot];
    if (takes || update.named[slot]) {
      known->taken[slot] = updates_;
    } else if (begins) {
      known->taken[slot] = 0;
    }
    known->values[slot] = update.values[slot];
    known->given.set(slot);
    if (!regroup) merge(slot);
  }
  if (regroup) merge_all();
  return {};
}

void Merger::set_priorities(const SourceId& source, const std::optional<Slots>& priorities) {
  Source* known = find(source);
  if (known == nullptr || known->priorities == priorities) return;
  known->priorities = priorities;
  merge_all();
}

void Merger::begin_anew(const SourceId& source) {
  Source* known = find(source);
  if (known == nullptr) return;
  known->given.reset();
  merge_all();
}

bool Merger::leave(const SourceId& source) {
  if (config_.holds_levels && config_.mode == MergeMode::latest) hold_levels_of(source);
  const auto removed = std::erase_if(sources_, [&](const Source& s) { return s.id == source; });
  if (removed > 0) merge_all();
  return removed > 0;
}

// An older value of somebody else must not come back for it.
void Merger::hold_levels_of(const SourceId& source) {
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    const Source* by = driver(slot);
    if (by == nullptr || by->id != source) continue;
    for (Source& each : sources_)
      each.given.reset(slot);
  }
}

std::vector<SourceId> Merger::handle_timeout(Time now) {
  std::vector<SourceId> silent;
  if (!config_.timeout) return silent;
  for (const Source& source : sources_) {
    if (now >= end_of(source)) silent.push_back(source.id);
  }
  for (const SourceId& id : silent)
    std::erase_if(sources_, [&](const Source& source) { return source.id == id; });
  if (!silent.empty()) merge_all();
  return silent;
}

Deadline Merger::next_timeout() const {
  Deadline next;
  if (!config_.timeout) return next;
  for (const Source& source : sources_)
    next = earlier(next, end_of(source));
  return next;
}

/// When it is released if nobody says anything more.
Time Merger::end_of(const Source& source) const {
  Time last = source.heard;
  bool is_last = false;
  while (!is_last) {
    is_last = true;
    for (const Source& each : sources_) {
      if (each.heard <= last || each.heard - last > config_.keep_alive) continue;
      last = each.heard;
      is_last = false;
    }
  }
  return last + *config_.timeout;
}

void Merger::clear_released() {
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (!driven_[slot]) slots_[slot] = 0;
  }
}

std::vector<Merger::SourceView> Merger::sources() const {
  std::vector<SourceView> views;
  views.reserve(sources_.size());
  for (const Source& source : sources_)
    views.push_back({source.id, source.priority, source.heard, {}});
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    const Source* by = driver(slot);
    if (by != nullptr) views[static_cast<std::size_t>(by - sources_.data())].drives.set(slot);
  }
  return views;
}

Merger::Source* Merger::find(const SourceId& source) {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const Source& known) { return known.id == source; });
  return found == sources_.end() ? nullptr : &*found;
}

bool Merger::wins(const Source& source, const Source& over, std::size_t slot) const {
  const auto mine = source.priority_of(slot);
  const auto other = over.priority_of(slot);
  if (mine != other) return mine > other;
  return config_.mode == MergeMode::highest ? source.values[slot] > over.values[slot]
                                            : source.taken[slot] > over.taken[slot];
}

const Merger::Source* Merger::driver(std::size_t slot) const {
  const Source* best = nullptr;
  for (const Source& source : sources_) {
    if (!source.priority_of(slot)) continue;
    if (best == nullptr || wins(source, *best, slot)) best = &source;
  }
  return best;
}

void Merger::merge_all() {
  for (std::size_t slot = 0; slot < slot_count; ++slot)
    merge(slot);
}

void Merger::merge(std::size_t slot) {
  const Source* by = driver(slot);
  driven_.set(slot, by != nullptr);
  if (by != nullptr) slots_[slot] = by->values[slot];
}

}  // namespace roomwire::dmx
