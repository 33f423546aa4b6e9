// What the operator allows a universe to show.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmx/message.hpp"
#include "dmx/universe.hpp"

namespace roomwire::dmx {

/// Levels are scaled by the grand master first and cut to their channel's maximum then. A channel
/// that is not allowed shows 0.
class Limits {
 public:
  /// `base` is how channels are counted in what is parsed and in reasons.
  explicit Limits(ChannelBase base = ChannelBase::zero) : base_(base) { maximum_.fill(255); }

  /// Channels and ranges: "0-99,200". Replaces what was allowed.
  Result<void> allow(std::string_view channels);
  /// Channels and their maximum, 0 to 255: "0-99,200=128".
  Result<void> cap(std::string_view rule);
  /// Percent, 0 to 100: "75" or "75%".
  Result<void> set_grand_master(std::string_view percent);

  const SlotSet& allowed() const { return allowed_; }
  /// Why an update was cut; nothing when all of it is allowed. A row has a value for every channel,
  /// and the zeros in it ask for nothing.
  std::optional<Refusal> refused_part(const Update& update) const;
  Slots applied(const Slots& levels) const;

 private:
  ChannelBase base_;
  SlotSet allowed_ = SlotSet().set();
  Slots maximum_{};
  unsigned grand_master_ = 100;
};

/// Limits for all universes, and others for some. A rule is what Limits takes, with a universe and
/// a colon before it when it is for that one alone: "1:0-99", "0.0.1:0-9=128".
class UniverseLimits {
 public:
  explicit UniverseLimits(ChannelBase base = ChannelBase::zero) : base_(base) {}

  /// What is allowed adds up. A universe with rules of its own obeys those alone.
  Result<void> allow(std::string_view rule);
  /// A universe's own come after those for all.
  Result<void> cap(std::string_view rule);
  /// For all.
  Result<void> set_grand_master(std::string_view percent);

  Limits of(RoomUniverse universe) const;
  /// Those that have rules of their own, as often as they have them.
  std::vector<RoomUniverse> named() const;

 private:
  struct Rule {
    std::optional<RoomUniverse> universe;
    std::string text;
  };
  Result<Rule> read(std::string_view rule) const;

  ChannelBase base_;
  std::vector<Rule> allows_;
  std::vector<Rule> caps_;
  std::string grand_master_ = "100";
};

/// "0-99,200" as slots.
Result<SlotSet> parse_channels(std::string_view text, ChannelBase base);

}  // namespace roomwire::dmx
