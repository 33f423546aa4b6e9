#include "net/connector.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <base/address.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <list>
#include <optional>
#include <vector>

#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/socket_address.hpp"
#include "net/tls.hpp"

namespace roomwire::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using SystemError = boost::system::error_code;

namespace {

constexpr std::size_t max_addresses = 8;
constexpr Duration attempt_interval = 250ms;  // RFC 8305 section 5

tcp::endpoint to_asio(const Endpoint& endpoint) {
  SocketAddress address;
  const socklen_t length = to_socket_address(endpoint, address);
  tcp::endpoint converted(endpoint.address.is_v4() ? tcp::v4() : tcp::v6(), endpoint.port);
  std::copy_n(reinterpret_cast<const char*>(&address), length,
              reinterpret_cast<char*>(converted.data()));
  return converted;
}

// The families in turns, beginning with the one that the system put first (RFC 8305 section 4).
std::vector<IpAddress> in_turns(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> first;
  std::vector<IpAddress> second;
  for (const IpAddress& address : addresses)
    (address.is_v4() == addresses.front().is_v4() ? first : second).push_back(address);
  std::vector<IpAddress> ordered;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i < first.size()) ordered.push_back(first[i]);
    if (i < second.size()) ordered.push_back(second[i]);
  }
  if (ordered.size() > max_addresses) ordered.resize(max_addresses);
  return ordered;
}

// The certificate must be for the host that was asked for; and the server is told which that is.
bool expect_host(SSL* tls, const std::string& host) {
  if (IpAddress::parse(host))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  // The macro SSL_set_tlsext_host_name() does this with a cast in the old style.
  return SSL_set1_host(tls, host.c_str()) == 1 &&
         SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1;
}

Error unavailable(ErrorCode code, std::string message) {
  return {ErrorKind::unavailable, std::move(message), code};
}

Error describe_tls(SSL* tls, const SystemError& error) {
  const long verified = SSL_get_verify_result(tls);
  if (verified != X509_V_OK) {
    return unavailable(ErrorCode::certificate_invalid, std::string("certificate not valid: ") +
                                                           X509_verify_cert_error_string(verified));
  }
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::ssl::error::stream_truncated)
    return unavailable(ErrorCode::connection_lost, "connection closed during the TLS handshake");
  return unavailable(ErrorCode::tls_failed, "TLS: " + error.message());
}

}  // namespace

Error describe(const SystemError& error) {
  if (error == asio::error::connection_refused)
    return unavailable(ErrorCode::connection_refused, "connection refused");
  if (error == asio::error::timed_out) return unavailable(ErrorCode::no_answer, "no answer");
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated)
    return unavailable(ErrorCode::connection_lost, "connection lost");
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable)
    return unavailable(ErrorCode::no_network, "no route to the host");
  return unavailable(ErrorCode::other, error.message());
}

struct Connector::Impl : std::enable_shared_from_this<Connector::Impl> {
  Impl(Loop& owner, TlsTrust& certificates, ConnectTarget to, Done callback)
      : loop(owner),
        trust(certificates),
        target(std::move(to)),
        done(std::move(callback)),
        stagger(owner, [this] { try_next(); }) {}

  void connect_to(const Resolver::Addresses& found);
  void try_next();
  void connected(std::list<tcp::socket>::iterator socket, const SystemError& error);
  void secure(tcp::socket socket);
  void end(Outcome outcome);

  Loop& loop;
  TlsTrust& trust;
  const ConnectTarget target;
  Done done;
  Timer stagger;
  std::vector<IpAddress> addresses;
  std::size_t next = 0;
  std::list<tcp::socket> attempts;
  std::unique_ptr<ByteStream> stream;
  std::optional<Error> first_error;
  bool alive = true;
};

void Connector::Impl::connect_to(const Resolver::Addresses& found) {
  if (!found) return end(tl::unexpected<Error>(found.error()));
  addresses = in_turns(*found);
  try_next();
}

void Connector::Impl::try_next() {
  if (next == addresses.size()) return;
  const Endpoint endpoint{addresses[next++], target.port};
  const auto socket = attempts.emplace(attempts.end(), loop.io());
  socket->async_connect(to_asio(endpoint),
                        [self = shared_from_this(), socket](const SystemError& error) {
                          if (self->alive) self->connected(socket, error);
                        });
  stagger.set(loop.now() + attempt_interval);
}

void Connector::Impl::connected(std::list<tcp::socket>::iterator socket, const SystemError& error) {
  // Another attempt won already.
  if (addresses.empty()) return;
  if (error) {
    attempts.erase(socket);
    if (!first_error) first_error = describe(error);
    if (next < addresses.size()) {
      try_next();
    } else if (attempts.empty()) {
      end(tl::unexpected<Error>(*first_error));
    }
    return;
  }
  tcp::socket winner = std::move(*socket);
  addresses.clear();
  next = 0;
  stagger.cancel();
  attempts.clear();
  SystemError ignored;
  winner.set_option(tcp::no_delay(true), ignored);
  if (target.tls) return secure(std::move(winner));
  end(ByteStream(std::move(winner)));
}

void Connector::Impl::secure(tcp::socket socket) {
  stream = std::make_unique<ByteStream>(std::move(socket), trust.client_context());
  SSL* const tls = static_cast<SSL*>(stream->native_tls());
  if (!expect_host(tls, target.host))
    return end(failure(ErrorKind::invalid_input, "host name not usable with TLS"));
  stream->async_tls_handshake(false, [self = shared_from_this(), tls](const SystemError& error) {
    if (!self->alive) return;
    if (error) return self->end(tl::unexpected<Error>(describe_tls(tls, error)));
    ByteStream ready = std::move(*self->stream);
    self->stream.reset();
    self->end(std::move(ready));
  });
}

void Connector::Impl::end(Outcome outcome) {
  alive = false;
  const Done call = std::move(done);
  call(std::move(outcome));
}

Connector::Connector(Loop& loop, Resolver& resolver, TlsTrust& trust, ConnectTarget target,
                     Done done)
    : impl_(std::make_shared<Impl>(loop, trust, std::move(target), std::move(done))) {
  resolver.resolve(impl_->target.host, [weak = std::weak_ptr(impl_)](const auto& found) {
    if (const auto impl = weak.lock(); impl && impl->alive) impl->connect_to(found);
  });
}

Connector::~Connector() {
  impl_->alive = false;
  impl_->stagger.cancel();
  impl_->attempts.clear();
  if (impl_->stream) impl_->stream->close();
}

}  // namespace roomwire::net
