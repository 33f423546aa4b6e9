// Who is there: Art-Net nodes that answer a poll, and sACN sources that say what they send.
#pragma once

#include <dmx/node.hpp>
#include <dmx/sacn.hpp>
#include <map>
#include <net/loop.hpp>
#include <roomwire/error.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gear/ends.hpp"

namespace roomwire::gear {

/// Called on the loop's thread; must not destroy the DmxDiscovery.
class DmxDiscoveryObserver {
 public:
  virtual ~DmxDiscoveryObserver() = default;
  /// A node's answer that is new, or another than its last: up to four of its ports each way.
  virtual void on_node(const dmx::ArtPollReply& reply) = 0;
  /// A page of a source's universes that is new, or another than it was.
  virtual void on_source(const std::string& address, const dmx::SacnDiscovery& page) = 0;
};

/// Polls all networks of the machine, and the machine itself, every 2.75 s. Sources of sACN say
/// what they send every ten seconds, to whom it may concern.
class DmxDiscovery final : EndsObserver {
 public:
  /// Further sources are left out.
  static constexpr std::size_t max_sources = 1'024;

  /// `loop` and `observer` outlive this.
  DmxDiscovery(net::Loop& loop, DmxDiscoveryObserver& observer);

  /// What could not be had, in lines for a person; empty when all could.
  std::vector<std::string> start();
  /// The networks that are polled: `10.0.0.255`.
  const std::vector<IpAddress>& networks() const { return networks_; }

 private:
  void poll();
  void on_packet(const Source& source, ByteView packet) override;
  void on_destination_change(DestinationId /*id*/, bool /*up*/,
                             const std::string& /*line*/) override {}
  void on_malformed(const Source& /*source*/, const std::string& /*reason*/) override {}
  void on_room() override {}

  net::Loop& loop_;
  DmxDiscoveryObserver& observer_;
  dmx::NodeTable nodes_;
  std::map<std::pair<dmx::Cid, std::uint8_t>, dmx::SacnDiscovery> sources_;
  std::vector<IpAddress> networks_;
  ListenerId artnet_{};
  net::Timer timer_;
  Ends ends_;
};

}  // namespace roomwire::gear
