// The WebSockets of one app's relays.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/websocket.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::client {

struct RelayHandlers {
  std::function<void(signal::RelayId)> on_open;
  std::function<void(signal::RelayId, ByteView frame, bool is_text)> on_message;
  std::function<void(signal::RelayId, const Error& why, bool reached)> on_closed;
};

/// Does what the pool wants of its sockets.
class RelaySockets {
 public:
  RelaySockets(net::Loop& loop, net::Resolver& resolver, net::TlsTrust& trust,
               RelayHandlers handlers)
      : loop_(loop), resolver_(resolver), trust_(trust), handlers_(std::move(handlers)) {}

  void operator()(const signal::RelayPool::Open& open);
  void operator()(signal::RelayPool::Send& send);
  void operator()(const signal::RelayPool::Close& close) { clients_.erase(close.relay); }

 private:
  net::Loop& loop_;
  net::Resolver& resolver_;
  net::TlsTrust& trust_;
  RelayHandlers handlers_;
  std::map<signal::RelayId, std::unique_ptr<net::WebSocketClient>> clients_;
};

}  // namespace roomwire::client
