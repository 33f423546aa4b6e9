// Several sources drive one universe: who sets which channel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/ids.hpp>
#include <vector>

#include "base/time.hpp"
#include "dmx/message.hpp"
#include "dmx/refusal.hpp"
#include "dmx/universe.hpp"

namespace roomwire::dmx {

/// Whom levels come from: the id of a peer, or what stands for a desk. One line.
using SourceId = StrongString<struct DmxSourceIdTag>;

enum class MergeMode {
  /// Latest takes precedence, channel by channel. A source takes a channel when it names it (a
  /// button pressed again) or, of a row or a desk's frame, when its value in there changes or
  /// nobody else holds it: two desks that both send everything 44 times a second do not fight over
  /// what neither touches.
  latest,
  /// Highest takes precedence.
  highest,
};

/// How long a source counts that says nothing more.
constexpr Duration artnet_source_timeout = 10s;   // Art-Net 4, "Data Merging"
constexpr Duration sacn_source_timeout = 2500ms;  // E131_NETWORK_DATA_LOSS_TIMEOUT
/// How often a source speaks at least.
constexpr Duration artnet_keep_alive = 4s;  // Art-Net 3; later revisions want a second
constexpr Duration sacn_keep_alive = 1s;    // E131_KEEP_ALIVE_INTERVAL_MAX

struct MergeConfig {
  MergeMode mode = MergeMode::latest;
  /// Nobody else has a say.
  std::optional<SourceId> owner;
  /// Nothing for peers of a room: a patch sends when something moves and may be still for an hour,
  /// and the room itself says when one is gone.
  std::optional<Duration> timeout;
  /// Sources whose last words are no further apart may have vanished together, as behind one cable:
  /// they are released together, when the last of them times out, lest levels of one that is gone
  /// as well are shown in between.
  Duration keep_alive{};
  /// For sources that say a thing once, as patches do, and mean what they say: with `latest`, the
  /// first row of one takes channels with its zeros too, and what one set stays as it is when it
  /// leaves, until another sets it anew. Among desks, which say everything again and again, a first
  /// row takes from others only what it has up, and the latest of those who stay counts.
  bool holds_levels = false;
};

/// A channel that was set and is released by its last source keeps its value until another source
/// sets it, or clear().
class Merger {
 public:
  /// One more is refused until another is gone. Each takes 5 KB.
  static constexpr std::size_t max_sources = 32;

  struct SourceView {
    SourceId id;
    std::uint8_t priority = 0;
    Time heard;
    SlotSet drives;  ///< The channels that have their value from it.
  };

  explicit Merger(MergeConfig config) : config_(std::move(config)) {}

  /// Of each channel only the sources of the highest priority count; the others are remembered. The
  /// priority is the source's as a whole, of this and all its earlier updates. Refused is, as
  /// source, who is not the owner or one too many.
  Accepted<void> update(const SourceId& source, const Update& update, Time now,
                        std::uint8_t priority = 100);
  /// A priority of each channel, in place of the source's as a whole; with 0 the source has no say
  /// there. Nothing: that of the whole again. Of a source that is there.
  void set_priorities(const SourceId& source, const std::optional<Slots>& priorities);
  /// The source was restarted: what it sends next is a first row.
  void begin_anew(const SourceId& source);
  /// Releases the source; false when it had no say.
  bool leave(const SourceId& source);
  /// Releases those that fell silent, and names them.
  std::vector<SourceId> handle_timeout(Time now);
  Deadline next_timeout() const;
  /// Sets to 0 what nobody drives.
  void clear_released();

  const Slots& slots() const { return slots_; }
  /// What a source has set that is still there.
  const SlotSet& driven() const { return driven_; }
  bool has_sources() const { return !sources_.empty(); }
  /// In the order in which they came.
  std::vector<SourceView> sources() const;

 private:
  struct Source {
    SourceId id;
    std::uint8_t priority = 0;
    Time heard;
    Slots values{};
    SlotSet given;
    /// When the source took each channel, in updates of this merger.
    std::array<std::uint64_t, slot_count> taken{};
    std::optional<Slots> priorities;

    /// Nothing: it has no say.
    std::optional<std::uint8_t> priority_of(std::size_t slot) const {
      if (!given[slot] || (priorities && (*priorities)[slot] == 0)) return std::nullopt;
      return priorities ? (*priorities)[slot] : priority;
    }
  };

  Source* find(const SourceId& source);
  void hold_levels_of(const SourceId& source);
  bool wins(const Source& source, const Source& over, std::size_t slot) const;
  Time end_of(const Source& source) const;
  const Source* driver(std::size_t slot) const;
  /// After priorities or sources changed.
  void merge_all();
  void merge(std::size_t slot);

  MergeConfig config_;
  std::vector<Source> sources_;
  std::uint64_t updates_ = 0;
  Slots slots_{};
  SlotSet driven_;
};

}  // namespace roomwire::dmx
