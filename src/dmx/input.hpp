// One universe on its way from desks into a room: which packets count, and when changes are told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "dmx/artnet.hpp"
#include "dmx/merge.hpp"
#include "dmx/pacer.hpp"
#include "dmx/sacn.hpp"

namespace roomwire::dmx {

struct InputConfig {
  /// Goes into the updates; without it a message does not name its universe, which is enough when
  /// a channel of the room carries one alone.
  std::optional<RoomUniverse> universe;
  /// With artnet_source_timeout or sacn_source_timeout.
  MergeConfig merge;
  /// Updates a second at most, 1 to 44.
  unsigned rate = max_frame_rate;
};

class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  /// What changed since the last call; before the first, all levels count as 0. So a desk that
  /// begins takes nothing from others but what it has up. The input must not be called from here.
  virtual void changed(const Update& update) = 0;
};

/// When the last desk is gone, its levels stay: the room is told of changes alone. That frames wait
/// for sACN's sync packets or ArtSync is not carried into a room, which has no such thing.
class Input {
 public:
  /// `sink` must outlive this.
  Input(InputConfig config, ChangeSink& sink);

  /// A packet for this universe. Refused are, as sequence, what is late (but not of an
  /// Art-Net desk that paused for half a second: it was started anew), as foreign, a preview, and
  /// as source, who has no say. An Art-Net source is known by its address.
  Accepted<void> handle(const SourceId& source, const ArtDmx& packet, Time now);
  /// An sACN source is known by its CID. One that ends the universe is released at once.
  Accepted<void> handle(const SacnData& packet, Time now);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

  /// What is not at 0, for somebody who joins late; nothing when nothing is.
  std::optional<Update> snapshot() const;
  const Merger& merger() const { return merger_; }
  /// The sACN source name, or empty.
  std::string name_of(const SourceId& source) const;

  static SourceId source_of(const Cid& cid);

 private:
  struct Heard {
    SourceId id;
    std::string name;
    std::uint8_t sequence = 0;
    Time at;
  };

  Heard* find(const SourceId& source);
  void accept(const SourceId& source, std::uint8_t sequence, std::string name, Time now);
  void forget(const SourceId& source);
  /// After the merged levels may have changed.
  void refresh(Time now);

  InputConfig config_;
  ChangeSink& sink_;
  Merger merger_;
  Pacer pacer_;
  /// No more than the merger has sources.
  std::vector<Heard> heard_;
  Slots told_{};  ///< What the room knows.
  Deadline due_;
};

}  // namespace roomwire::dmx
