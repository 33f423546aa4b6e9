#include "client/udp_ports.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::client {
namespace {

/// How soon a cable or a network that came or went is noticed.
constexpr Duration watch_interval = 5s;

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

UdpPorts::UdpPorts(net::Loop& loop, std::uint16_t port, std::vector<std::string> only,
                   Receive receive, Changed changed)
    : loop_(loop),
      port_(port),
      only_(std::move(only)),
      receive_(std::move(receive)),
      changed_(std::move(changed)),
      watch_timer_(loop, [this] { watch(); }) {}

Result<void> UdpPorts::open() {
  const auto unknown = net::unknown_interfaces(only_);
  if (!unknown) return tl::unexpected<Error>(unknown.error());
  if (!unknown->empty()) {
    return failure(ErrorKind::unavailable,
                   "no interface or address of this machine is " + list(*unknown),
                   ErrorCode::address_not_here, "ice_interfaces");
  }
  Result<void> updated = update();
  if (!updated) return updated;
  if (sockets_.empty()) {
    if (only_.empty())
      return failure(ErrorKind::unavailable, "this machine has no network address",
                     ErrorCode::no_network);
    return failure(ErrorKind::unavailable, "no address has " + list(only_), ErrorCode::no_network,
                   "ice_interfaces");
  }
  watch_timer_.set(loop_.now() + watch_interval);
  return {};
}

Result<void> UdpPorts::update() {
  auto addresses = net::local_addresses(only_);
  if (!addresses) return tl::unexpected<Error>(addresses.error());
  addresses_ = *std::move(addresses);
  Result<void> result;
  for (const net::LocalAddress& local : addresses_) {
    if (sockets_.count(local.address) > 0) continue;
    auto socket = net::UdpSocket::bind(
        loop_, {local.address, port_},
        [this, address = local.address](std::span<const net::Datagram> datagrams) {
          const auto entry = sockets_.find(address);
          if (entry != sockets_.end()) receive_(entry->second->local(), datagrams);
        });
    if (socket) {
      sockets_[local.address] = std::move(*socket);
    } else {
      Error error = socket.error();
      if (port_ > 0) {
        error.message += "; each roomwire needs a port of its own";
        error.option = "ice_port";
      }
      result = tl::unexpected<Error>(std::move(error));
    }
  }
  std::erase_if(sockets_, [this](const auto& entry) {
    return std::none_of(addresses_.begin(), addresses_.end(),
                        [&](const auto& local) { return local.address == entry.first; });
  });
  // A port that the user chose is open in a firewall: it is that one or none. Otherwise an
  // address that cannot be bound (just going away) is done without.
  if (port_ == 0 && !sockets_.empty()) return {};
  return result;
}

void UdpPorts::watch() {
  const std::vector<Endpoint> before = endpoints();
  const Result<void> ignored = update();  // What fails now is tried again at the next turn.
  static_cast<void>(ignored);
  if (endpoints() != before) changed_();
  watch_timer_.set(loop_.now() + watch_interval);
}

std::vector<Endpoint> UdpPorts::endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const auto& [address, socket] : sockets_)
    endpoints.push_back(socket->local());
  return endpoints;
}

void UdpPorts::send(const Endpoint& local, const Endpoint& remote, ByteView datagram) {
  const auto entry = sockets_.find(local.address);
  if (entry != sockets_.end()) entry->second->send(remote, datagram);
}

void UdpPorts::flush() {
  for (const auto& [address, socket] : sockets_)
    socket->flush();
}

}  // namespace roomwire::client
