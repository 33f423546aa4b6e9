#include "relay/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <net/system_error.hpp>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "relay/admission.hpp"
#include "relay/connection.hpp"
#include "relay/core.hpp"
#include "relay/pages.hpp"
#include "relay/silent_connections.hpp"

namespace roomwire::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Connections beyond the limits that are told so; those beyond these are dropped unheard.
constexpr std::size_t max_refusals_under_way = 64;
/// How long to wait after accept() failed for lack of something that may come back.
constexpr auto accept_pause = 200ms;

tcp::endpoint to_asio(const Endpoint& endpoint) {
  const std::string_view bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    asio::ip::address_v4::bytes_type v4{};
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return {asio::ip::address_v4(v4), endpoint.port};
  }
  asio::ip::address_v6::bytes_type v6{};
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return {asio::ip::address_v6(v6, endpoint.address.scope()), endpoint.port};
}

Endpoint from_asio(const tcp::endpoint& endpoint) {
  const asio::ip::address address = endpoint.address();
  if (address.is_v4()) return {IpAddress::v4(address.to_v4().to_bytes()), endpoint.port()};
  const asio::ip::address_v6 v6 = address.to_v6();
  const auto scope = static_cast<std::uint32_t>(v6.scope_id());
  return {IpAddress::v6(v6.to_bytes(), scope), endpoint.port()};
}

Result<std::unique_ptr<asio::ssl::context>> make_tls(const ServerTls& files) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  error_code error;
  context->use_certificate_chain_file(files.certificate_file, error);
  if (error) {
    return failure(ErrorKind::invalid_input,
                   "cannot use the certificate " + files.certificate_file + ": " + error.message());
  }
  context->use_private_key_file(files.key_file, asio::ssl::context::pem, error);
  if (error) {
    return failure(ErrorKind::invalid_input,
                   "cannot use the key " + files.key_file + ": " + error.message());
  }
  return context;
}

}  // namespace

class Server::Impl final : public ConnectionHost,
                           private Sink,
                           public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::io_context& io, ServerOptions options, std::unique_ptr<asio::ssl::context> tls)
      : io_(io),
        options_(std::move(options)),
        tls_(std::move(tls)),
        core_(options_.limits, *this),
        admission_(options_.limits) {}

  Result<void> listen();
  void accept_all();
  void stop(std::function<void()> done);
  void drop_all();

  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  std::size_t clients() const { return clients_.size(); }
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Listener {
    Listener(asio::io_context& io, bool has_tls) : acceptor(io), pause(io), tls(has_tls) {}
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    bool tls;
  };

  Result<void> listen_on(const std::vector<Endpoint>& endpoints, bool has_tls);
  Result<void> open(Listener& listener, const Endpoint& endpoint) const;
  void accept_next(Listener& listener);
  void on_accept(Listener& listener, error_code error, tcp::socket socket);
  void admit(const Listener& listener, tcp::socket socket);
  void wait_for_request(Connection& connection);
  void report(ServerEvent::Kind kind, const Endpoint& remote, const std::string& reason);

  const ServerTimeouts& timeouts() const override { return options_.timeouts; }
  std::size_t max_message_bytes() const override { return options_.limits.message_bytes; }
  HttpResponse answer(const HttpRequest& request) override;
  std::optional<std::string> refuse_websocket(const HttpRequest& request) override;
  void on_request(Connection& connection) override { silent_.remove(connection); }
  void on_open(Connection& connection) override;
  void on_message(SessionId session, std::string_view text) override;
  void on_finished(Connection& connection, const std::string& reason) override;

  void send(SessionId session, const SharedText& text) override;
  void close(SessionId session, std::uint16_t code, const std::string& reason) override;
  std::size_t queued_bytes(SessionId session) const override;

  asio::io_context& io_;
  ServerOptions options_;
  std::unique_ptr<asio::ssl::context> tls_;
  Core core_;
  Admission admission_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<Endpoint> endpoints_;
  // Connections keep themselves alive, and are in here until they are finished.
  std::unordered_set<Connection*> connections_;
  std::unordered_map<SessionId, Connection*> clients_;
  SilentConnections silent_;
  std::size_t refusals_under_way_ = 0;
  bool is_stopped_ = false;
  std::function<void()> on_stopped_;
};

Result<void> Server::Impl::listen() {
  if (options_.listen.empty()) {
    return failure(ErrorKind::invalid_input, "no address to listen on");
  }
  if (auto listening = listen_on(options_.listen, tls_ != nullptr); !listening) return listening;
  return listen_on(options_.listen_plain, false);
}

Result<void> Server::Impl::listen_on(const std::vector<Endpoint>& endpoints, bool has_tls) {
  for (const Endpoint& endpoint : endpoints) {
    auto listener = std::make_unique<Listener>(io_, has_tls);
    if (auto opened = open(*listener, endpoint); !opened) return opened;
    endpoints_.push_back(from_asio(listener->acceptor.local_endpoint()));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

Result<void> Server::Impl::open(Listener& listener, const Endpoint& endpoint) const {
  const tcp::endpoint address = to_asio(endpoint);
  error_code error;
  tcp::acceptor& acceptor = listener.acceptor;
  acceptor.open(address.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address.is_v6()) {
    const bool lists_v4 = std::any_of(options_.listen.begin(), options_.listen.end(),
                                      [](const Endpoint& e) { return e.address.is_v4(); });
    acceptor.set_option(asio::ip::v6_only(lists_v4), error);
  }
  if (!error) acceptor.bind(address, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) return {};
  return tl::unexpected<Error>(
      net::system_error("cannot listen on " + endpoint.to_string(), error.value()));
}

void Server::Impl::accept_all() {
  for (const auto& listener : listeners_)
    accept_next(*listener);
}

void Server::Impl::accept_next(Listener& listener) {
  if (is_stopped_) return;
  listener.acceptor.async_accept(
      [self = shared_from_this(), &listener](error_code error, tcp::socket socket) {
        self->on_accept(listener, error, std::move(socket));
      });
}

void Server::Impl::on_accept(Listener& listener, error_code error, tcp::socket socket) {
  if (is_stopped_ || error == asio::error::operation_aborted) return;
  if (!error) {
    admit(listener, std::move(socket));
    return accept_next(listener);
  }
  if (error == asio::error::connection_aborted) return accept_next(listener);
  report(ServerEvent::Kind::trouble, {}, "cannot accept connections: " + error.message());
  listener.pause.expires_after(accept_pause);
  listener.pause.async_wait([self = shared_from_this(), &listener](error_code aborted) {
    if (!aborted) self->accept_next(listener);
  });
}

void Server::Impl::admit(const Listener& listener, tcp::socket socket) {
  error_code error;
  const tcp::endpoint address = socket.remote_endpoint(error);
  if (error) return;  // Gone already.
  socket.set_option(tcp::no_delay(true), error);
  const Endpoint remote = from_asio(address);
  auto refusal = admission_.enter(remote.address);
  if (refusal) {
    if (refusals_under_way_ >= max_refusals_under_way) {
      return report(ServerEvent::Kind::refused, remote, *refusal);
    }
    ++refusals_under_way_;
  }
  const auto connection = listener.tls
                              ? make_tls_connection(std::move(socket), *tls_, shared_from_this(),
                                                    remote, std::move(refusal))
                              : make_plain_connection(std::move(socket), shared_from_this(), remote,
                                                      std::move(refusal));
  connections_.insert(connection.get());
  wait_for_request(*connection);
}

void Server::Impl::wait_for_request(Connection& connection) {
  const Time now = std::chrono::steady_clock::now();
  const ServerTimeouts& limits = options_.timeouts;
  const Duration patience =
      connection.refusal() ? limits.request : time_to_ask(limits, connection.remote().address);
  if (patience > limits.request) silent_.add(now, connection);
  connection.start(patience);
  const std::size_t most = options_.limits.silent_connections;
  while (Connection* oldest = silent_.surplus(most, now - limits.request)) {
    oldest->abort("no request while many others wait");
  }
}

void Server::Impl::stop(std::function<void()> done) {
  is_stopped_ = true;
  for (const auto& listener : listeners_) {
    error_code ignored;
    listener->acceptor.close(ignored);
    listener->pause.cancel();
  }
  on_stopped_ = std::move(done);
  const auto connections = connections_;  // A copy: close() may take the connection out.
  for (Connection* connection : connections) {
    if (connections_.contains(connection)) {
      connection->close(close_code::going_away, "the relay stops");
    }
  }
  if (connections_.empty() && on_stopped_) asio::post(io_, std::exchange(on_stopped_, {}));
}

void Server::Impl::drop_all() {
  options_.on_event = {};
  stop({});
  while (!connections_.empty())
    (*connections_.begin())->abort("the relay stops");
}

void Server::Impl::report(ServerEvent::Kind kind, const Endpoint& remote,
                          const std::string& reason) {
  if (options_.on_event) options_.on_event({kind, remote, reason, clients_.size()});
}

HttpResponse Server::Impl::answer(const HttpRequest& request) {
  const bool about_relay =
      path_of(request.target) == "/" && (wants_document(request) || request.method == "OPTIONS");
  if (options_.site && !about_relay) {
    return respond(*options_.site, options_.allowed_origins.value_or(Origins{}), request);
  }
  return respond({options_.name, options_.description, options_.version, tls_ != nullptr},
                 options_.limits, request);
}

std::optional<std::string> Server::Impl::refuse_websocket(const HttpRequest& request) {
  if (!options_.allowed_origins) return std::nullopt;
  auto refused = refuse_page(request, *options_.allowed_origins, options_.site.has_value());
  if (refused) report(ServerEvent::Kind::page_refused, {}, *refused);
  return refused;
}

void Server::Impl::on_open(Connection& connection) {
  const SessionId session = core_.open(std::chrono::steady_clock::now());
  connection.open_as(session);
  clients_.emplace(session, &connection);
  report(ServerEvent::Kind::connected, connection.remote(), "");
}

void Server::Impl::on_message(SessionId session, std::string_view text) {
  core_.message(std::chrono::steady_clock::now(), session, text);
}

void Server::Impl::on_finished(Connection& connection, const std::string& reason) {
  connections_.erase(&connection);
  silent_.remove(connection);
  if (connection.refusal()) {
    --refusals_under_way_;
  } else {
    admission_.leave(connection.remote().address);
  }
  if (const auto session = connection.session()) {
    clients_.erase(*session);
    core_.closed(*session);
    report(ServerEvent::Kind::disconnected, connection.remote(), reason);
  } else if (!reason.empty()) {
    report(ServerEvent::Kind::refused, connection.remote(), reason);
  }
  if (is_stopped_ && connections_.empty() && on_stopped_) {
    asio::post(io_, std::exchange(on_stopped_, {}));
  }
}

void Server::Impl::send(SessionId session, const SharedText& text) {
  const auto found = clients_.find(session);
  if (found != clients_.end()) found->second->send(text);
}

void Server::Impl::close(SessionId session, std::uint16_t code, const std::string& reason) {
  const auto found = clients_.find(session);
  if (found != clients_.end()) found->second->close(code, reason);
}

std::size_t Server::Impl::queued_bytes(SessionId session) const {
  const auto found = clients_.find(session);
  return found == clients_.end() ? 0 : found->second->queued_bytes();
}

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, ServerOptions options) {
  std::unique_ptr<asio::ssl::context> tls;
  if (options.tls) {
    auto made = make_tls(*options.tls);
    if (!made) return tl::unexpected(made.error());
    tls = std::move(*made);
  }
  auto impl = std::make_shared<Impl>(io, std::move(options), std::move(tls));
  if (auto listening = impl->listen(); !listening) return tl::unexpected(listening.error());
  impl->accept_all();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() {
  impl_->drop_all();
}

const std::vector<Endpoint>& Server::endpoints() const {
  return impl_->endpoints();
}
std::size_t Server::clients() const {
  return impl_->clients();
}
std::size_t Server::connections() const {
  return impl_->connections();
}
void Server::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}

std::size_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return limit.rlim_cur;
}

}  // namespace roomwire::relay
