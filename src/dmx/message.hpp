// Levels as messages in a room, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <span>
#include <string>
#include <vector>

#include "dmx/refusal.hpp"
#include "dmx/universe.hpp"

namespace roomwire::dmx {

/// The number of a universe's first channel where messages name channels. Rows of values have no
/// numbers, so they do not care.
enum class ChannelBase : std::uint8_t { zero = 0, one = 1 };

/// New levels for one universe.
struct Update {
  /// Nothing: every universe that the operator sends.
  std::optional<RoomUniverse> universe;
  Slots values{};
  /// Which of the values count; the others stay as they were.
  SlotSet given;
  /// Those that were given by their number, not as part of a row: merge.hpp tells the two apart.
  SlotSet named;

  static Update blackout();
  /// Of at most 512 values.
  static Update row(ByteView values);
  bool operator==(const Update&) const = default;
};

/// A longer text is refused unread.
constexpr std::size_t max_message_size = std::size_t{1} << 20;
/// Of one message.
constexpr std::size_t max_message_universes = 256;

/// The value that is full where nothing else is said.
constexpr std::uint16_t full_level = 255;

struct FromRoom {
  /// One for each universe that has a good part, in the order in which they are named first. Of two
  /// values for one channel the later counts.
  std::vector<Update> updates;
  Refusals refused;
  /// Values beyond the ends, which are taken as the ends.
  Refusals clamped;
  /// All values are from 0 to 1, and not all of them 0 or 1: where 255 is full, somebody may have
  /// meant 1 to be.
  bool looks_like_fractions = false;
};

/// Reads levels out of a message:
/// - [{"channel":0,"value":255},…]: what the page on P2P messaging documents. One such object alone
///   is taken as well.
/// - [255,0,128,…]: the first channels, in order, at most 512. Bytes mean the same.
/// - {"type":"blackout"}: all 512 are 0.
/// - {"universe":U,"channels":C}: for one universe alone. U is a number from 0 to 63,999 or a
///   string, where "0.0.5" is Art-Net's Net.Sub-Net.Universe. C is either of the arrays above, or
///   {"0":255,"7":128}. {"universe":U,"type":"blackout"} and {"universe":U,"channel":…,"value":…}
///   work too.
/// - An array of all these objects, in any mixture.
/// A value is a number from 0 to `full`; what is between two levels is rounded, and what is beyond
/// an end is taken as that end, since a fader that was cut off there would leave its lamp where it
/// was. Bytes are levels from 0 to 255 always. Text is taken when it is one of these in JSON. What
/// is bad is refused, with its place, and the rest counts.
/// Channel 512 where they count from 0, and 0 where they count from 1, is refused as channel_base:
/// the reason names the remedy.
FromRoom read_levels(const Payload& message, ChannelBase base, std::uint16_t full = full_level);

/// The other way round: [{"channel","value"},…] for an update without a universe, alone, and else
/// [{"universe":U,"channels":[{"channel","value"},…]},…]. read_levels() gives the same updates,
/// but that everything is named.
std::string write_levels(std::span<const Update> updates, ChannelBase base,
                         std::uint16_t full = full_level);

}  // namespace roomwire::dmx
