#include "dmx/input.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace roomwire::dmx {
namespace {

/// No frame is under way for longer.
constexpr Duration longest_delay = 500ms;

tl::unexpected<Refusal> out_of_order(const SourceId& source, std::uint8_t last,
                                     std::uint8_t sequence) {
  return refuse(RefusalKind::sequence, "source " + in_quotes(source.str()) + " sent number " +
                                           std::to_string(sequence) + " after " +
                                           std::to_string(last) + ": too late");
}

}  // namespace

Input::Input(InputConfig config, ChangeSink& sink)
    : config_(std::move(config)), sink_(sink), merger_(config_.merge), pacer_(config_.rate) {}

Accepted<void> Input::handle(const SourceId& source, const ArtDmx& packet, Time now) {
  const Heard* known = find(source);
  // A number that falls back after a pause is that of a desk that was started anew.
  const bool is_fresh = known == nullptr || now - known->at > longest_delay;
  if (!is_fresh && !artnet_sequence_in_order(known->sequence, packet.sequence)) {
    return out_of_order(source, known->sequence, packet.sequence);
  }
  if (auto taken = merger_.update(source, Update::row(packet.frame.used()), now); !taken) {
    return taken;
  }
  accept(source, packet.sequence, {}, now);
  refresh(now);
  return {};
}

Accepted<void> Input::handle(const SacnData& packet, Time now) {
  const SourceId source = source_of(packet.cid);
  if (packet.preview) {
    return refuse(RefusalKind::foreign,
                  "source " + in_quotes(packet.source_name) + " sends a preview, not for lights");
  }
  const Heard* known = find(source);
  if (known != nullptr && !sacn_sequence_in_order(known->sequence, packet.sequence)) {
    return out_of_order(source, known->sequence, packet.sequence);
  }
  if (packet.terminated) {
    forget(source);
    merger_.leave(source);
  } else {
    const Update update = Update::row(packet.frame.used());
    if (auto taken = merger_.update(source, update, now, packet.priority); !taken) return taken;
    accept(source, packet.sequence, packet.source_name, now);
  }
  refresh(now);
  return {};
}

Deadline Input::next_timeout() const {
  return earlier(merger_.next_timeout(), due_);
}

void Input::handle_timeout(Time now) {
  const auto silent = merger_.handle_timeout(now);
  for (const SourceId& source : silent)
    forget(source);
  if (!silent.empty()) refresh(now);
  if (!due_ || now < *due_) return;
  due_ = std::nullopt;
  Update update;
  update.universe = config_.universe;
  const Slots& slots = merger_.slots();
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (told_[slot] == slots[slot]) continue;
    told_[slot] = update.values[slot] = slots[slot];
    update.given.set(slot);
  }
  // A level that changed and changed back is no news.
  if (update.given.none()) return;
  pacer_.sent(now);
  sink_.changed(update);
}

std::optional<Update> Input::snapshot() const {
  Update update;
  update.universe = config_.universe;
  update.values = told_;
  for (std::size_t slot = 0; slot < slot_count; ++slot)
    update.given.set(slot, told_[slot] != 0);
  return update.given.any() ? std::optional(update) : std::nullopt;
}

std::string Input::name_of(const SourceId& source) const {
  for (const Heard& heard : heard_) {
    if (heard.id == source) return heard.name;
  }
  return {};
}

SourceId Input::source_of(const Cid& cid) {
  return SourceId(to_hex(cid));
}

Input::Heard* Input::find(const SourceId& source) {
  const auto found = std::find_if(heard_.begin(), heard_.end(),
                                  [&](const Heard& heard) { return heard.id == source; });
  return found == heard_.end() ? nullptr : &*found;
}

void Input::accept(const SourceId& source, std::uint8_t sequence, std::string name, Time now) {
  Heard* heard = find(source);
  if (heard == nullptr) heard = &heard_.emplace_back(Heard{source, {}, 0, now});
  heard->at = now;
  heard->sequence = sequence;
  heard->name = std::move(name);
}

void Input::forget(const SourceId& source) {
  std::erase_if(heard_, [&](const Heard& heard) { return heard.id == source; });
}

void Input::refresh(Time now) {
  if (due_) return;
  if (merger_.slots() != told_) due_ = pacer_.ready(now);
}

}  // namespace roomwire::dmx
