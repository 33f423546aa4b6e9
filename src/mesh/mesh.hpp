// One peer of the network: its relays, its connections and its rooms, put together. Still no I/O:
// datagrams, relay messages and time go in; datagrams, requests and events come out.
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
#include "mesh/options.hpp"
#include "room/hub.hpp"
#include "roomwire/options.hpp"
#include "rtc/peer_connection.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::mesh {

class App;

/// Every function takes the time of the loop, which never goes back. They are inputs: once a turn
/// settle() does what follows from them, and take_outputs() gives what came of it.
class Mesh {
 public:
  Mesh(MeshOptions options, rtc::Stack& stack, rtc::DatagramPort& datagrams, WallClock& date,
       Entropy& entropy);
  ~Mesh();

  void set_local_endpoints(Time now, std::vector<Endpoint> endpoints);
  void add_stun_server(Time now, const Endpoint& server);
  /// `more` as in rtc::Transport.
  void handle_datagram(Time now, const Endpoint& local, const Endpoint& remote, ByteView datagram,
                       bool more);
  void mdns_resolved(Time now, const std::string& name, const std::vector<IpAddress>& addresses);

  void relay_opened(Time now, const AppId& id, signal::RelayId relay);
  void relay_message(Time now, const AppId& id, signal::RelayId relay, ByteView frame,
                     bool is_text);
  void relay_closed(Time now, const AppId& id, signal::RelayId relay, const Error& why,
                    bool reached = false);

  /// Fails as Context::join does.
  Result<void> join(Time now, const RoomOptions& options);
  /// RoomLeft follows, once what is queued has been sent or `drain` has passed.
  void leave(Time now, const AppId& id, const RoomId& room, Duration drain);
  /// The rooms of an app that was joined.
  room::Hub& hub(const AppId& id);
  std::optional<Path> path(const AppId& id, const PeerId& peer) const;
  std::string_view software(const AppId& id, const PeerId& peer) const;
  std::vector<UnmetPeer> unmet_peers(Time now, const AppId& id, const RoomId& room) const;
  void set_receiving(Time now, bool on);

  Deadline next_timeout() const;
  void handle_timeout(Time now);
  /// Lets the cores act on what the others put out, until none has anything left.
  void settle(Time now);

  struct AppOutputs {
    AppId app;
    std::vector<Request> requests;
    std::vector<Event> events;
  };
  /// What is to be done, and what happened, since the last call.
  std::vector<AppOutputs> take_outputs();
  bool has_outputs() const;
  Stats stats() const;

 private:
  App& app(const AppId& id);

  MeshOptions options_;
  rtc::Stack& stack_;
  WallClock& date_;
  Entropy& entropy_;
  std::unique_ptr<rtc::Transport> transport_;
  std::map<AppId, std::unique_ptr<App>> apps_;
  bool receiving_ = true;
};

}  // namespace roomwire::mesh
