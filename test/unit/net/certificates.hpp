// Certificates for tests, made on the spot.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace roomwire::net {

/// A certificate authority of its own.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// A PEM file with the authority's certificate; removed with this.
  const std::filesystem::path& file() const { return file_; }

  /// For a server whose certificate is for `subject` (such as `DNS:localhost,IP:127.0.0.1`) and
  /// valid until `valid_seconds` from now; negative: it has expired.
  std::unique_ptr<boost::asio::ssl::context> server_context(const std::string& subject,
                                                            long valid_seconds = 3'600) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::filesystem::path file_;
};

}  // namespace roomwire::net
