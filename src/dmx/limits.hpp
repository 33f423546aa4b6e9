// What the operator allows a universe to show.
#pragma once

#include <optional>
#include <string_view>

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

/// "0-99,200" as slots.
Result<SlotSet> parse_channels(std::string_view text, ChannelBase base);

}  // namespace roomwire::dmx
