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

#include "sockets/socket_set.hpp"

namespace roomwire::bridges {

/// Called on the loop's thread; must not destroy the DmxDiscovery.
class DmxDiscoveryObserver {
 public:
  virtual ~DmxDiscoveryObserver() = default;
  /// A node that is new, or is another than it was: all its ports.
  virtual void on_node(const dmx::Node& node) = 0;
  /// A page of a source's universes that is new, or another than it was.
  virtual void on_source(const std::string& address, const dmx::SacnDiscovery& page) = 0;
  /// At the end: a source that was heard and did not say what it sends.
  virtual void on_quiet_source(const std::string& address, const std::string& name,
                               const std::vector<dmx::SacnUniverse>& universes) = 0;
};

/// Polls all networks of the machine, and the machine itself, every 2.75 s. Sources of sACN say
/// what they send every ten seconds, to whom it may concern; those that do not, as OLA and QLC+,
/// are heard by what they send by multicast.
class DmxDiscovery final : sockets::SocketSetObserver {
 public:
  /// Further sources are left out.
  static constexpr std::size_t max_sources = 1'024;
  /// The first universes, which are listened to. Each takes a socket.
  static constexpr std::uint16_t universes_heard = 64;

  /// `loop` and `observer` outlive this.
  DmxDiscovery(net::Loop& loop, DmxDiscoveryObserver& observer);

  /// What could not be had, in lines for a person; empty when all could.
  std::vector<std::string> start();
  /// Tells what is still to be told. Once, at the end.
  void finish();
  /// The networks that are polled: `10.0.0.255`.
  const std::vector<IpAddress>& networks() const { return networks_; }

 private:
  struct QuietSource {
    std::string address;
    std::string name;
    std::vector<dmx::SacnUniverse> universes;
  };

  void listen_to_sacn(std::vector<std::string>& missing);
  void poll();
  void tell_nodes();
  void note(const sockets::Source& source, const dmx::SacnDiscovery& page);
  void note(const sockets::Source& source, const dmx::SacnData& data);
  void on_packet(const sockets::Source& source, ByteView packet) override;
  void on_destination_change(sockets::DestinationId /*id*/, bool /*up*/,
                             const std::string& /*line*/) override {}
  void on_malformed(const sockets::Source& /*source*/, const std::string& /*reason*/) override {}
  void on_room() override {}

  net::Loop& loop_;
  DmxDiscoveryObserver& observer_;
  dmx::NodeTable nodes_;
  std::map<std::pair<dmx::Cid, std::uint8_t>, dmx::SacnDiscovery> sources_;
  /// By where they send from and as whom.
  std::map<std::pair<Endpoint, dmx::Cid>, QuietSource> quiet_;
  /// An answer of each that is to be told of, once all of its answers are here.
  std::vector<dmx::ArtPollReply> new_nodes_;
  std::vector<IpAddress> networks_;
  sockets::ListenerId artnet_{};
  net::Timer timer_;
  net::Timer tell_timer_;
  sockets::SocketSet sockets_;
};

}  // namespace roomwire::bridges
