// The relay on its sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <roomwire/error.hpp>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "relay/limits.hpp"
#include "relay/site.hpp"

namespace boost::asio {
class io_context;
}

namespace roomwire::relay {

/// PEM files: the certificate with its chain, and its key.
struct ServerTls {
  std::string certificate_file;
  std::string key_file;
};

struct ServerEvent {
  enum class Kind {
    connected,     ///< A WebSocket client.
    disconnected,  ///< The same, gone; `reason` says why.
    refused,       ///< A connection that did not become a client; `reason` says why.
    page_refused,  ///< The same, of a page that ServerOptions::allowed_origins does not let in;
                   ///< `refused` follows.
    trouble,       ///< The server cannot accept for now; `reason` says why, `remote` is empty.
  };
  Kind kind;
  Endpoint remote;
  std::string reason;   ///< One line for a person.
  std::size_t clients;  ///< Connected now.
};

struct ServerOptions {
  /// Port 0 lets the system choose. [::] takes IPv4 too, unless an IPv4 endpoint is listed.
  std::vector<Endpoint> listen;
  std::optional<ServerTls> tls;
  /// The same without TLS, whatever `tls` says: on loopback, for a peer of this process, which no
  /// certificate need name.
  std::vector<Endpoint> listen_plain;
  /// Pages to serve to those who come with plain HTTP.
  std::optional<Site> site;
  /// Pages of browsers that may open a WebSocket, beside those of `site`; nothing: any may. What is
  /// no browser always may.
  std::optional<Origins> allowed_origins;
  Limits limits;
  ServerTimeouts timeouts;
  std::string name = "roomwire relay";
  std::string description;
  std::string version;
  /// May be empty. May call anything but the destructor.
  std::function<void(const ServerEvent&)> on_event;
};

/// On one port: WebSocket on any path for both protocols (see Core), and over plain HTTP NIP-11's
/// document and the site, or without one a text for people. Runs on the thread that runs the
/// io_context, and on no other.
class Server {
 public:
  /// Listens when it returns. Fails with invalid_input (no endpoint, a certificate or key that
  /// cannot be used) or with unavailable (an address that is not ours, a port that is taken or
  /// not allowed). `io` outlives the server.
  static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, ServerOptions options);
  /// Drops every connection.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// In the order of ServerOptions::listen and listen_plain, with the ports that were chosen.
  const std::vector<Endpoint>& endpoints() const;
  std::uint16_t port() const { return endpoints().front().port; }
  /// WebSocket clients connected now, and all TCP connections.
  std::size_t clients() const;
  std::size_t connections() const;

  /// Listens no more and says good-bye (1001) to every client; `done` is called, not inside this
  /// call, when the last one is gone, which ServerTimeouts::close bounds.
  void stop(std::function<void()> done = {});

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

/// Lets the process open as many files as the system allows it: the usual soft limit, 1024, is
/// fewer than a relay's connections. For a program's main. Returns the limit that now holds.
std::size_t raise_file_limit();

}  // namespace roomwire::relay
