// A mesh put onto the edge: sockets, timers and names in, events out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/stun_url.hpp"
#include "client/options.hpp"
#include "client/relay_sockets.hpp"
#include "client/udp_ports.hpp"
#include "mesh/mesh.hpp"
#include "net/loop.hpp"
#include "net/mdns_resolver.hpp"
#include "net/resolver.hpp"
#include "net/system.hpp"
#include "net/tls.hpp"

namespace roomwire::client {

class Runtime final : public rtc::DatagramPort {
 public:
  /// Called at the end of a turn of the loop, when all state is consistent: may call anything.
  using Deliver = std::function<void(const AppId&, std::vector<mesh::Event>)>;

  /// Fails as Context::create does.
  static Result<std::unique_ptr<Runtime>> create(const ContextOptions& options, Deliver deliver);
  ~Runtime() override;

  net::Loop& loop() { return loop_; }
  const PeerId& self() const { return self_; }
  Time now() { return loop_.now(); }
  const mesh::Mesh& mesh() const { return *mesh_; }
  /// To call something of the mesh: what it causes is delivered at the end of the turn.
  mesh::Mesh& touch_mesh() {
    turn_end_.request();
    return *mesh_;
  }

 private:
  Runtime(const ContextOptions& options, Deliver deliver);
  Result<void> start(const ContextOptions& options);

  // rtc::DatagramPort
  void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) override;

  void carry_out(const AppId& app, mesh::Request& request);
  RelaySockets& relay_sockets(const AppId& app);
  void resolve_mdns(const std::string& name);
  void end_turn();

  /// A STUN server's name, looked up until somebody knows it.
  class StunLookup {
   public:
    StunLookup(Runtime& runtime, StunUrl server);
    void ask();

   private:
    Runtime& runtime_;
    StunUrl server_;
    net::Timer retry_;
  };

  Deliver deliver_;
  net::Loop loop_;
  net::SystemEntropy entropy_;
  net::SystemWallClock date_;
  PeerId self_;
  net::TlsTrust trust_;
  net::Resolver resolver_;
  net::MdnsResolver mdns_;
  UdpPorts udp_;
  std::map<AppId, std::unique_ptr<RelaySockets>> relay_sockets_;
  std::unique_ptr<rtc::Stack> stack_;
  std::unique_ptr<mesh::Mesh> mesh_;
  net::Timer timer_;
  net::TurnHook turn_end_;
  std::vector<std::unique_ptr<StunLookup>> stun_lookups_;
};

}  // namespace roomwire::client
