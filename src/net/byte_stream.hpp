// A TCP connection, with TLS or without, as one type. Beast's WebSocket code is instantiated for
// it once, instead of once for each transport: it is what takes longest to compile here. Only
// .cpp files include this.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace boost::asio::ssl {
class context;
}

namespace roomwire::net {

/// What Beast calls an AsyncStream. One read and one write at a time.
class ByteStream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;
  using ErrorCode = boost::system::error_code;

  explicit ByteStream(boost::asio::ip::tcp::socket socket);
  /// TLS, whose handshake is still to be made. `context` outlives this.
  ByteStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& context);
  ByteStream(ByteStream&& other) noexcept;
  ByteStream& operator=(ByteStream&& other) noexcept;
  ~ByteStream();

  executor_type get_executor() { return socket().get_executor(); }
  boost::asio::ip::tcp::socket& socket();
  /// OpenSSL's SSL*, or nullptr without TLS.
  void* native_tls();
  /// At once, without a good-bye; what waits ends with operation_aborted.
  void close();

  /// Takes `void(ErrorCode)`. Only with TLS.
  template <class Handler>
  void async_tls_handshake(bool as_server, Handler&& handler) {
    auto done = [handler = std::forward<Handler>(handler)](ErrorCode error, std::size_t) mutable {
      handler(error);
    };
    handshake(as_server, erase(std::move(done)));
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    boost::asio::mutable_buffer into;
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end && into.size() == 0; ++it)
      into = *it;
    read(into, erase(std::forward<Handler>(handler)));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    Gather from;
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers);
         it != end && from.count < from.parts.size(); ++it) {
      const boost::asio::const_buffer part(*it);
      if (part.size() > 0) from.parts[from.count++] = part;
    }
    write(from, erase(std::forward<Handler>(handler)));
  }

  /// A few buffers, as a sequence that Asio takes.
  struct Gather {
    using value_type = boost::asio::const_buffer;
    using const_iterator = const value_type*;
    const_iterator begin() const { return parts.data(); }
    const_iterator end() const { return parts.data() + count; }
    std::array<value_type, 4> parts;
    std::size_t count = 0;
  };

  /// A handler of any type, called once.
  class Completion {
   public:
    virtual ~Completion() = default;
    virtual void complete(ErrorCode error, std::size_t bytes) = 0;
  };

  struct Backend;

 private:
  template <class Handler>
  static std::unique_ptr<Completion> erase(Handler&& handler) {
    struct Erased : Completion {
      explicit Erased(Handler&& from) : inner(std::forward<Handler>(from)) {}
      void complete(ErrorCode error, std::size_t bytes) override { std::move(inner)(error, bytes); }
      std::decay_t<Handler> inner;
    };
    return std::make_unique<Erased>(std::forward<Handler>(handler));
  }

  void handshake(bool as_server, std::unique_ptr<Completion> done);
  void read(boost::asio::mutable_buffer into, std::unique_ptr<Completion> done);
  void write(const Gather& from, std::unique_ptr<Completion> done);

  std::unique_ptr<Backend> backend_;
};

/// Beast calls these two, found by the type of their argument: to end a connection whose closing
/// frames have been exchanged, and one that ran out of time.
template <class Handler>
void async_teardown(boost::beast::role_type, ByteStream& stream, Handler&& handler) {
  stream.close();
  boost::asio::post(stream.get_executor(),
                    [handler = std::forward<Handler>(handler)]() mutable { handler({}); });
}

inline void beast_close_socket(ByteStream& stream) {
  stream.close();
}

}  // namespace roomwire::net
