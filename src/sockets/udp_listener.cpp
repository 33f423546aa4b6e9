#include "sockets/udp_listener.hpp"

#include <algorithm>
#include <utility>

#include "sockets/interface.hpp"
#include "sockets/listen_addresses.hpp"

namespace roomwire::sockets {

namespace {
// Interfaces come and go: a group is joined again on those that there are.
constexpr Duration rejoin_interval = 5s;
// Packets come one by one, other than those of peers.
constexpr std::size_t read_at_once = 32;
}  // namespace

UdpListener::UdpListener(SocketSetHost& host, ListenerId id, SocketUrl url)
    : host_(host),
      id_(id),
      url_(std::move(url)),
      replies_(host.loop(), *this, [this](bool more) { host_.congested(more); }),
      rejoin_(host.loop(), [this] { rejoin(); }) {}

Result<void> UdpListener::start() {
  std::uint32_t scope = 0;
  if (url_.is_multicast() && !url_.interface.empty()) {
    const auto found = find_interface(url_.interface, IpAddress::parse(url_.host)->is_v4());
    if (!found) return tl::unexpected(found.error());
    scope = found->front().index;
  }
  net::UdpOptions options;
  options.shared = url_.is_multicast() || url_.port_use == PortUse::shared;
  options.joined_alone = true;
  options.read_at_once = read_at_once;
  options.broadcast = url_.port_use != PortUse::alone;
  const auto bind_one = [&](const Endpoint& local) -> Result<std::uint16_t> {
    // ff02:: is another group on each link.
    auto socket = bind(scope != 0 ? local.with_scope(scope) : local, options);
    if (!socket) return tl::unexpected(socket.error());
    sockets_.push_back(std::move(*socket));
    return sockets_.back()->local().port;
  };
  if (auto bound = bind_all(url_, bind_one, [this] { sockets_.clear(); }); !bound) return bound;
  if (url_.port_use == PortUse::offered) {
    for (const auto& socket : sockets_)
      socket->share_port();
  }
  if (url_.hears_broadcast) open_broadcast();
  if (!url_.is_multicast()) return {};
  rejoin_.set(host_.loop().now() + rejoin_interval);
  return join_group();
}

Result<std::unique_ptr<net::UdpSocket>> UdpListener::bind(const Endpoint& local,
                                                          const net::UdpOptions& options) {
  return net::UdpSocket::bind(
      host_.loop(), local,
      [weak = weak_from_this()](std::span<const net::Datagram> datagrams) {
        if (const auto self = weak.lock()) self->receive(datagrams);
      },
      options);
}

// A socket that is bound to an address hears nothing that is broadcast. Those that are bound to
// the broadcast addresses hear nothing else, so they take nothing from other programs.
void UdpListener::open_broadcast() {
  const auto found = find_interface(url_.host, true);
  if (!found || !found->front().broadcast) return;
  net::UdpOptions options;
  options.shared = true;
  options.interface = found->front().index;
  for (const IpAddress& address :
       {*found->front().broadcast, *IpAddress::parse(SocketUrl::limited_broadcast)}) {
    auto socket = bind({address, sockets_.front()->local().port}, options);
    if (socket) broadcast_sockets_.push_back(std::move(*socket));
  }
}

Result<void> UdpListener::join_group() {
  const IpAddress group = sockets_.front()->local().address;
  const auto interfaces = find_interface(url_.interface, group.is_v4());
  if (!interfaces) return tl::unexpected(interfaces.error());
  for (const net::LocalAddress& local : *interfaces)
    sockets_.front()->join(group, local.address, local.index);
  return {};
}

void UdpListener::rejoin() {
  // Where it is joined already the system says so, and nothing changes.
  static_cast<void>(join_group());
  rejoin_.set(host_.loop().now() + rejoin_interval);
}

void UdpListener::close() {
  replies_.pump();
  open_ = false;
  rejoin_.cancel();
  sockets_.clear();
  broadcast_sockets_.clear();
}

void UdpListener::receive(std::span<const net::Datagram> datagrams) {
  for (const net::Datagram& datagram : datagrams) {
    if (!open_) return;
    host_.heard({id_, Transport::udp, datagram.remote, 0}, datagram.data);
  }
}

bool UdpListener::send_to(const Source& source, ByteView packet) {
  replies_.push(source.remote, packet);
  return true;
}

std::size_t UdpListener::transmit(const PacketQueue& queue, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Endpoint& remote = queue.remote(i);
    for (const auto& socket : sockets_) {
      if (socket->local().address.is_v4() != remote.address.is_v4()) continue;
      socket->send(remote, queue.packet(i));
      break;
    }
  }
  return count;
}

std::vector<Endpoint> UdpListener::endpoints() const {
  std::vector<Endpoint> all;
  for (const auto& socket : sockets_)
    all.push_back(socket->local());
  return all;
}

}  // namespace roomwire::sockets
