#include "websocket_server.hpp"

#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <net/byte_stream.hpp>
#include <net/loop.hpp>
#include <optional>
#include <sstream>

namespace roomwire::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

tcp::acceptor listen(Loop& loop, const std::string& address = "127.0.0.1") {
  return {loop.io(), tcp::endpoint(asio::ip::make_address(address), 0)};
}

}  // namespace

struct TestServer::Impl : std::enable_shared_from_this<TestServer::Impl> {
  struct Session : std::enable_shared_from_this<Session> {
    Session(std::shared_ptr<Impl> owner, ByteStream connection)
        : server(std::move(owner)), stream(std::move(connection)) {}

    void start() {
      if (server->options.tls == nullptr) return upgrade();
      stream.next_layer().async_tls_handshake(true, [self = shared_from_this()](ErrorCode error) {
        if (error || self->server->front == nullptr) return;
        const char* name = SSL_get_servername(
            static_cast<SSL*>(self->stream.next_layer().native_tls()), TLSEXT_NAMETYPE_host_name);
        self->server->front->server_names.emplace_back(name == nullptr ? "" : name);
        self->upgrade();
      });
    }

    void upgrade() {
      beast::http::async_read(stream.next_layer(), buffer, request,
                              [self = shared_from_this()](ErrorCode error, std::size_t) {
                                if (!error && self->server->front != nullptr) self->accept();
                              });
    }

    void accept() {
      std::ostringstream head;
      head << request.base();
      server->front->requests.push_back(head.str());
      websocket::permessage_deflate deflate;
      deflate.server_enable = server->options.deflate;
      stream.set_option(deflate);
      stream.control_callback([this](websocket::frame_type kind, std::string_view) {
        if (kind == websocket::frame_type::ping && server->front != nullptr) ++server->front->pings;
      });
      stream.async_accept(request, [self = shared_from_this()](ErrorCode error) {
        if (error) return;
        self->accepted = true;
        self->buffer.clear();
        self->write();
        if (self->server->options.read) self->read();
      });
    }

    void read() {
      stream.async_read(buffer, [self = shared_from_this()](ErrorCode error, std::size_t) {
        TestServer* const owner = self->server->front;
        if (owner == nullptr) return;
        if (error) {
          if (error == websocket::error::closed) ++owner->closed;
          return;
        }
        owner->received.push_back(beast::buffers_to_string(self->buffer.data()));
        self->buffer.clear();
        if (self->server->options.echo) self->send(owner->received.back(), self->stream.got_text());
        self->read();
      });
    }

    void send(const std::string& message, bool text) {
      queue.emplace_back(message, text);
      if (accepted && queue.size() == 1) write();
    }

    void write() {
      if (queue.empty()) return;
      stream.text(queue.front().second);
      stream.async_write(asio::buffer(queue.front().first),
                         [self = shared_from_this()](ErrorCode error, std::size_t) {
                           if (error) return;
                           self->queue.pop_front();
                           self->write();
                         });
    }

    void close(const std::string& reason) {
      stream.async_close({websocket::close_code::policy_error, reason},
                         [self = shared_from_this()](ErrorCode) {});
    }

    std::shared_ptr<Impl> server;
    websocket::stream<ByteStream> stream;
    beast::flat_buffer buffer;
    beast::http::request<beast::http::empty_body> request;
    std::deque<std::pair<std::string, bool>> queue;
    bool accepted = false;
  };

  Impl(Loop& loop, TestServer& owner, Options settings)
      : front(&owner), options(std::move(settings)), acceptor(listen(loop, options.address)) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      if (error || self->front == nullptr) return;
      ByteStream stream = self->options.tls != nullptr
                              ? ByteStream(std::move(socket), *self->options.tls)
                              : ByteStream(std::move(socket));
      self->sessions.push_back(std::make_shared<Session>(self, std::move(stream)));
      self->sessions.back()->start();
      self->accept();
    });
  }

  void drop() {
    for (const auto& session : sessions)
      session->stream.next_layer().close();
    sessions.clear();
  }

  TestServer* front;
  const Options options;
  tcp::acceptor acceptor;
  std::vector<std::shared_ptr<Session>> sessions;
};

TestServer::TestServer(Loop& loop, Options options)
    : impl_(std::make_shared<Impl>(loop, *this, std::move(options))) {
  impl_->accept();
}

TestServer::~TestServer() {
  impl_->front = nullptr;
  impl_->acceptor.close();
  impl_->drop();
}

std::uint16_t TestServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}
void TestServer::send(const std::string& message, bool text) {
  for (const auto& session : impl_->sessions)
    session->send(message, text);
}
void TestServer::close(const std::string& reason) {
  for (const auto& session : impl_->sessions)
    session->close(reason);
}
void TestServer::drop() {
  impl_->drop();
}

struct RawServer::Impl : std::enable_shared_from_this<RawServer::Impl> {
  struct Session {
    explicit Session(tcp::socket from) : socket(std::move(from)) {}
    tcp::socket socket;
    std::array<char, 4'096> data{};
  };

  Impl(Loop& loop, RawServer& owner, std::string bytes)
      : front(&owner), answer(std::move(bytes)), acceptor(listen(loop)) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      if (error || self->front == nullptr) return;
      ++self->front->accepted;
      self->accept();
      if (self->front->close_at_once) return;
      self->sessions.push_back(std::make_shared<Session>(std::move(socket)));
      self->read(self->sessions.back());
    });
  }

  void read(const std::shared_ptr<Session>& session) {
    session->socket.async_read_some(
        asio::buffer(session->data),
        [self = shared_from_this(), session](ErrorCode error, std::size_t size) {
          if (self->front == nullptr) return;
          if (error) {
            ++self->front->ended;
            return;
          }
          self->front->received.append(session->data.data(), size);
          if (!self->answer.empty())
            asio::write(session->socket, asio::buffer(self->answer), error);
          self->read(session);
        });
  }

  RawServer* front;
  const std::string answer;
  tcp::acceptor acceptor;
  std::vector<std::shared_ptr<Session>> sessions;
};

RawServer::RawServer(Loop& loop, std::string answer)
    : impl_(std::make_shared<Impl>(loop, *this, std::move(answer))) {
  impl_->accept();
}

RawServer::~RawServer() {
  impl_->front = nullptr;
  impl_->acceptor.close();
  impl_->sessions.clear();
}

std::uint16_t RawServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}

}  // namespace roomwire::net
