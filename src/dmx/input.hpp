// One universe on its way from desks into a room: which packets count, and when changes are told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/address.hpp"
#include "base/time.hpp"
#include "dmx/artnet.hpp"
#include "dmx/merge.hpp"
#include "dmx/pacer.hpp"
#include "dmx/sacn.hpp"
#include "dmx/senders.hpp"

namespace roomwire::dmx {

enum class Protocol { artnet, sacn };

/// Who begins to listen to sACN hears for so long who is there before anything is shown, so that it
/// does not begin with the levels of whom others outrank. As ETC's library has it.
constexpr Duration sacn_sampling_period = 1500ms;

struct InputConfig {
  Protocol protocol = Protocol::artnet;
  /// Goes into the updates; without it a message does not name its universe, which is enough when
  /// a channel of the room carries one alone.
  std::optional<RoomUniverse> universe;
  /// With artnet_source_timeout or sacn_source_timeout.
  MergeConfig merge;
  /// Nothing is told before; see sacn_sampling_period.
  Time quiet_until{};
  /// Updates a second at most, 1 to 44.
  unsigned rate = max_frame_rate;
};

class InputSink {
 public:
  virtual ~InputSink() = default;
  /// What changed since the last call; before the first, all levels count as 0. So a desk that
  /// begins takes nothing from others but what it has up. The input must not be called from here.
  virtual void changed(const Update& update) = 0;
  /// Something that is not as it should be, in one line for a person; the same each time that a
  /// packet shows it.
  virtual void noticed(const std::string& line) = 0;
};

/// When the last desk is gone, its levels stay: the room is told of changes alone. That frames wait
/// for sACN's sync packets or ArtSync is not carried into a room, which has no such thing.
class Input {
 public:
  /// `sink` must outlive this.
  Input(InputConfig config, InputSink& sink);

  /// A packet for this universe, and where it came from. Refused are, as sequence, what is late, as
  /// foreign, a preview, and as source, who has no say. A desk that was started anew begins as one
  /// that comes for the first time; so does one of Art-Net that paused for half a second and whose
  /// numbers fall back.
  Accepted<void> handle(const Endpoint& from, const ArtDmx& packet, Time now);
  /// One that ends the universe is released at once. Priorities of channels count for as long as
  /// they are repeated within 2.5 s, and then that of the source again.
  Accepted<void> handle(const Endpoint& from, const SacnData& packet, Time now);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

  /// What is not at 0, for somebody who joins late; nothing when nothing is.
  std::optional<Update> snapshot() const;
  const Merger& merger() const { return merger_; }
  /// Who a source of the merger is, for people; see Identity::text().
  std::string name_of(const SourceId& source) const;

 private:
  Accepted<void> take(Sender& sender, Order order, std::uint8_t number, const Frame& frame,
                      std::uint8_t priority, Time now);
  void take_priorities(Sender& sender, const SacnData& packet, Time now);
  void look_for_twin(const Sender& sender);
  void release(const Sender& sender);
  /// After the merged levels may have changed.
  void refresh(Time now);

  InputConfig config_;
  InputSink& sink_;
  Merger merger_;
  Pacer pacer_;
  /// As many as the merger has sources.
  Senders senders_;
  Slots told_{};  ///< What the room knows.
  Deadline due_;
};

}  // namespace roomwire::dmx
