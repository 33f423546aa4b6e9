// A WebSocket server for tests, on loopback and on the loop of the test.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace roomwire::net {

class Loop;

struct TestServerOptions {
  boost::asio::ssl::context* tls = nullptr;
  bool deflate = false;
  bool echo = true;
  bool read = true;  ///< Off: what comes is left in the socket.
  std::string address = "127.0.0.1";
};

class TestServer {
 public:
  using Options = TestServerOptions;
  explicit TestServer(Loop& loop, Options options = {});
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const;
  /// To every client.
  void send(const std::string& message, bool text = true);
  void close(const std::string& reason);
  /// Drops every client, without a good-bye.
  void drop();

  std::vector<std::string> received;
  std::vector<std::string> requests;      ///< The head of each upgrade request.
  std::vector<std::string> server_names;  ///< Of the TLS handshakes.
  int pings = 0;
  int closed = 0;  ///< Clients that said good-bye.

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Accepts connections, keeps what they send, and answers with fixed bytes, or never.
class RawServer {
 public:
  RawServer(Loop& loop, std::string answer);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const;
  std::string received;
  int accepted = 0;
  int ended = 0;  ///< Connections that the client closed.
  bool close_at_once = false;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace roomwire::net
