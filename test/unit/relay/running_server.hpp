// A relay's server on a thread of its own, and clients of it.
#pragma once

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "relay/server.hpp"

namespace roomwire::relay {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Kind = ServerEvent::Kind;

inline constexpr const char* upgrade_request =
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

inline const Endpoint loopback{IpAddress::v4({127, 0, 0, 1}), 0};

/// A server on a thread of its own, and what it reports.
class RunningServer {
 public:
  explicit RunningServer(ServerOptions options = {}) {
    if (options.listen.empty()) options.listen = {loopback};
    options.on_event = [this](const ServerEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
    auto started = Server::start(io_, std::move(options));
    if (!started) throw std::runtime_error(started.error().message);
    server_ = std::move(*started);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    on_loop([this] { server_.reset(); });
    work_.reset();
    thread_.join();
  }

  std::uint16_t port() const { return server_->port(); }
  Server& server() { return *server_; }

  void on_loop(std::function<void()> task) {
    std::promise<void> done;
    asio::post(io_, [&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Waits for the first event of this kind that was not waited for yet.
  ServerEvent next(Kind kind) {
    std::unique_lock lock(mutex_);
    while (true) {
      for (auto event = events_.begin(); event != events_.end(); ++event) {
        if (event->kind != kind) continue;
        ServerEvent found = *event;
        events_.erase(event);
        return found;
      }
      changed_.wait(lock);
    }
  }

  bool has(Kind kind) {
    const std::lock_guard lock(mutex_);
    return std::any_of(events_.begin(), events_.end(),
                       [kind](const ServerEvent& event) { return event.kind == kind; });
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ServerEvent> events_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

inline tcp::socket connect(asio::io_context& io, std::uint16_t port) {
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  socket.set_option(tcp::no_delay(true));
  return socket;
}

/// Bytes in, and all that comes back until the server closes.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(connect(io_, port)) {}
  void send(std::string_view text) {
    beast::error_code ignored;
    asio::write(socket_, asio::buffer(text), ignored);
  }
  std::string rest() {
    std::string text;
    beast::error_code ignored;
    asio::read(socket_, asio::dynamic_buffer(text), ignored);
    return text;
  }
  std::string ask(std::string_view text) {
    send(text);
    return rest();
  }
  std::string until(std::string_view end) {
    std::string text;
    asio::read_until(socket_, asio::dynamic_buffer(text), end);
    return text;
  }

 private:
  asio::io_context io_;
  tcp::socket socket_;
};

template <class Stream>
void write_text(websocket::stream<Stream>& stream, std::string_view text) {
  stream.write(asio::buffer(text));
}

template <class Stream>
std::string read_text(websocket::stream<Stream>& stream) {
  beast::flat_buffer buffer;
  stream.read(buffer);
  return beast::buffers_to_string(buffer.data());
}

class Client {
 public:
  explicit Client(std::uint16_t port, const std::string& path = "/") : stream_(connect(io_, port)) {
    stream_.handshake("127.0.0.1", path);
  }
  void send(std::string_view text) { write_text(stream_, text); }
  std::string read() { return read_text(stream_); }
  /// Reads until the other side closes, and returns its code.
  std::uint16_t close_code() {
    beast::flat_buffer buffer;
    beast::error_code error;
    while (!error)
      stream_.read(buffer, error);
    return stream_.reason().code;
  }
  void leave() { stream_.close(websocket::close_code::normal); }

 private:
  asio::io_context io_;
  websocket::stream<tcp::socket> stream_;
};

}  // namespace roomwire::relay
