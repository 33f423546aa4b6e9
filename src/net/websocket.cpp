#include "net/websocket.hpp"

#include <base/encoding.hpp>
#include <base/web_socket_url.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <limits>
#include <optional>

#include "net/byte_stream.hpp"
#include "net/connector.hpp"
#include "net/loop.hpp"

namespace roomwire::net {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using SystemError = boost::system::error_code;

namespace {

// What somebody else wrote, fit for one line of a terminal.
std::string printable(std::string_view text) {
  std::string line = to_valid_utf8(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

Error closed() {
  return {ErrorKind::closed, "closed"};
}

std::string seconds(Duration time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

struct WebSocketClient::Impl : std::enable_shared_from_this<WebSocketClient::Impl> {
  // `ending` is `ended` but for on_closed, which is posted.
  enum class State { connecting, open, closing, ending, ended };
  struct Message {
    std::string bytes;
    bool is_text;
  };
  using Stream = websocket::stream<ByteStream>;

  Impl(Loop& owner, WebSocketHandlers callbacks, WebSocketOptions settings)
      : loop(owner),
        handlers(std::move(callbacks)),
        options(std::move(settings)),
        limit(owner, [this] { handle_limit(); }) {}

  void start(Resolver& resolver, TlsTrust& trust, std::string_view url);
  void handle_limit();
  void handshake(ByteStream connection);
  void configure();
  void opened();
  void read();
  void handle_read(const SystemError& error);
  void send(std::string message, bool is_text);
  void write();
  void close();
  void say_good_bye();
  void end_soon(Error why);
  void end(const Error& why);
  Error reason_of(const SystemError& error) const;
  Error reason_of_handshake(const SystemError& error) const;

  /// Wraps a handler of the stream so that it is skipped after the end.
  template <class Function>
  auto guarded(Function function) {
    return [self = shared_from_this(), function](const SystemError& error, auto&&...) {
      if (self->state < State::ending) function(*self, error);
    };
  }

  Loop& loop;
  WebSocketHandlers handlers;
  const WebSocketOptions options;
  Timer limit;  // of connecting, then of closing
  WebSocketUrl address;
  std::unique_ptr<Connector> connector;
  std::optional<Stream> stream;
  websocket::response_type response;
  beast::flat_buffer incoming;
  std::deque<Message> queue;  // its front is being written while `writing`
  std::size_t queued_bytes = 0;
  bool writing = false;
  bool owned = true;
  State state = State::connecting;
};

void WebSocketClient::Impl::start(Resolver& resolver, TlsTrust& trust, std::string_view url) {
  auto parsed = parse_web_socket_url(url);
  if (!parsed) return end_soon(parsed.error());
  address = std::move(*parsed);
  limit.set(loop.now() + options.connect_limit);
  const ConnectTarget target{address.host, address.port, address.tls};
  connector = std::make_unique<Connector>(loop, resolver, trust, target,
                                          [weak = weak_from_this()](Connector::Outcome outcome) {
                                            const auto self = weak.lock();
                                            if (!self || self->state != State::connecting) return;
                                            if (outcome)
                                              return self->handshake(std::move(*outcome));
                                            self->end(outcome.error());
                                          });
}

void WebSocketClient::Impl::handle_limit() {
  const auto self = shared_from_this();
  if (state == State::closing) return end(closed());
  end({ErrorKind::timed_out, "no answer within " + seconds(options.connect_limit),
       ErrorCode::no_answer});
}

void WebSocketClient::Impl::handshake(ByteStream connection) {
  stream.emplace(std::move(connection));
  configure();
  stream->async_handshake(response, address.host_header, address.target,
                          guarded([](Impl& self, const SystemError& error) {
                            if (error) return self.end(self.reason_of_handshake(error));
                            self.opened();
                          }));
}

void WebSocketClient::Impl::configure() {
  // Connecting and closing have `limit`; Beast sends the pings and notices silence.
  stream->set_option(
      websocket::stream_base::timeout{websocket::stream_base::none(), options.idle_limit, true});
  stream->set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
    request.set(beast::http::field::user_agent, "roomwire");
    if (!options.subprotocol.empty())
      request.set(beast::http::field::sec_websocket_protocol, options.subprotocol);
  }));
  // Read what is compressed, send plain: what is sent is short, and most of it is ciphertext.
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  deflate.msg_size_threshold = std::numeric_limits<std::size_t>::max();
  stream->set_option(deflate);
  stream->read_message_max(options.max_message_bytes);
  stream->auto_fragment(false);
}

void WebSocketClient::Impl::opened() {
  connector.reset();
  limit.cancel();
  state = State::open;
  read();
  if (!queue.empty()) write();
  if (owned && handlers.on_open) handlers.on_open();
}

void WebSocketClient::Impl::read() {
  stream->async_read(
      incoming, guarded([](Impl& self, const SystemError& error) { self.handle_read(error); }));
}

void WebSocketClient::Impl::handle_read(const SystemError& error) {
  if (error) return end(state == State::closing ? closed() : reason_of(error));
  if (state == State::open && handlers.on_message) {
    const auto data = incoming.cdata();
    handlers.on_message({static_cast<const char*>(data.data()), data.size()}, stream->got_text());
  }
  if (state >= State::ending) return;
  incoming.consume(incoming.size());
  read();
}

void WebSocketClient::Impl::send(std::string message, bool is_text) {
  if (state != State::connecting && state != State::open) return;
  if (queued_bytes + message.size() > options.max_queued_bytes)
    return end_soon({ErrorKind::limit, "more waits to be sent than the connection takes"});
  queued_bytes += message.size();
  queue.push_back({std::move(message), is_text});
  if (state == State::open && !writing) write();
}

void WebSocketClient::Impl::write() {
  writing = true;
  stream->text(queue.front().is_text);
  stream->async_write(
      boost::asio::buffer(queue.front().bytes), guarded([](Impl& self, const SystemError& error) {
        self.writing = false;
        if (error) {
          return self.end(self.state == State::closing ? closed() : self.reason_of(error));
        }
        self.queued_bytes -= self.queue.front().bytes.size();
        self.queue.pop_front();
        if (!self.queue.empty()) return self.write();
        if (self.state == State::closing) self.say_good_bye();
      }));
}

void WebSocketClient::Impl::close() {
  if (state == State::connecting) return end_soon(closed());
  if (state != State::open) return;
  state = State::closing;
  limit.set(loop.now() + options.close_limit);
  if (!writing) say_good_bye();
}

void WebSocketClient::Impl::say_good_bye() {
  stream->async_close(websocket::close_code::normal,
                      guarded([](Impl& self, const SystemError&) { self.end(closed()); }));
}

// Ends what the caller of a public function has in hands: never inside that call.
void WebSocketClient::Impl::end_soon(Error why) {
  if (state >= State::ending) return;
  state = State::ending;
  limit.cancel();
  loop.post([self = shared_from_this(), why = std::move(why)] { self->end(why); });
}

void WebSocketClient::Impl::end(const Error& why) {
  if (state == State::ended) return;
  state = State::ended;
  connector.reset();
  limit.cancel();
  if (stream) stream->next_layer().close();
  if (!writing) queue.clear();
  queued_bytes = 0;
  if (owned && handlers.on_closed) handlers.on_closed(why);
}

Error WebSocketClient::Impl::reason_of(const SystemError& error) const {
  if (error == websocket::error::closed) {
    const std::string said = printable(stream->reason().reason.c_str());
    return {ErrorKind::closed, "closed by the other side" + (said.empty() ? said : ": " + said),
            ErrorCode::connection_lost};
  }
  if (error == beast::error::timeout)
    return {ErrorKind::timed_out, "nothing heard for " + seconds(options.idle_limit),
            ErrorCode::connection_lost};
  if (error == websocket::error::message_too_big) return {ErrorKind::limit, "message too large"};
  if (error == websocket::condition::protocol_violation)
    return {ErrorKind::unavailable, "WebSocket protocol violated"};
  return describe(error);
}

Error WebSocketClient::Impl::reason_of_handshake(const SystemError& error) const {
  if (error == websocket::error::upgrade_declined)
    return {ErrorKind::unavailable, "HTTP " + std::to_string(response.result_int()),
            ErrorCode::http_refused};
  if (error == websocket::condition::handshake_failed ||
      error.category() == beast::http::make_error_code(beast::http::error::bad_version).category())
    return {ErrorKind::unavailable, "no WebSocket server there", ErrorCode::no_websocket};
  return describe(error);
}

WebSocketClient::WebSocketClient(Loop& loop, Resolver& resolver, TlsTrust& trust,
                                 std::string_view url, WebSocketHandlers handlers,
                                 WebSocketOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(handlers), std::move(options))) {
  impl_->start(resolver, trust, url);
}

WebSocketClient::~WebSocketClient() {
  impl_->owned = false;
  impl_->end(closed());
}

void WebSocketClient::send(std::string message, bool is_text) {
  impl_->send(std::move(message), is_text);
}
void WebSocketClient::close() {
  impl_->close();
}
bool WebSocketClient::is_open() const {
  return impl_->state == Impl::State::open;
}
bool WebSocketClient::was_reached() const {
  return impl_->stream.has_value();
}
std::size_t WebSocketClient::queued_bytes() const {
  return impl_->queued_bytes;
}

}  // namespace roomwire::net
