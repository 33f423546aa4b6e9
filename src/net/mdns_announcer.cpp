#include "net/mdns_announcer.hpp"

#include <algorithm>
#include <utility>

#include "net/interfaces.hpp"
#include "net/loop.hpp"
#include "net/udp_socket.hpp"

namespace roomwire::net {

namespace {

// What changed is looked for so often, and when there is no network at all.
constexpr Duration look_interval = 5s;

/// One for each family of each interface.
struct Link {
  MdnsRoute route;
  std::vector<IpAddress> addresses;  ///< Of both families, as they are told there.
};

std::vector<Link> links_of(const std::vector<LocalAddress>& all) {
  std::vector<Link> links;
  for (const MdnsRoute& route : mdns_routes(all)) {
    const bool is_known = std::any_of(links.begin(), links.end(), [&](const Link& link) {
      return link.route.index == route.index && link.route.destination == route.destination;
    });
    if (is_known) continue;
    Link link{route, {}};
    for (const LocalAddress& local : all)
      if (local.index == route.index) link.addresses.push_back(local.address);
    links.push_back(std::move(link));
  }
  return links;
}

}  // namespace

struct MdnsAnnouncer::Impl final : MdnsHostPort, std::enable_shared_from_this<Impl> {
  Impl(Loop& owner, Entropy& entropy, const std::vector<MdnsService>& services,
       std::optional<IpAddress> address, Renamed callback)
      : loop(owner),
        bound(address),
        on_renamed(std::move(callback)),
        host(*this, entropy, services),
        timer(owner, [this] { tick(); }),
        look_timer(owner, [this] { look(); }) {}

  void send(std::size_t route, ByteView packet, const std::optional<Endpoint>& to) override {
    sockets[route]->send(to.value_or(destinations[route]), packet);
  }
  void renamed(const std::string& from, const std::string& to) override { on_renamed(from, to); }

  void look();
  void open(const std::vector<LocalAddress>& all);
  bool is_there(const IpAddress& address) const;
  std::unique_ptr<UdpSocket> open_link(const MdnsRoute& route);
  void tick() {
    host.handle_timeout(loop.now());
    timer.set(host.next_timeout());
  }

  Loop& loop;
  const std::optional<IpAddress> bound;
  const Renamed on_renamed;
  MdnsHost host;
  Timer timer;
  Timer look_timer;
  std::vector<LocalAddress> known;
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  std::vector<Endpoint> destinations;
};

void MdnsAnnouncer::Impl::look() {
  look_timer.set(loop.now() + look_interval);
  auto all = local_addresses();
  if (!all || *all == known) return;
  known = *std::move(all);
  open(known);
}

void MdnsAnnouncer::Impl::open(const std::vector<LocalAddress>& all) {
  sockets.clear();
  destinations.clear();
  std::vector<std::vector<IpAddress>> addresses;
  for (Link& link : links_of(all)) {
    std::erase_if(link.addresses, [&](const IpAddress& each) { return !is_there(each); });
    if (link.addresses.empty()) continue;
    auto socket = open_link(link.route);
    if (!socket) continue;
    sockets.push_back(std::move(socket));
    destinations.push_back(link.route.destination);
    addresses.push_back(std::move(link.addresses));
  }
  host.set_routes(loop.now(), std::move(addresses));
  timer.set(host.next_timeout());
}

bool MdnsAnnouncer::Impl::is_there(const IpAddress& address) const {
  if (!bound) return true;
  if (bound->is_unspecified()) return bound->is_v4() == address.is_v4();
  return bound->bytes() == address.bytes();
}

std::unique_ptr<UdpSocket> MdnsAnnouncer::Impl::open_link(const MdnsRoute& route) {
  const std::size_t index = sockets.size();
  const auto receive = [weak = weak_from_this(), index](std::span<const Datagram> datagrams) {
    const auto self = weak.lock();
    for (std::size_t i = 0; self && i < datagrams.size(); ++i)
      self->host.handle(self->loop.now(), index, datagrams[i].remote, datagrams[i].data);
    if (self) self->timer.set(self->host.next_timeout());
  };
  UdpOptions options;
  options.shared = true;
  options.joined_alone = true;
  options.buffer_bytes = 64 << 10;
  auto socket = UdpSocket::bind(loop, route.destination.with_scope(route.index), receive, options);
  if (!socket || !(*socket)->join(route.destination.address, route.local, route.index))
    return nullptr;
  (*socket)->set_multicast_interface(route.local, route.index);
  return *std::move(socket);
}

MdnsAnnouncer::MdnsAnnouncer(Loop& loop, Entropy& entropy, const std::vector<MdnsService>& services,
                             std::optional<IpAddress> bound, Renamed renamed)
    : impl_(std::make_shared<Impl>(loop, entropy, services, bound, std::move(renamed))) {
  impl_->look();
}

MdnsAnnouncer::~MdnsAnnouncer() {
  impl_->host.say_goodbye();
  impl_->timer.cancel();
  impl_->look_timer.cancel();
  impl_->sockets.clear();
}

}  // namespace roomwire::net
