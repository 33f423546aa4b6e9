#include "net/byte_stream.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <cassert>

namespace roomwire::net {

namespace asio = boost::asio;
using asio::ip::tcp;

struct ByteStream::Backend {
  virtual ~Backend() = default;
  virtual tcp::socket& socket() = 0;
  virtual SSL* tls() = 0;
  virtual void handshake(bool as_server, std::unique_ptr<Completion> done) = 0;
  virtual void read(asio::mutable_buffer into, std::unique_ptr<Completion> done) = 0;
  virtual void write(const Gather& from, std::unique_ptr<Completion> done) = 0;
};

namespace {

using Completion = ByteStream::Completion;

auto finish(std::unique_ptr<Completion> done) {
  return [done = std::move(done)](const ByteStream::ErrorCode& error, std::size_t bytes) {
    done->complete(error, bytes);
  };
}

struct TcpBackend : ByteStream::Backend {
  explicit TcpBackend(tcp::socket from) : stream(std::move(from)) {}
  tcp::socket& socket() override { return stream; }
  SSL* tls() override { return nullptr; }
  void handshake(bool, std::unique_ptr<Completion>) override { assert(false); }
  void read(asio::mutable_buffer into, std::unique_ptr<Completion> done) override {
    stream.async_read_some(into, finish(std::move(done)));
  }
  void write(const ByteStream::Gather& from, std::unique_ptr<Completion> done) override {
    stream.async_write_some(from, finish(std::move(done)));
  }
  tcp::socket stream;
};

struct TlsBackend : ByteStream::Backend {
  TlsBackend(tcp::socket from, asio::ssl::context& context) : stream(std::move(from), context) {}
  tcp::socket& socket() override { return stream.next_layer(); }
  SSL* tls() override { return stream.native_handle(); }
  void handshake(bool as_server, std::unique_ptr<Completion> done) override {
    stream.async_handshake(
        as_server ? asio::ssl::stream_base::server : asio::ssl::stream_base::client,
        [done = std::move(done)](const ByteStream::ErrorCode& error) { done->complete(error, 0); });
  }
  void read(asio::mutable_buffer into, std::unique_ptr<Completion> done) override {
    stream.async_read_some(into, finish(std::move(done)));
  }
  void write(const ByteStream::Gather& from, std::unique_ptr<Completion> done) override {
    stream.async_write_some(from, finish(std::move(done)));
  }
  asio::ssl::stream<tcp::socket> stream;
};

}  // namespace

ByteStream::ByteStream(tcp::socket socket)
    : backend_(std::make_unique<TcpBackend>(std::move(socket))) {}
ByteStream::ByteStream(tcp::socket socket, asio::ssl::context& context)
    : backend_(std::make_unique<TlsBackend>(std::move(socket), context)) {}
ByteStream::ByteStream(ByteStream&& other) noexcept = default;
ByteStream& ByteStream::operator=(ByteStream&& other) noexcept = default;
ByteStream::~ByteStream() = default;

tcp::socket& ByteStream::socket() {
  return backend_->socket();
}
void* ByteStream::native_tls() {
  return backend_->tls();
}

void ByteStream::close() {
  ErrorCode ignored;
  socket().close(ignored);
}

void ByteStream::handshake(bool as_server, std::unique_ptr<Completion> done) {
  backend_->handshake(as_server, std::move(done));
}
void ByteStream::read(asio::mutable_buffer into, std::unique_ptr<Completion> done) {
  backend_->read(into, std::move(done));
}
void ByteStream::write(const Gather& from, std::unique_ptr<Completion> done) {
  backend_->write(from, std::move(done));
}

}  // namespace roomwire::net
