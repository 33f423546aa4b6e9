#include "dmx/input.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::dmx {
namespace {

/// No frame is under way for longer.
constexpr Duration longest_delay = 500ms;

tl::unexpected<Refusal> one_too_many(const Identity& who) {
  return refuse(RefusalKind::source,
                who.text() + " is one source more than " + std::to_string(Senders::max));
}

}  // namespace

Input::Input(InputConfig config, InputSink& sink)
    : config_(std::move(config)),
      sink_(sink),
      merger_(config_.merge),
      pacer_(config_.rate),
      senders_(config_.protocol == Protocol::sacn ? sacn_order : artnet_order) {}

Accepted<void> Input::handle(const Endpoint& from, const ArtDmx& packet, Time now) {
  const Identity who{from, {}, {}};
  Sender* sender = senders_.find_or_add(who);
  if (sender == nullptr) return one_too_many(who);
  // A number that falls back after a pause is that of a desk that was started anew.
  const Order order = now - sender->heard > longest_delay
                          ? sender->levels.take_after_pause(packet.sequence)
                          : sender->levels.take(packet.sequence);
  return take(*sender, order, packet.sequence, packet.frame, sacn_default_priority, now);
}

Accepted<void> Input::handle(const Endpoint& from, const SacnData& packet, Time now) {
  const Identity who{from, packet.cid, packet.source_name};
  if (packet.preview)
    return refuse(RefusalKind::foreign, who.text() + " sends a preview, not for lights");
  Sender* sender = senders_.find_or_add(who);
  if (sender == nullptr) return one_too_many(who);
  look_for_twin(*sender);
  const bool has_levels = packet.start_code == levels_start_code;
  const Order order = (has_levels ? sender->levels : sender->priorities).take(packet.sequence);
  if (packet.terminated && order != Order::late) {
    release(*sender);
    refresh(now);
    return {};
  }
  if (!has_levels) {
    if (order != Order::late) take_priorities(*sender, packet, now);
    return {};
  }
  // Not before the source speaks on: one that is gone is gone as a whole.
  if (now - sender->heard_priorities >= sacn_source_timeout)
    merger_.set_priorities(sender->id, std::nullopt);
  return take(*sender, order, packet.sequence, packet.frame, packet.priority, now);
}

Accepted<void> Input::take(Sender& sender, Order order, std::uint8_t number, const Frame& frame,
                           std::uint8_t priority, Time now) {
  if (order == Order::late) {
    return refuse(RefusalKind::sequence, sender.identity.text() + " sent number " +
                                             std::to_string(number) + " after " +
                                             std::to_string(sender.levels.last()) + ": too late");
  }
  if (order == Order::anew) merger_.begin_anew(sender.id);
  sender.heard = now;
  if (auto taken = merger_.update(sender.id, Update::row(frame.used()), now, priority); !taken)
    return taken;
  refresh(now);
  return {};
}

void Input::take_priorities(Sender& sender, const SacnData& packet, Time now) {
  const bool is_first = sender.heard == Time{} && sender.heard_priorities == Time{};
  sender.heard_priorities = now;
  // They may come before the first levels.
  if (is_first && !merger_.update(sender.id, Update{}, now, packet.priority)) return;
  Slots priorities = packet.frame.slots;
  for (std::uint8_t& priority : priorities)
    priority = std::min(priority, sacn_max_priority);
  merger_.set_priorities(sender.id, priorities);
  refresh(now);
}

void Input::look_for_twin(const Sender& sender) {
  const Sender* twin = senders_.twin_of(sender);
  if (twin == nullptr) return;
  std::string one = twin->identity.text();
  std::string other = sender.identity.text();
  if (other < one) std::swap(one, other);
  sink_.noticed("two programs send as one source: " + one + " and " + other +
                " have the same CID. They are told apart here, but not by consoles: give each a "
                "CID of its own");
}

void Input::release(const Sender& sender) {
  const SourceId id = sender.id;
  senders_.forget(id);
  merger_.leave(id);
}

Deadline Input::next_timeout() const {
  return earlier(merger_.next_timeout(), due_);
}

void Input::handle_timeout(Time now) {
  const auto silent = merger_.handle_timeout(now);
  for (const SourceId& source : silent)
    senders_.forget(source);
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
  const Sender* sender = senders_.find(source);
  return sender == nullptr ? source.str() : sender->identity.text();
}

void Input::refresh(Time now) {
  if (due_) return;
  if (merger_.slots() != told_) due_ = std::max(pacer_.ready(now), config_.quiet_until);
}

}  // namespace roomwire::dmx
