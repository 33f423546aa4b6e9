// The DMX bridge put together: channels of one room on one side, Art-Net and sACN on the other.
#pragma once

#include <cstdint>
#include <dmx/input.hpp>
#include <dmx/output.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <roomwire/roomwire.hpp>
#include <string>
#include <vector>

#include "bridges/bridge.hpp"
#include "bridges/dmx/dmx_url.hpp"

namespace roomwire::bridges {

struct DmxBridgeOptions {
  std::vector<std::string> channels;  ///< At least one; what desks send goes to the first.
  std::vector<DmxUrl> to;
  std::vector<DmxUrl> listen;
  dmx::ChannelBase base = dmx::ChannelBase::zero;
  std::uint16_t full = dmx::full_level;  ///< The value that is full in messages, at least 1.
  dmx::MergeMode merge = dmx::MergeMode::latest;  ///< Of peers, and of desks.
  std::vector<std::string> from;                  ///< Beginnings of peer ids; empty: everybody.
  dmx::OnLeave on_leave;
  dmx::UniverseLimits limits;
  unsigned rate = dmx::max_frame_rate;  ///< Both ways, 1 to 44.
  std::uint8_t priority = dmx::sacn_default_priority;
  std::string source_name = "roomwire";
  bool artsync = false;                            ///< Of --to's Art-Net universes.
  std::optional<dmx::SacnUniverse> sync_universe;  ///< Of --to's sACN universes.
  bool dry_run = false;                            ///< Nothing is sent, to either side.
};

/// Called on the loop's thread; must not destroy the DmxBridge.
class DmxBridgeObserver {
 public:
  virtual ~DmxBridgeObserver() = default;
  /// An end came up, or went: one line for a person.
  virtual void on_end_change(bool up, const std::string& line) = 0;
  /// What was dropped, and what else is not as it should be: each distinct thing, at a bounded
  /// rate.
  virtual void on_dropped(const std::string& line) = 0;
  /// A frame left for the lights, or a message for the room: the levels that differ from the last.
  virtual void on_levels(bool to_lights, const std::string& universe,
                         const dmx::Update& changes) = 0;
};

struct DmxBridgeStats {
  std::uint64_t frames = 0;   ///< To the lights, repeated ones too.
  std::uint64_t updates = 0;  ///< To the room.
  std::size_t sources = 0;    ///< Peers that set something now, universe by universe.
  std::uint64_t clamped = 0;  ///< Values beyond the ends of the scale.
  std::map<std::string, std::uint64_t> dropped;  ///< By kind.
};

/// A universe as it is now, for who looks on.
struct DmxUniverseView {
  std::string name;  ///< `Art-Net 0.0.1`
  bool to_lights = false;
  std::uint64_t packets = 0;  ///< Sent, or taken from desks.
  dmx::Slots levels{};
  struct Source {
    std::string name;     ///< A peer's id, a desk's name or address.
    dmx::SlotSet drives;  ///< The channels that have their level from it.
  };
  std::vector<Source> sources;
};

/// Art-Net leaves from port 6454, and what comes there is heard, when that port can be had and a
/// destination is on another machine. So desks that poll see what is sent as well.
///
/// A message that names no universe is for all that `to` has; one that does is for those with its
/// number.
class DmxBridge final : public Bridge {
 public:
  /// Listens when it returns. Fails as Room::action does, and when a port is taken; nothing of it
  /// is left in the room then. The observer outlives it.
  static Result<std::unique_ptr<DmxBridge>> create(Context& context, Room& room,
                                                   DmxBridgeOptions options,
                                                   DmxBridgeObserver& observer);
  /// What lights show stays. finish() carries out on_leave and terminates sACN's universes; from
  /// then on messages no longer count.
  ~DmxBridge() override;

  /// Who leaves lets go of the levels it set, and who comes is told what desks send.
  void peer_joined(const PeerId& peer) override;
  void peer_left(const PeerId& peer) override;
  /// `0.0.0.0:6454 for Art-Net 0.0.1`.
  std::vector<std::string> listening() const override;
  DmxBridgeStats stats() const;
  std::vector<DmxUniverseView> universes() const;

 private:
  class Impl;
  DmxBridge(Context& context, std::unique_ptr<Impl> impl);
  void begin_finish() override;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::bridges
