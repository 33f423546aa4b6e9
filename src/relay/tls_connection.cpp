#include <boost/beast/websocket/ssl.hpp>

#include "relay/stream_connection.hpp"

namespace roomwire::relay {

std::shared_ptr<Connection> make_tls_connection(asio::ip::tcp::socket socket,
                                                asio::ssl::context& tls,
                                                std::shared_ptr<ConnectionHost> host,
                                                const Endpoint& remote,
                                                std::optional<std::string> refusal) {
  return std::make_shared<StreamConnection<asio::ssl::stream<beast::tcp_stream>>>(
      std::move(host), remote, std::move(refusal), beast::tcp_stream(std::move(socket)), tls);
}

}  // namespace roomwire::relay
