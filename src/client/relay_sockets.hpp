// The WebSockets of one app's relays.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "net/websocket.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::client {

struct RelayHandlers {
  std::function<void(signal::RelayId)> on_open;
  std::function<void(signal::RelayId, std::string_view text)> on_message;
  std::function<void(signal::RelayId, const std::string& reason, bool reached)> on_closed;
};

class RelaySockets final : public signal::RelaySocketPort {
 public:
  RelaySockets(net::Loop& loop, net::Resolver& resolver, net::TlsTrust& trust,
               RelayHandlers handlers)
      : loop_(loop), resolver_(resolver), trust_(trust), handlers_(std::move(handlers)) {}

  void open(signal::RelayId relay, const std::string& url) override;
  void send(signal::RelayId relay, std::string text) override;
  void close(signal::RelayId relay) override { clients_.erase(relay); }

 private:
  net::Loop& loop_;
  net::Resolver& resolver_;
  net::TlsTrust& trust_;
  RelayHandlers handlers_;
  std::map<signal::RelayId, std::unique_ptr<net::WebSocketClient>> clients_;
};

}  // namespace roomwire::client
