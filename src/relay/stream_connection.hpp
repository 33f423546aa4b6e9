// Connection over a stream of either kind. Included by plain_connection.cpp and
// tls_connection.cpp only: Beast takes long to compile.
#pragma once

#include <array>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <type_traits>
#include <utility>

#include "relay/connection.hpp"
#include "relay/pages.hpp"

namespace roomwire::relay {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

/// Stream is beast::tcp_stream, or an SSL stream over one.
template <class Stream>
class StreamConnection final : public Connection {
  static constexpr bool has_tls = !std::is_same_v<Stream, beast::tcp_stream>;
  static constexpr std::uint32_t max_header_bytes = 8192;
  static constexpr std::size_t max_discarded_bytes = 64U << 10;
  static constexpr std::size_t max_reason_bytes = 123;  // RFC 6455 section 5.5

 public:
  template <class... Args>
  StreamConnection(std::shared_ptr<ConnectionHost> host, const Endpoint& remote,
                   std::optional<std::string> refusal, Args&&... stream)
      : Connection(remote, std::move(refusal)),
        host_(std::move(host)),
        websocket_(std::forward<Args>(stream)...),
        request_(std::make_unique<Request>()) {}

  void start(Duration time_to_ask) override {
    // One limit for TLS and the request together: a client may not stretch it byte by byte.
    socket().expires_after(time_to_ask);
    if constexpr (has_tls) {
      websocket_.next_layer().async_handshake(asio::ssl::stream_base::server,
                                              bind(&StreamConnection::on_handshake));
    } else {
      read_request();
    }
  }

  void send(const SharedText& text) override {
    if (is_closing_ || is_finished_) return;
    queue_.push_back(text);
    queued_bytes_ += text->size();
    if (queue_.size() == 1) write_next();
  }

  void close(std::uint16_t code, const std::string& reason) override {
    if (is_finished_ || std::exchange(is_closing_, true)) return;
    if (!session_) return finish(reason);
    close_reason_ = reason;
    while (queue_.size() > 1) {  // The first one is being written.
      queued_bytes_ -= queue_.back()->size();
      queue_.pop_back();
    }
    // The good-bye waits for the write under way, which a client that does not read never ends.
    close_timer_ =
        std::make_unique<asio::steady_timer>(websocket_.get_executor(), host_->timeouts().close);
    close_timer_->async_wait(bind(&StreamConnection::on_closed));
    websocket_.async_close(
        websocket::close_reason(static_cast<websocket::close_code>(code),
                                std::string_view(reason).substr(0, max_reason_bytes)),
        bind(&StreamConnection::on_closed));
  }

  void abort(const std::string& reason) override { finish(reason); }

 private:
  /// Needed until the WebSocket is open, and freed then.
  struct Request {
    beast::flat_buffer buffer{max_header_bytes};
    http::request_parser<http::empty_body> parser;
    HttpResponse response;
    std::string reason;
    std::array<char, 1024> discarded{};
    std::size_t discarded_bytes = 0;
  };

  beast::tcp_stream& socket() { return beast::get_lowest_layer(websocket_); }

  template <class Method>
  auto bind(Method method) {
    return beast::bind_front_handler(
        method, std::static_pointer_cast<StreamConnection>(shared_from_this()));
  }

  static void on_handshake(const std::shared_ptr<StreamConnection>& self, beast::error_code error) {
    if (!error) return self->read_request();
    self->finish(error == beast::error::timeout ? "no TLS handshake in time"
                                                : "TLS handshake failed: " + error.message());
  }

  void read_request() {
    if (is_finished_) return;
    request_->parser.header_limit(max_header_bytes);
    request_->parser.body_limit(boost::none);  // No body is ever read.
    http::async_read_header(websocket_.next_layer(), request_->buffer, request_->parser,
                            bind(&StreamConnection::on_request));
  }

  static void on_request(const std::shared_ptr<StreamConnection>& self, beast::error_code error,
                         std::size_t) {
    if (self->is_finished_) return;
    self->host_->on_request(*self);
    const auto& request = self->request_->parser.get();
    if (error) {
      self->answer_bad_request(error);
    } else if (self->refusal_) {
      self->respond(respond_with_error("503 Service Unavailable", *self->refusal_),
                    *self->refusal_);
    } else if (websocket::is_upgrade(request)) {
      self->accept_websocket();
    } else {
      self->respond(self->host_->answer(self->asked()), "");
    }
  }

  HttpRequest asked() const {
    const auto& request = request_->parser.get();
    return {request.method_string(),
            request.target(),
            request[http::field::accept],
            request[http::field::accept_encoding],
            request[http::field::if_none_match],
            request[http::field::host],
            request[http::field::origin],
            has_tls};
  }

  void answer_bad_request(beast::error_code error) {
    if (error == beast::error::timeout) {
      finish("no request in time");
    } else if (is_too_large(error) && request_->parser.get().target().empty()) {
      respond(respond_with_error("414 URI Too Long", "The request line has at most 8 KiB."),
              "HTTP request line too long");
    } else if (is_too_large(error)) {
      respond(respond_with_error("431 Request Header Fields Too Large",
                                 "The header has at most 8 KiB."),
              "HTTP header too large");
    } else if (error.category() == make_error_code(http::error::end_of_stream).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      respond(respond_with_error("400 Bad Request",
                                 "This is a WebSocket relay: " + error.message() + "."),
              "not HTTP: " + error.message());
    } else {
      finish("gone before it asked for anything");
    }
  }

  static bool is_too_large(beast::error_code error) {
    return error == http::error::header_limit || error == http::error::buffer_overflow;
  }

  void respond(HttpResponse&& response, const std::string& reason) {
    request_->response = std::move(response);
    request_->reason = reason;
    const auto& [text, file] = request_->response;
    const ServerTimeouts& timeouts = host_->timeouts();
    socket().expires_after(file.empty() ? timeouts.close : timeouts.file);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(text), asio::buffer(file)};
    asio::async_write(websocket_.next_layer(), parts, bind(&StreamConnection::on_responded));
  }

  static void on_responded(const std::shared_ptr<StreamConnection>& self, beast::error_code error,
                           std::size_t) {
    if (error || self->is_finished_) return self->finish(self->request_->reason);
    beast::error_code ignored;
    self->socket().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    self->socket().expires_after(self->host_->timeouts().close);
    self->discard();
  }

  /// Closing while unread bytes lie here would reset the connection, and the answer be lost.
  void discard() {
    socket().async_read_some(asio::buffer(request_->discarded),
                             bind(&StreamConnection::on_discarded));
  }

  static void on_discarded(const std::shared_ptr<StreamConnection>& self, beast::error_code error,
                           std::size_t size) {
    self->request_->discarded_bytes += size;
    const bool is_enough = self->request_->discarded_bytes > max_discarded_bytes;
    if (error || is_enough || self->is_finished_) return self->finish(self->request_->reason);
    self->discard();
  }

  void accept_websocket() {
    if (const auto refused = host_->refuse_websocket(asked())) {
      return respond(respond_with_error("403 Forbidden", *refused), *refused);
    }
    socket().expires_never();
    websocket_.set_option(
        websocket::stream_base::timeout{host_->timeouts().close, host_->timeouts().idle, true});
    websocket_.read_message_max(host_->max_message_bytes());
    websocket_.async_accept(request_->parser.get(), bind(&StreamConnection::on_accepted));
  }

  static void on_accepted(const std::shared_ptr<StreamConnection>& self, beast::error_code error) {
    if (self->is_finished_) return;
    if (error) return self->finish("WebSocket refused: " + error.message());
    self->request_.reset();
    self->websocket_.text(true);
    self->host_->on_open(*self);
    self->read_next();
  }

  void read_next() {
    if (is_finished_) return;
    websocket_.async_read(buffer_, bind(&StreamConnection::on_read));
  }

  static void on_read(const std::shared_ptr<StreamConnection>& self, beast::error_code error,
                      std::size_t) {
    if (error) return self->finish(self->end_reason(error));
    if (!self->is_closing_ && !self->is_finished_) {
      const auto data = self->buffer_.cdata();
      self->host_->on_message(*self->session_,
                              {static_cast<const char*>(data.data()), data.size()});
    }
    // Given back, because most connections are idle most of the time.
    self->buffer_.clear();
    self->buffer_.shrink_to_fit();
    self->read_next();
  }

  void write_next() {
    websocket_.async_write(asio::buffer(*queue_.front()), bind(&StreamConnection::on_written));
  }

  static void on_written(const std::shared_ptr<StreamConnection>& self, beast::error_code error,
                         std::size_t) {
    if (self->is_finished_) return;
    if (error) return self->finish(self->end_reason(error));
    self->queued_bytes_ -= self->queue_.front()->size();
    self->queue_.pop_front();
    if (!self->queue_.empty()) self->write_next();
  }

  static void on_closed(const std::shared_ptr<StreamConnection>& self, beast::error_code error) {
    if (error != asio::error::operation_aborted) self->finish(self->close_reason_);
  }

  std::string end_reason(beast::error_code error) const {
    if (is_closing_) return close_reason_;
    if (error == websocket::error::closed) return "said good-bye";
    if (error == websocket::error::message_too_big) return "sent a message that is too large";
    if (error == beast::error::timeout) return "answers no ping";
    if (error == asio::error::eof) return "left without good-bye";
    return "connection lost: " + error.message();
  }

  void finish(const std::string& reason) {
    if (std::exchange(is_finished_, true)) return;
    socket().close();
    if (close_timer_) close_timer_->cancel();
    host_->on_finished(*this, reason);
  }

  std::shared_ptr<ConnectionHost> host_;
  websocket::stream<Stream, false> websocket_;  // Without compression, which costs much memory.
  std::unique_ptr<Request> request_;
  beast::flat_buffer buffer_;
  std::unique_ptr<asio::steady_timer> close_timer_;
  std::string close_reason_;
  bool is_closing_ = false;
  bool is_finished_ = false;
};

}  // namespace roomwire::relay
