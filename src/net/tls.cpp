#include "net/tls.hpp"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <utility>

namespace roomwire::net {

namespace ssl = boost::asio::ssl;

TlsTrust::TlsTrust() = default;
TlsTrust::TlsTrust(std::string ca_file) : ca_file_(std::move(ca_file)) {}
TlsTrust::~TlsTrust() = default;

ssl::context& TlsTrust::client_context() {
  if (context_) return *context_;
  context_ = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX* const native = context_->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  context_->set_verify_mode(ssl::verify_peer);
  boost::system::error_code ignored;
  if (ca_file_.empty()) {
    context_->set_default_verify_paths(ignored);
  } else {
    context_->load_verify_file(ca_file_, ignored);
  }
  return *context_;
}

}  // namespace roomwire::net
