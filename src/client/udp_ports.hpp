// The UDP sockets of a context: one for each address of this machine, kept in step with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/interfaces.hpp"
#include "net/loop.hpp"
#include "net/udp_socket.hpp"

namespace roomwire::client {

class UdpPorts {
 public:
  using Receive = std::function<void(const Endpoint& local, std::span<const net::Datagram>)>;
  /// The endpoints are others now, by an address that came or went.
  using Changed = std::function<void()>;

  UdpPorts(net::Loop& loop, std::uint16_t port, std::vector<std::string> only, Receive receive,
           Changed changed);

  /// Binds what there is and watches for changes. Fails with unavailable: no address fits, or the
  /// port is taken.
  Result<void> open();
  std::vector<Endpoint> endpoints() const;
  const std::vector<net::LocalAddress>& addresses() const { return addresses_; }
  void send(const Endpoint& local, const Endpoint& remote, ByteView datagram);
  void flush();

 private:
  Result<void> update();
  void watch();

  net::Loop& loop_;
  std::uint16_t port_;
  std::vector<std::string> only_;
  Receive receive_;
  Changed changed_;
  std::vector<net::LocalAddress> addresses_;
  std::map<IpAddress, std::unique_ptr<net::UdpSocket>> sockets_;
  net::Timer watch_timer_;
};

}  // namespace roomwire::client
