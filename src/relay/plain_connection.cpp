#include "relay/stream_connection.hpp"

namespace roomwire::relay {

std::shared_ptr<Connection> make_plain_connection(asio::ip::tcp::socket socket,
                                                  std::shared_ptr<ConnectionHost> host,
                                                  const Endpoint& remote,
                                                  std::optional<std::string> refusal) {
  return std::make_shared<StreamConnection<beast::tcp_stream>>(
      std::move(host), remote, std::move(refusal), std::move(socket));
}

}  // namespace roomwire::relay
