#include "client/relay_sockets.hpp"

namespace roomwire::client {

void RelaySockets::operator()(const signal::RelayPool::Open& open) {
  const signal::RelayId relay = open.relay;
  net::WebSocketHandlers handlers;
  handlers.on_open = [this, relay] { handlers_.on_open(relay); };
  handlers.on_message = [this, relay](std::string_view frame, bool is_text) {
    handlers_.on_message(relay, as_bytes(frame), is_text);
  };
  handlers.on_closed = [this, relay](const Error& why) {
    const auto ended = clients_.extract(relay);  // Alive until here: the error is its own.
    handlers_.on_closed(relay, why, ended.mapped()->was_reached());
  };
  net::WebSocketOptions options;
  options.subprotocol = open.subprotocol;
  clients_[relay] = std::make_unique<net::WebSocketClient>(loop_, resolver_, trust_, open.url,
                                                           std::move(handlers), std::move(options));
}

void RelaySockets::operator()(signal::RelayPool::Send& send) {
  const auto entry = clients_.find(send.relay);
  if (entry == clients_.end()) return;
  entry->second->send(std::move(send.frame.bytes), send.frame.is_text);
}

}  // namespace roomwire::client
