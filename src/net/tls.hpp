// Which certificates are trusted.
#pragma once

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace roomwire::net {

/// The certificate authorities of the system, or those of one PEM file. Shared by all
/// connections, because loading them takes time and memory; outlives them. Loaded at the first
/// use.
class TlsTrust {
 public:
  /// The system's.
  TlsTrust();
  explicit TlsTrust(std::string ca_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  /// Verifies the peer, TLS 1.2 and later. When the file cannot be read, no certificate is
  /// trusted.
  boost::asio::ssl::context& client_context();

 private:
  std::string ca_file_;
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace roomwire::net
