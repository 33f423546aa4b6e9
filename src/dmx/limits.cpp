#include "dmx/limits.hpp"

#include <algorithm>

#include "base/number.hpp"

namespace roomwire::dmx {
namespace {

/// A slot from a channel's number.
std::optional<std::size_t> slot_from(std::string_view text, ChannelBase base) {
  const auto channel = parse_number<std::uint32_t>(text);
  const auto first = static_cast<std::uint32_t>(base);
  if (!channel || *channel < first || *channel - first >= slot_count) return std::nullopt;
  return *channel - first;
}

}  // namespace

Result<SlotSet> parse_channels(std::string_view text, ChannelBase base) {
  SlotSet slots;
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const std::size_t dash = part.find('-');
    const auto first = slot_from(part.substr(0, dash), base);
    const auto last =
        dash == std::string_view::npos ? first : slot_from(part.substr(dash + 1), base);
    if (!first || !last || *last < *first) {
      const auto lowest = static_cast<std::size_t>(base);
      return failure(ErrorKind::invalid_input,
                     in_quotes(part) + " is neither a channel nor a range of them: write such as " +
                         "10-99,200, each from " + std::to_string(lowest) + " to " +
                         std::to_string(lowest + slot_count - 1));
    }
    for (std::size_t slot = *first; slot <= *last; ++slot)
      slots.set(slot);
    if (comma == std::string_view::npos) return slots;
    rest.remove_prefix(comma + 1);
  }
}

Result<void> Limits::allow(std::string_view channels) {
  const auto slots = parse_channels(channels, base_);
  if (!slots) return tl::unexpected<Error>(slots.error());
  allowed_ = *slots;
  return {};
}

Result<void> Limits::cap(std::string_view rule) {
  const std::size_t equals = rule.find('=');
  const auto maximum = equals == std::string_view::npos
                           ? std::nullopt
                           : parse_number<std::uint8_t>(rule.substr(equals + 1));
  if (!maximum) {
    return failure(ErrorKind::invalid_input,
                   in_quotes(rule) +
                       " is not CHANNELS=MAXIMUM, such as 0-99=128, with a maximum "
                       "from 0 to 255");
  }
  const auto slots = parse_channels(rule.substr(0, equals), base_);
  if (!slots) return tl::unexpected<Error>(slots.error());
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if ((*slots)[slot]) maximum_[slot] = *maximum;
  }
  return {};
}

Result<void> Limits::set_grand_master(std::string_view percent) {
  std::string_view digits = percent;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  const auto number = parse_number<unsigned>(digits);
  if (!number || *number > 100) {
    return failure(ErrorKind::invalid_input,
                   in_quotes(percent) + " is no grand master: write 0 to 100 percent");
  }
  grand_master_ = *number;
  return {};
}

std::optional<Refusal> Limits::refused_part(const Update& update) const {
  constexpr std::size_t max_listed = 8;
  std::string list;
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (allowed_[slot] || !update.given[slot] || update.values[slot] == 0) continue;
    if (++count > max_listed) continue;
    list += (count > 1 ? ", " : "") + std::to_string(slot + static_cast<std::size_t>(base_));
  }
  if (count == 0) return std::nullopt;
  if (count > max_listed) list += " and " + std::to_string(count - max_listed) + " more";
  return Refusal{RefusalKind::channel, "not among the allowed channels: " + list};
}

Slots Limits::applied(const Slots& levels) const {
  Slots out{};
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (!allowed_[slot]) continue;
    const auto scaled = static_cast<std::uint8_t>((levels[slot] * grand_master_ + 50) / 100);
    out[slot] = std::min(scaled, maximum_[slot]);
  }
  return out;
}

Result<UniverseLimits::Rule> UniverseLimits::read(std::string_view rule) const {
  const std::size_t colon = rule.find(':');
  if (colon == std::string_view::npos) return Rule{std::nullopt, std::string(rule)};
  const auto universe = RoomUniverse::parse(rule.substr(0, colon));
  if (!universe) return tl::unexpected<Error>(universe.error());
  return Rule{*universe, std::string(rule.substr(colon + 1))};
}

Result<void> UniverseLimits::allow(std::string_view rule) {
  auto read_rule = read(rule);
  if (!read_rule) return tl::unexpected<Error>(read_rule.error());
  if (auto fits = Limits(base_).allow(read_rule->text); !fits) return fits;
  allows_.push_back(*std::move(read_rule));
  return {};
}

Result<void> UniverseLimits::cap(std::string_view rule) {
  auto read_rule = read(rule);
  if (!read_rule) return tl::unexpected<Error>(read_rule.error());
  if (auto fits = Limits(base_).cap(read_rule->text); !fits) return fits;
  caps_.push_back(*std::move(read_rule));
  return {};
}

Result<void> UniverseLimits::set_grand_master(std::string_view percent) {
  if (auto fits = Limits(base_).set_grand_master(percent); !fits) return fits;
  grand_master_ = percent;
  return {};
}

// The rules were read when they came, so none of them fails here.
Limits UniverseLimits::of(RoomUniverse universe) const {
  Limits limits(base_);
  std::string own;
  std::string common;
  for (const Rule& rule : allows_) {
    std::string& list = rule.universe ? own : common;
    if (rule.universe && *rule.universe != universe) continue;
    list += (list.empty() ? "" : ",") + rule.text;
  }
  const std::string& allowed = own.empty() ? common : own;
  if (!allowed.empty()) static_cast<void>(limits.allow(allowed));
  for (const bool is_own : {false, true}) {
    for (const Rule& rule : caps_) {
      if (rule.universe.has_value() != is_own || (is_own && *rule.universe != universe)) continue;
      static_cast<void>(limits.cap(rule.text));
    }
  }
  static_cast<void>(limits.set_grand_master(grand_master_));
  return limits;
}

std::vector<RoomUniverse> UniverseLimits::named() const {
  std::vector<RoomUniverse> universes;
  for (const auto* rules : {&allows_, &caps_}) {
    for (const Rule& rule : *rules) {
      if (rule.universe) universes.push_back(*rule.universe);
    }
  }
  return universes;
}

}  // namespace roomwire::dmx
