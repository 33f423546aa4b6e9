// One place that OSC is sent to by TCP: connects, and connects again.
#pragma once

#include <memory>
#include <net/connector.hpp>

#include "sockets/socket_host.hpp"
#include "sockets/tcp_link.hpp"

namespace roomwire::sockets {

class TcpDestination final : public Destination,
                             private TcpLinkOwner,
                             public std::enable_shared_from_this<TcpDestination> {
 public:
  TcpDestination(SocketSetHost& host, DestinationId id, SocketUrl url);

  void start() override;
  void close() override;
  void send(ByteView packet) override;
  bool send_to(const Source& source, ByteView packet) override;
  bool is_up() const override { return link_ != nullptr; }
  DestinationStats stats() const override;
  std::optional<Endpoint> local() const override;
  void resume() override {
    if (link_) link_->resume();
  }
  Transport transport() const override { return Transport::tcp; }

 private:
  void connect();
  void connected(net::ByteStream stream);
  void say_up();
  void lost(const std::string& reason);
  void update_congestion(bool progress);
  Source source(const TcpLink& link) const;
  void on_link_packet(TcpLink& link, ByteView packet) override;
  bool may_read() const override { return host_.is_receiving(); }
  void on_link_malformed(TcpLink& link, const std::string& reason) override;
  void on_link_framing(TcpLink& link, osc::Framing framing) override;
  void on_link_progress(TcpLink& link) override;
  void on_link_end(TcpLink& link, const std::string& reason) override;

  SocketSetHost& host_;
  const DestinationId id_;
  const SocketUrl url_;
  osc::Framing framing_;  ///< As its end spoke last; at first as of the URL.
  /// While connecting: the limit. Without a connection: the wait before the next attempt. With one:
  /// until it has lasted so long that it may be spoken of.
  net::Timer timer_;
  net::Timer stall_;
  Backoff backoff_;
  std::unique_ptr<net::Connector> connector_;
  std::shared_ptr<TcpLink> link_;
  /// What is sent before the first attempt has ended.
  PacketQueue early_{TcpLink::bounds};
  bool first_attempt_ = true;
  bool said_down_ = false;
  bool ever_up_ = false;
  int short_in_a_row_ = 0;  ///< Connections that ended soon after they began.
  bool congested_ = false;
  bool stalled_ = false;
  Time connected_at_{};
  bool open_ = true;
  DestinationStats stats_;
};

}  // namespace roomwire::sockets
