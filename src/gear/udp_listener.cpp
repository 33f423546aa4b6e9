#include "gear/udp_listener.hpp"

#include <algorithm>
#include <utility>

#include "gear/interface.hpp"
#include "gear/listen_addresses.hpp"

namespace roomwire::gear {

namespace {
// Interfaces come and go: a group is joined again on those that there are.
constexpr Duration rejoin_interval = 5s;
}  // namespace

UdpListener::UdpListener(EndsHost& host, ListenerId id, EndUrl url)
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
  const auto bind = [&](const Endpoint& local) -> Result<std::uint16_t> {
    // ff02:: is another group on each link.
    auto socket =
        net::UdpSocket::bind(host_.loop(), scope != 0 ? local.with_scope(scope) : local,
                             [weak = weak_from_this()](std::span<const net::Datagram> datagrams) {
                               if (const auto self = weak.lock()) self->receive(datagrams);
                             },
                             {.shared = is_shared(), .broadcast = url_.home_port});
    if (!socket) return tl::unexpected(socket.error());
    sockets_.push_back(std::move(*socket));
    return sockets_.back()->local().port;
  };
  if (auto bound = bind_all(url_, bind, [this] { sockets_.clear(); }); !bound) return bound;
  if (!url_.is_multicast()) return {};
  rejoin_.set(host_.loop().now() + rejoin_interval);
  return join_group();
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

void UdpListener::share_port(bool on) {
  if (!url_.home_port || is_shared()) return;
  for (const auto& socket : sockets_)
    socket->share_port(on);
}

void UdpListener::close() {
  replies_.pump();
  open_ = false;
  rejoin_.cancel();
  sockets_.clear();
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

}  // namespace roomwire::gear
