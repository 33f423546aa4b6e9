// One place that packets are sent to by UDP.
#pragma once

#include <sys/socket.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <net/resolver.hpp>
#include <optional>
#include <roomwire/error.hpp>

#include "sockets/pacer.hpp"
#include "sockets/receiver_gauge.hpp"
#include "sockets/socket_host.hpp"
#include "sockets/udp_batch.hpp"

namespace roomwire::sockets {

/// To one host the socket is bound to the address that it sends from, takes that host's answers
/// from whatever port, and hears from the kernel when nobody listens there. With strict_source, and
/// where it shares a port, it is connected. To many it is neither, as answers come from elsewhere.
class UdpDestination final : public Destination,
                             private Wire,
                             public std::enable_shared_from_this<UdpDestination> {
 public:
  UdpDestination(SocketSetHost& host, DestinationId id, SocketUrl url);

  void start() override;
  void close() override;
  void send(ByteView packet) override;
  bool send_to(const Source& source, ByteView packet) override;
  bool is_up() const override { return up_; }
  DestinationStats stats() const override;
  std::optional<Endpoint> local() const override;
  bool is_exclusive() const override {
    return url_.source_port == 0 || local_.port != url_.source_port;
  }
  std::optional<Endpoint> remote() const override;
  Transport transport() const override { return Transport::udp; }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  void push(const Endpoint& remote, ByteView packet);
  void look_up();
  void found(const net::Resolver::Addresses& addresses);
  void open(const IpAddress& address);
  Result<int> make_socket();
  Result<void> prepare(int fd, std::uint16_t source_port);
  Result<void> prepare_multicast(int fd);
  Result<void> set_remote(int fd, bool shares_port);
  void wait_readable();
  void read();
  bool is_remote(const Endpoint& remote) const;
  bool take_answer(const Endpoint& remote);
  std::size_t transmit(const PacketQueue& queue, std::size_t count) override;
  void prove();
  bool take_answers();
  void note_answer(int error);
  void answered();
  void lose(const std::string& reason);
  void retry_later();
  void look_again();
  void set_up(bool up, const std::string& line);

  SocketSetHost& host_;
  const DestinationId id_;
  const SocketUrl url_;
  Pacer pacer_;
  net::Timer retry_;
  net::Timer proof_;
  Backoff backoff_;
  std::optional<Descriptor> socket_;
  UdpBatch batch_;
  std::uint64_t generation_ = 0;        // of the socket
  std::optional<ReceiverGauge> gauge_;  // of a receiver on this machine
  Endpoint remote_;
  Endpoint local_;
  bool one_host_ = false;   // not a group, not a broadcast address
  bool connected_ = false;  // in the sense of connect(2)
  bool other_port_said_ = false;
  bool other_host_said_ = false;
  bool is_name_ = false;
  bool first_attempt_ = true;
  bool up_ = true;
  bool proving_ = false;  // nothing came back since something was sent
  bool retried_ = false;  // the oldest packet, after a refusal
  bool open_ = true;
  DestinationStats stats_;
};

}  // namespace roomwire::sockets
