// The sending half of the DMX bridge: the universes of --to, and what goes with their frames.
#pragma once

#include <cstdint>
#include <dmx/output.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridges/dmx/dmx_url.hpp"
#include "sockets/socket_set.hpp"

namespace roomwire::bridges {

struct DmxSenderOptions {
  dmx::MergeMode merge = dmx::MergeMode::latest;
  dmx::OnLeave on_leave;
  dmx::UniverseLimits limits;
  unsigned rate = dmx::max_frame_rate;
  std::uint8_t priority = dmx::sacn_default_priority;
  std::string source_name = "roomwire";
  dmx::Cid cid{};
  bool artsync = false;  ///< Art-Net frames are shown together.
  /// sACN frames are shown together, when this universe's sync packets say so.
  std::optional<dmx::SacnUniverse> sync_universe;
  /// Art-Net leaves from its own port where it can; see SocketUrl::source_port.
  bool artnet_port_is_ours = false;
  bool dry_run = false;
};

/// Says what it sends by sACN to consoles that look for sources (E1.31 section 4.3): when a
/// universe is new, and every ten seconds. That goes by multicast, so universes that go by unicast
/// alone are not told of.
class DmxSender {
 public:
  using Refused = std::function<void(const dmx::Refusal&)>;
  /// The levels of a universe that differ from the last that were shown.
  using Shown = std::function<void(const DmxUrl& universe, const dmx::Update& changes)>;

  /// `ends` outlives this.
  DmxSender(sockets::SocketSet& ends, DmxSenderOptions options);
  ~DmxSender();
  DmxSender(const DmxSender&) = delete;
  DmxSender& operator=(const DmxSender&) = delete;

  void add(const DmxUrl& url);
  bool empty() const { return lights_.empty(); }
  std::vector<dmx::PortAddress> port_addresses() const;

  /// False when no universe here is meant.
  bool update(const dmx::SourceId& source, const dmx::Update& update, Time now,
              const Refused& refused);
  void leave(const dmx::SourceId& source, Time now);
  /// See dmx::Output::finish().
  void finish(Time now);
  bool finished() const;

  Deadline next_timeout() const;
  void handle_timeout(Time now, const Shown& shown);

  std::uint64_t packets_sent() const;
  /// Of all destinations.
  std::vector<sockets::DestinationId> destinations() const;

  /// For each universe in turn.
  void for_each(const std::function<void(const DmxUrl&, const dmx::Output&)>& look) const;

 private:
  struct Lights;

  dmx::OutputConfig output_config(const DmxUrl& url) const;
  sockets::DestinationId destination(sockets::SocketUrl url);
  sockets::SocketUrl group(std::uint16_t universe, const sockets::SocketUrl& like) const;
  void add_companions(const DmxUrl& url, sockets::DestinationId id);
  void send(sockets::DestinationId id, ByteView packet);
  void find_artsync_ways(Time now);
  void send_syncs(bool artnet, bool sacn, Time now);
  void announce(Time now);

  sockets::SocketSet& sockets_;
  const DmxSenderOptions options_;
  std::vector<std::pair<sockets::SocketUrl, sockets::DestinationId>> destinations_;
  std::vector<sockets::DestinationId> artnet_to_;
  std::vector<sockets::DestinationId> artsync_to_;
  Time artsync_known_until_{};
  std::vector<sockets::DestinationId> sacn_sync_to_;
  std::vector<sockets::DestinationId> announce_to_;
  std::vector<std::unique_ptr<Lights>> lights_;
  std::uint8_t sync_sequence_ = 0;
  std::vector<dmx::SacnUniverse> announced_;
  Deadline announce_due_;
  Bytes packet_;
};

}  // namespace roomwire::bridges
