#include "sockets/tcp_listener.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <net/socket_address.hpp>
#include <net/system_error.hpp>
#include <utility>

#include "sockets/listen_addresses.hpp"

namespace roomwire::sockets {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

/// How long to wait after accept() failed for lack of something that may come back.
constexpr Duration accept_pause = 200ms;

tcp::endpoint to_asio(const Endpoint& endpoint) {
  net::SocketAddress address;
  const socklen_t length = net::to_socket_address(endpoint, address);
  tcp::endpoint converted(endpoint.address.is_v4() ? tcp::v4() : tcp::v6(), endpoint.port);
  std::copy_n(reinterpret_cast<const char*>(&address), length,
              reinterpret_cast<char*>(converted.data()));
  return converted;
}

Endpoint from_asio(const tcp::endpoint& endpoint) {
  return net::from_socket_address(endpoint.data()).value_or(Endpoint{});
}

}  // namespace

TcpListener::TcpListener(SocketSetHost& host, ListenerId id, SocketUrl url)
    : host_(host), id_(id), url_(std::move(url)), pause_(host.loop(), [this] {
        for (const std::size_t index : std::exchange(paused_, {}))
          accept(index);
      }) {}

Result<void> TcpListener::start() {
  auto bound = bind_all(
      url_, [this](const Endpoint& local) { return bind(local); }, [this] { acceptors_.clear(); });
  if (!bound) return bound;
  for (std::size_t i = 0; i < acceptors_.size(); ++i)
    accept(i);
  return {};
}

Result<std::uint16_t> TcpListener::bind(const Endpoint& local) {
  auto acceptor = std::make_unique<Acceptor>(host_.loop().io());
  const tcp::endpoint endpoint = to_asio(local);
  ErrorCode error;
  const auto step = [&](auto&& call) {
    if (!error) call();
  };
  step([&] { acceptor->open(endpoint.protocol(), error); });
  step([&] {
    if (local.address.is_v6()) acceptor->set_option(asio::ip::v6_only(true), error);
  });
  // Connections that ended a moment ago do not keep the port.
  step([&] { acceptor->set_option(tcp::acceptor::reuse_address(true), error); });
  step([&] { acceptor->bind(endpoint, error); });
  step([&] { acceptor->listen(tcp::acceptor::max_listen_connections, error); });
  tcp::endpoint chosen;
  step([&] { chosen = acceptor->local_endpoint(error); });
  if (error) return tl::unexpected<Error>(net::system_error("", error.value()));
  acceptors_.push_back(std::move(acceptor));
  return chosen.port();
}

void TcpListener::accept(std::size_t index) {
  acceptors_[index]->async_accept(
      [self = shared_from_this(), index](const ErrorCode& error, tcp::socket socket) {
        if (!self->open_) return;
        if (error) {
          self->paused_.push_back(index);
          self->pause_.set(self->host_.loop().now() + accept_pause);
          return;
        }
        self->add(std::move(socket));
        self->accept(index);
      });
}

void TcpListener::add(tcp::socket socket) {
  ErrorCode error;
  const Endpoint remote = from_asio(socket.remote_endpoint(error));
  if (error) return;
  const std::uint64_t id = host_.next_connection();
  if (links_.size() >= max_tcp_connections) {
    host_.malformed(
        {id_, Transport::tcp, remote, id},
        std::to_string(max_tcp_connections) + " connections are open: this one was closed");
    return;
  }
  TcpLinkOwner& owner = *this;
  auto link = std::make_shared<TcpLink>(host_.loop(), net::ByteStream(std::move(socket)), owner, id,
                                        std::nullopt);
  links_.emplace(id, link);
  link->start();
}

void TcpListener::close() {
  open_ = false;
  pause_.cancel();
  for (const auto& acceptor : acceptors_) {
    ErrorCode ignored;
    acceptor->close(ignored);
  }
  for (const auto& [id, link] : links_)
    link->close();
  links_.clear();
}

bool TcpListener::send_to(const Source& source, ByteView packet) {
  const auto found = links_.find(source.connection);
  if (found == links_.end() || packet.size() > max_tcp_frame) return false;
  found->second->send(packet);
  return true;
}

std::vector<Endpoint> TcpListener::endpoints() const {
  std::vector<Endpoint> all;
  for (const auto& acceptor : acceptors_) {
    ErrorCode error;
    const tcp::endpoint endpoint = acceptor->local_endpoint(error);
    if (!error) all.push_back(from_asio(endpoint));
  }
  return all;
}

void TcpListener::resume() {
  // Reading begins later, so none of them goes here.
  for (const auto& [id, link] : links_)
    link->resume();
}

Source TcpListener::source(const TcpLink& link) const {
  return {id_, Transport::tcp, link.remote(), link.id()};
}

void TcpListener::on_link_packet(TcpLink& link, ByteView packet) {
  host_.heard(source(link), packet);
}

void TcpListener::on_link_malformed(TcpLink& link, const std::string& reason) {
  host_.malformed(source(link), reason);
}

// Whoever comes and goes is not news: only destinations are.
void TcpListener::on_link_end(TcpLink& link, const std::string& /*reason*/) {
  links_.erase(link.id());
}

}  // namespace roomwire::sockets
