// A port on which packets come in by UDP, on one address or on several.
#pragma once

#include <memory>
#include <net/udp_socket.hpp>
#include <roomwire/error.hpp>
#include <vector>

#include "sockets/pacer.hpp"
#include "sockets/socket_host.hpp"

namespace roomwire::sockets {

class UdpListener final : public Listener,
                          private Wire,
                          public std::enable_shared_from_this<UdpListener> {
 public:
  UdpListener(SocketSetHost& host, ListenerId id, SocketUrl url);

  /// Listens when it returns.
  Result<void> start();
  void close() override;
  bool send_to(const Source& source, ByteView packet) override;
  std::vector<Endpoint> endpoints() const override;
  bool is_exclusive() const override {
    return !url_.is_multicast() && url_.port_use == PortUse::alone;
  }

 private:
  Result<std::unique_ptr<net::UdpSocket>> bind(const Endpoint& local,
                                               const net::UdpOptions& options);
  void open_broadcast();
  Result<void> join_group();
  void rejoin();
  void receive(std::span<const net::Datagram> datagrams);
  std::size_t transmit(const PacketQueue& queue, std::size_t count) override;

  SocketSetHost& host_;
  const ListenerId id_;
  const SocketUrl url_;
  Pacer replies_;
  net::Timer rejoin_;
  std::vector<std::unique_ptr<net::UdpSocket>> sockets_;
  std::vector<std::unique_ptr<net::UdpSocket>> broadcast_sockets_;  ///< They only hear.
  bool open_ = true;
};

}  // namespace roomwire::sockets
