// One TCP connection of the relay: plain or TLS, an HTTP request, then perhaps a WebSocket.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "relay/http.hpp"
#include "relay/limits.hpp"
#include "relay/outbox.hpp"

namespace roomwire::relay {

class Connection;

/// What connections need of their server.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual const ServerTimeouts& timeouts() const = 0;
  virtual std::size_t max_message_bytes() const = 0;
  /// The request of a connection is read.
  virtual void on_request(Connection& connection) = 0;
  virtual HttpResponse answer(const HttpRequest& request) = 0;
  /// Why this request gets no WebSocket, if so.
  virtual std::optional<std::string> refuse_websocket(const HttpRequest& request) = 0;
  /// A WebSocket is open: calls Connection::open_as, and may close the connection.
  virtual void on_open(Connection& connection) = 0;
  /// May close the connection.
  virtual void on_message(SessionId session, std::string_view text) = 0;
  /// The last call for this connection. `reason` is one line for a person.
  virtual void on_finished(Connection& connection, const std::string& reason) = 0;
};

/// Kept alive by the operations under way in the io_context.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const Endpoint& remote, std::optional<std::string> refusal)
      : remote_(remote), refusal_(std::move(refusal)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  const Endpoint& remote() const { return remote_; }
  /// Why whoever connects here is turned away (status 503), if so.
  const std::optional<std::string>& refusal() const { return refusal_; }
  /// Under which id the messages of its WebSocket come.
  void open_as(SessionId session) { session_ = session; }
  std::optional<SessionId> session() const { return session_; }
  std::size_t queued_bytes() const { return queued_bytes_; }

  /// Waits for the request, for at most this long.
  virtual void start(Duration time_to_ask) = 0;
  virtual void send(const SharedText& text) = 0;
  /// Drops what is queued and says good-bye; on_finished comes within the time limit.
  virtual void close(std::uint16_t code, const std::string& reason) = 0;
  /// At once; on_finished comes before it returns.
  virtual void abort(const std::string& reason) = 0;

 protected:
  Endpoint remote_;
  std::optional<std::string> refusal_;
  std::optional<SessionId> session_;
  std::deque<SharedText> queue_;  // Bounded by Limits::queued_bytes.
  std::size_t queued_bytes_ = 0;
};

std::shared_ptr<Connection> make_plain_connection(boost::asio::ip::tcp::socket socket,
                                                  std::shared_ptr<ConnectionHost> host,
                                                  const Endpoint& remote,
                                                  std::optional<std::string> refusal);
std::shared_ptr<Connection> make_tls_connection(boost::asio::ip::tcp::socket socket,
                                                boost::asio::ssl::context& tls,
                                                std::shared_ptr<ConnectionHost> host,
                                                const Endpoint& remote,
                                                std::optional<std::string> refusal);

}  // namespace roomwire::relay
