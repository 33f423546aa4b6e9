#include "client/relay_sockets.hpp"

namespace roomwire::client {

void RelaySockets::open(signal::RelayId relay, const std::string& url) {
  net::WebSocketHandlers handlers;
  handlers.on_open = [this, relay] { handlers_.on_open(relay); };
  handlers.on_message = [this, relay](std::string_view text) { handlers_.on_message(relay, text); };
  handlers.on_closed = [this, relay](const std::string& reason) {
    const auto ended = clients_.extract(relay);  // Alive until here: the reason is its own.
    handlers_.on_closed(relay, reason, ended.mapped()->was_reached());
  };
  clients_[relay] =
      std::make_unique<net::WebSocketClient>(loop_, resolver_, trust_, url, std::move(handlers));
}

void RelaySockets::send(signal::RelayId relay, std::string text) {
  const auto entry = clients_.find(relay);
  if (entry != clients_.end()) entry->second->send(std::move(text));
}

}  // namespace roomwire::client
