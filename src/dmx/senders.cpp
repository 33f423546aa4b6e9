#include "dmx/senders.hpp"

#include <algorithm>

namespace roomwire::dmx {

std::string Identity::text() const {
  const std::string place = from.to_string();
  return name.empty() ? place : in_quotes(name) + " at " + place;
}

Sender* Senders::find_or_add(const Identity& identity) {
  Sender* sender = known(identity);
  if (sender == nullptr) sender = with_many_sockets(identity);
  if (sender == nullptr) {
    if (senders_.size() == max) return nullptr;
    sender = &senders_.emplace_back(SourceId(std::to_string(++count_)), identity, order_);
  }
  ++sender->packets;
  return sender;
}

const Sender* Senders::find(const SourceId& id) const {
  const auto found = std::find_if(senders_.begin(), senders_.end(),
                                  [&](const Sender& each) { return each.id == id; });
  return found == senders_.end() ? nullptr : &*found;
}

void Senders::forget(const SourceId& id) {
  std::erase_if(senders_, [&](const Sender& each) { return each.id == id; });
}

Sender* Senders::twin_of(const Sender& sender) {
  for (Sender& each : senders_) {
    const bool has_spoken_since = each.heard > sender.heard && sender.packets > 1;
    if (&each == &sender || each.identity.cid != sender.identity.cid || !has_spoken_since) continue;
    const auto apart = static_cast<std::int8_t>(
        static_cast<std::uint8_t>(each.levels.last() - sender.levels.last()));
    const bool same_program = each.identity.name == sender.identity.name &&
                              each.identity.from.address != sender.identity.from.address &&
                              apart >= -2 && apart <= 2;
    if (!same_program) return &each;
  }
  return nullptr;
}

Sender* Senders::known(const Identity& identity) {
  const auto found = std::find_if(senders_.begin(), senders_.end(),
                                  [&](const Sender& each) { return each.identity == identity; });
  return found == senders_.end() ? nullptr : &*found;
}

Sender* Senders::with_many_sockets(const Identity& identity) {
  Sender* newest = nullptr;
  std::size_t spoke_once = 0;
  for (Sender& each : senders_) {
    if (!each.identity.is_like(identity)) continue;
    // A port that speaks again is a program of its own.
    if (each.port_before == identity.from.port) return nullptr;
    if (each.port_before) {
      newest = &each;
      spoke_once = max_who_spoke_once;
      break;
    }
    if (each.packets > 1) continue;
    ++spoke_once;
    newest = &each;
  }
  if (spoke_once < max_who_spoke_once) return nullptr;
  newest->port_before = newest->identity.from.port;
  newest->identity.from.port = identity.from.port;
  newest->packets = 0;
  newest->levels = newest->priorities = Sequence(order_);
  return newest;
}

}  // namespace roomwire::dmx
