// One peer of the network: its relays, its connections and its rooms, put together. Still no I/O:
// datagrams, relay messages and time go in; the ports and the events are what comes out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "mesh/events.hpp"
#include "roomwire/options.hpp"
#include "rtc/peer_connection.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::mesh {

class App;

/// What a mesh asks of the edge.
class MeshPorts : public rtc::DatagramPort {
 public:
  /// The relay sockets of one app; called once for each, lives as long as the mesh.
  virtual signal::RelaySocketPort& relay_sockets(const AppId& app) = 0;
  /// Looks a `….local` name up; later, never from within this call, Mesh::mdns_resolved.
  virtual void resolve_mdns(const std::string& name) = 0;
};

struct MeshOptions {
  PeerId self;
  std::vector<RelayUrl> relays;  ///< Empty: the defaults of each app.
  std::string relay_set;
  std::size_t max_message_bytes = 64U << 20;
  std::vector<RelayUrl> further_relays{};  ///< Beside those.
};

/// Every function takes the time of the loop, which never goes back. None may be called from
/// within a port.
class Mesh {
 public:
  Mesh(MeshOptions options, rtc::Stack& stack, MeshPorts& ports, WallClock& date, Entropy& entropy);
  ~Mesh();

  void set_local_endpoints(Time now, std::vector<Endpoint> endpoints);
  void add_stun_server(Time now, const Endpoint& server);
  /// `more` as in rtc::Transport.
  void handle_datagram(Time now, const Endpoint& local, const Endpoint& remote, ByteView datagram,
                       bool more);
  void mdns_resolved(Time now, const std::string& name, const std::vector<IpAddress>& addresses);

  void relay_opened(Time now, const AppId& id, signal::RelayId relay);
  void relay_message(Time now, const AppId& id, signal::RelayId relay, std::string_view text);
  void relay_closed(Time now, const AppId& id, signal::RelayId relay, const std::string& reason,
                    bool reached = false);

  /// Fails as Context::join does.
  Result<void> join(Time now, const RoomOptions& options);
  /// RoomLeft follows, once what is queued has been sent or `drain` has passed.
  void leave(Time now, const AppId& id, const RoomId& room, Duration drain);
  /// The rooms of an app that was joined. After calling a function of it, call settle().
  room::Hub& hub(const AppId& id);
  std::optional<Path> path(const AppId& id, const PeerId& peer) const;
  std::string_view software(const AppId& id, const PeerId& peer) const;
  std::vector<UnmetPeer> unmet_peers(Time now, const AppId& id, const RoomId& room) const;
  void set_receiving(Time now, bool on);

  Deadline next_timeout() const;
  void handle_timeout(Time now);
  /// Finishes what was begun within callbacks; every function above that takes the time does.
  void settle(Time now);

  struct AppEvents {
    AppId app;
    std::vector<Event> events;
  };
  /// What happened since the last call. The caller empties this after each of its own calls.
  std::vector<AppEvents> take_events();
  bool has_events() const;
  Stats stats() const;

 private:
  App& app(const AppId& id);

  MeshOptions options_;
  rtc::Stack& stack_;
  MeshPorts& ports_;
  WallClock& date_;
  Entropy& entropy_;
  std::unique_ptr<rtc::Transport> transport_;
  std::map<AppId, std::unique_ptr<App>> apps_;
  bool receiving_ = true;
};

}  // namespace roomwire::mesh
