// The OSC bridge put together: channels of one room on one side, OSC sockets on the other.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <roomwire/roomwire.hpp>
#include <string>
#include <vector>

#include "bridges/bridge.hpp"
#include "bridges/osc/periodic_messages.hpp"
#include "osc/bridge_core.hpp"
#include "sockets/socket_url.hpp"

namespace roomwire::bridges {

/// Which channel an end belongs to. Empty: as a destination every channel, as a listener the
/// first.
struct OscRoute {
  std::string channel;
  sockets::SocketUrl url;
  bool operator==(const OscRoute&) const = default;
};

struct OscBridgeOptions {
  std::vector<std::string> channels;  ///< At least one; those that routes name are added.
  std::vector<OscRoute> to;
  std::vector<OscRoute> listen;
  osc::BridgeOptions bridge;
  std::vector<PeriodicMessage> every;  ///< To every destination.
  bool strict_source = false;          ///< As of sockets::SocketSetOptions.
  bool zeroconf = false;               ///< Listeners are announced by multicast DNS.
  bool reuse = false;                  ///< UDP ports are shared, see sockets::PortUse.
  bool reply = false;                  ///< Also to whoever sent OSC to a listener last.
  bool ack = false;      ///< Tells the sender of a message, and nobody else, that it was sent.
  bool dry_run = false;  ///< Nothing is sent, to either side.
};

/// Called on the loop's thread; must not destroy the OscBridge.
class OscBridgeObserver {
 public:
  virtual ~OscBridgeObserver() = default;
  /// An end came up, or went: one line for a person.
  virtual void on_end_change(bool up, const std::string& line) = 0;
  /// What was dropped: each distinct thing, at a bounded rate.
  virtual void on_dropped(const std::string& line) = 0;
  /// What may not be meant so, again while it goes on.
  virtual void on_hint(const std::string& line) = 0;
  virtual void on_sloppy(const std::string& line) = 0;
  virtual void on_passed(bool to_osc, const std::string& channel, const osc::Message& message) = 0;
};

struct OscBridgeStats {
  osc::BridgeStats bridge;
  std::map<std::string, std::uint64_t> dropped;  ///< By kind.
};

class OscBridge final : public Bridge {
 public:
  /// Listens when it returns; destinations may come later. Fails as Room::action does, and when
  /// a port is taken; nothing of it is left in the room then. The observer outlives it.
  static Result<std::unique_ptr<OscBridge>> create(Context& context, Room& room,
                                                   OscBridgeOptions options,
                                                   OscBridgeObserver& observer);
  ~OscBridge() override;

  /// Bridges of one room tell each other where they send from.
  void peer_joined(const PeerId& peer) override;
  void peer_left(const PeerId& peer) override;
  /// `osc.udp://0.0.0.0:9000/ for channel osc`.
  std::vector<std::string> listening() const override;
  OscBridgeStats stats() const;

 private:
  class Impl;
  OscBridge(Context& context, std::unique_ptr<Impl> impl);
  void begin_finish() override;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::bridges
