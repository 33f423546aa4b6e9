#include "client/runtime.hpp"

namespace roomwire::client {
namespace {

/// Behind those of Trystero's peers, which are random: of 62^4 that are drawn one is greater.
/// Patchies lets the lowest id lead its tempo, and nobody would if that were us.
constexpr std::string_view peer_id_prefix = "zzzz";
constexpr std::size_t peer_id_size = 20;
/// A name server that does not answer is asked again; one that does, later, as a server may move
/// while we run.
constexpr Duration stun_retry = 30s;
constexpr Duration stun_refresh = 1h;

}  // namespace

Runtime::Runtime(const ContextOptions& options, Deliver deliver)
    : deliver_(std::move(deliver)),
      self_(std::string(peer_id_prefix) + entropy_.id(peer_id_size - peer_id_prefix.size())),
      resolver_(loop_),
      mdns_(loop_, entropy_, {}),
      udp_(
          loop_, options.ice_port, options.ice_interfaces,
          [this](const Endpoint& local, std::span<const net::Datagram> datagrams) {
            for (std::size_t i = 0; i < datagrams.size(); ++i) {
              const net::Datagram& datagram = datagrams[i];
              const bool more =
                  i + 1 < datagrams.size() && datagrams[i + 1].remote == datagram.remote;
              touch_mesh().handle_datagram(now(), local, datagram.remote, datagram.data, more);
            }
          },
          [this] {
            mdns_.set_routes(net::mdns_routes(udp_.addresses()));
            touch_mesh().set_local_endpoints(now(), udp_.endpoints());
          }),
      timer_(loop_, [this] { touch_mesh().handle_timeout(now()); }),
      turn_end_(loop_, [this] { end_turn(); }) {}

Runtime::~Runtime() {
  mesh_.reset();  // Says good-bye to the peers, over sockets that are there still.
  udp_.flush();
}

Result<std::unique_ptr<Runtime>> Runtime::create(const ContextOptions& options, Deliver deliver) {
  Result<void> checked = check(options);
  if (!checked) return tl::unexpected<Error>(checked.error());
  std::unique_ptr<Runtime> runtime(new Runtime(options, std::move(deliver)));
  Result<void> started = runtime->start(options);
  if (!started) return tl::unexpected<Error>(started.error());
  return runtime;
}

Result<void> Runtime::start(const ContextOptions& options) {
  auto stack = rtc::Stack::create();
  if (!stack) return tl::unexpected<Error>(stack.error());
  stack_ = std::move(*stack);
  Result<void> opened = udp_.open();
  if (!opened) return opened;
  mdns_.set_routes(net::mdns_routes(udp_.addresses()));
  mesh_ = std::make_unique<mesh::Mesh>(
      mesh::MeshOptions{self_, options.relays, options.relay_set, options.max_message_bytes,
                        options.further_relays},
      *stack_, *this, date_, entropy_);
  touch_mesh().set_local_endpoints(now(), udp_.endpoints());
  for (const IceServer& server : options.ice_servers.value_or(default_ice_servers())) {
    stun_lookups_.push_back(std::make_unique<StunLookup>(*this, *parse_stun_url(server.url)));
    stun_lookups_.back()->ask();
  }
  return {};
}

void Runtime::send(const Endpoint& local, const Endpoint& remote, ByteView datagram) {
  udp_.send(local, remote, datagram);
}

void Runtime::carry_out(const AppId& app, mesh::Request& request) {
  if (const auto* lookup = std::get_if<mesh::ResolveName>(&request)) {
    resolve_mdns(lookup->name);
    return;
  }
  RelaySockets& sockets = relay_sockets(app);
  if (const auto* open = std::get_if<signal::RelayPool::Open>(&request)) sockets(*open);
  if (auto* send = std::get_if<signal::RelayPool::Send>(&request)) sockets(*send);
  if (const auto* close = std::get_if<signal::RelayPool::Close>(&request)) sockets(*close);
}

RelaySockets& Runtime::relay_sockets(const AppId& app) {
  auto& sockets = relay_sockets_[app];
  if (sockets) return *sockets;
  RelayHandlers handlers;
  handlers.on_open = [this, app](signal::RelayId relay) {
    touch_mesh().relay_opened(now(), app, relay);
  };
  handlers.on_message = [this, app](signal::RelayId relay, ByteView frame, bool is_text) {
    touch_mesh().relay_message(now(), app, relay, frame, is_text);
  };
  handlers.on_closed = [this, app](signal::RelayId relay, const Error& why, bool reached) {
    touch_mesh().relay_closed(now(), app, relay, why, reached);
  };
  sockets = std::make_unique<RelaySockets>(loop_, resolver_, trust_, std::move(handlers));
  return *sockets;
}

void Runtime::resolve_mdns(const std::string& name) {
  mdns_.resolve(name, [this, name](const Result<IpAddress>& address) {
    std::vector<IpAddress> found;
    if (address) found.push_back(*address);
    touch_mesh().mdns_resolved(now(), name, found);
  });
}

Runtime::StunLookup::StunLookup(Runtime& runtime, StunUrl server)
    : runtime_(runtime), server_(std::move(server)), retry_(runtime.loop_, [this] { ask(); }) {}

void Runtime::StunLookup::ask() {
  runtime_.resolver_.resolve(server_.host, [this](const net::Resolver::Addresses& addresses) {
    retry_.set(runtime_.now() + (addresses ? stun_refresh : stun_retry));
    if (!addresses) return;
    for (const IpAddress& address : *addresses) {
      runtime_.touch_mesh().add_stun_server(runtime_.now(), {address, server_.port});
    }
  });
}

void Runtime::end_turn() {
  // One round a turn: a callback that always causes the next event must not keep the sockets
  // waiting.
  mesh_->settle(now());
  for (mesh::Mesh::AppOutputs& outputs : mesh_->take_outputs()) {
    for (mesh::Request& request : outputs.requests)
      carry_out(outputs.app, request);
    if (!outputs.events.empty()) deliver_(outputs.app, std::move(outputs.events));
  }
  if (mesh_->has_outputs()) loop_.post([this] { turn_end_.request(); });
  timer_.set(mesh_->next_timeout());
}

}  // namespace roomwire::client
