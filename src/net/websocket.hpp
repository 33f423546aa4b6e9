// A WebSocket client, ws:// and wss:// (RFC 6455).
#pragma once

#include <base/time.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>

namespace roomwire::net {

class Loop;
class Resolver;
class TlsTrust;

/// None of them is called inside a call to the client, nor after it is destroyed. Each may call
/// anything, the client's destructor included. An empty one is skipped.
struct WebSocketHandlers {
  std::function<void()> on_open;
  /// A whole message, valid UTF-8 if it is text; the view is valid during the call.
  std::function<void(std::string_view, bool is_text)> on_message;
  /// The end, called once, also when the connection never opened. The message is one line for a
  /// person ("connection refused", "certificate not valid: self-signed certificate", "HTTP 403",
  /// "no answer within 10 s"), its code is for the program.
  std::function<void(const Error& why)> on_closed;
};

struct WebSocketOptions {
  Duration connect_limit = 10s;  ///< From the constructor to on_open, the name lookup included.
  Duration idle_limit = 60s;     ///< Pinged after half of it without a message, closed after it.
  Duration close_limit = 2s;     ///< How long close() waits for what is queued and the other side.
  std::size_t max_message_bytes = 1U << 20;  ///< A larger one that comes closes the connection.
  std::size_t max_queued_bytes = 1U << 20;   ///< More that waits to be sent closes it too.
  std::string subprotocol{};  ///< That the server is asked for (RFC 6455 section 1.9); empty: none.
};

/// One connection, tried once. Trying again is the owner's business.
class WebSocketClient {
 public:
  /// Starts to connect. A URL that parse_web_socket_url() refuses ends in on_closed. `resolver` and
  /// `trust`
  /// outlive this.
  WebSocketClient(Loop& loop, Resolver& resolver, TlsTrust& trust, std::string_view url,
                  WebSocketHandlers handlers, WebSocketOptions options = {});
  /// Drops the connection at once.
  ~WebSocketClient();
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  /// Queues a message, which is UTF-8 if it is text; it may be called before on_open. After the
  /// end, or after close(), it does nothing.
  void send(std::string message, bool is_text = true);

  /// Sends what is queued, then says good-bye; on_closed ("closed") follows within close_limit.
  /// No message is delivered any more. Before on_open it drops the connection.
  void close();

  bool is_open() const;
  /// A server took the connection, TLS included. After the end too: one that was reached and never
  /// opened is no WebSocket server.
  bool was_reached() const;
  /// Bytes that wait to be sent.
  std::size_t queued_bytes() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace roomwire::net
