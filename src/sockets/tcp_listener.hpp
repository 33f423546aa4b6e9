// A port on which OSC comes in by TCP, on one address or on several.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <roomwire/error.hpp>
#include <vector>

#include "sockets/socket_host.hpp"
#include "sockets/tcp_link.hpp"

namespace roomwire::sockets {

class TcpListener final : public Listener,
                          private TcpLinkOwner,
                          public std::enable_shared_from_this<TcpListener> {
 public:
  TcpListener(SocketSetHost& host, ListenerId id, SocketUrl url);

  /// Listens when it returns.
  Result<void> start();
  void close() override;
  bool send_to(const Source& source, ByteView packet) override;
  std::vector<Endpoint> endpoints() const override;
  void resume() override;
  /// No packet leaves from here but on connections that others opened.
  bool is_exclusive() const override { return false; }

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;

  Result<std::uint16_t> bind(const Endpoint& local);
  void accept(std::size_t index);
  void add(boost::asio::ip::tcp::socket socket);
  Source source(const TcpLink& link) const;
  void on_link_packet(TcpLink& link, ByteView packet) override;
  bool may_read() const override { return host_.is_receiving(); }
  void on_link_malformed(TcpLink& link, const std::string& reason) override;
  void on_link_progress(TcpLink& /*link*/) override {}
  void on_link_end(TcpLink& link, const std::string& reason) override;

  SocketSetHost& host_;
  const ListenerId id_;
  const SocketUrl url_;
  net::Timer pause_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::size_t> paused_;
  std::map<std::uint64_t, std::shared_ptr<TcpLink>> links_;  // at most max_tcp_connections
  bool open_ = true;
};

}  // namespace roomwire::sockets
