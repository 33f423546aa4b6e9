#include "sockets/tcp_link.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <net/connector.hpp>
#include <net/socket_address.hpp>
#include <utility>

#include "sockets/socket_host.hpp"

namespace roomwire::sockets {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::size_t read_bytes = 16U << 10;
/// Put into one write.
constexpr std::size_t write_bytes = 64U << 10;
/// Taken by the kernel beyond what the reader has room for. Small, so that a slow reader is seen to
/// take what it takes.
constexpr int unsent_bytes = 128 << 10;

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

// Someone whose cable was pulled is noticed within half a minute, whether or not anything is sent.
void set_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 25'000);
}

Endpoint endpoint_of(int fd, int (*name)(int, sockaddr*, socklen_t*)) {
  net::SocketAddress address;
  socklen_t length = sizeof address;
  if (name(fd, &address.any, &length) != 0) return {};
  return net::from_socket_address(&address.any).value_or(Endpoint{});
}

}  // namespace

TcpLink::TcpLink(net::Loop& loop, net::ByteStream stream, TcpLinkOwner& owner, std::uint64_t id,
                 std::optional<osc::Framing> framing)
    : stream_(std::move(stream)),
      owner_(owner),
      id_(id),
      framing_(framing),
      reading_(read_bytes),
      write_hook_(loop, [this] { write(); }) {
  const int fd = stream_.socket().native_handle();
  set_options(fd);
  local_ = endpoint_of(fd, ::getsockname);
  remote_ = endpoint_of(fd, ::getpeername);
}

void TcpLink::start() {
  read();
}

void TcpLink::close() {
  if (!std::exchange(open_, false)) return;
  stream_.close();
}

std::size_t TcpLink::send(ByteView packet) {
  const std::size_t dropped = queue_.push(remote_, packet);
  if (!is_writing_) write_hook_.request();
  return dropped;
}

void TcpLink::resume() {
  if (open_ && std::exchange(paused_, false)) read();
}

void TcpLink::read() {
  paused_ = !owner_.may_read();
  if (paused_) return;
  stream_.async_read_some(asio::buffer(reading_),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t size) {
                            if (!self->open_) return;
                            if (error) return self->end(net::describe(error).message);
                            self->handle(ByteView(self->reading_).first(size));
                            if (self->open_) self->read();
                          });
}

void TcpLink::handle(ByteView bytes) {
  if (bytes.empty()) return;
  if (!decoder_) {
    const auto guessed = osc::guess_framing(bytes);
    if (!guessed) {
      owner_.on_link_malformed(*this, "what came is no OSC, neither with sizes nor in SLIP");
      if (open_) end("closed for bad framing");
      return;
    }
    decoder_.emplace(*guessed, max_tcp_frame);
    const auto spoken_to = std::exchange(framing_, guessed);
    write_hook_.request();
    if (spoken_to && spoken_to != guessed) owner_.on_link_framing(*this, *guessed);
  }
  const std::size_t dropped = decoder_->dropped();
  const auto fed = decoder_->feed(bytes, [this](ByteView packet) {
    if (open_) owner_.on_link_packet(*this, packet);
  });
  if (open_ && decoder_->dropped() > dropped)
    owner_.on_link_malformed(*this, "a frame that is not SLIP was left out");
  if (open_ && !fed) {
    owner_.on_link_malformed(*this, fed.error().message);
    if (open_) end("closed for bad framing");
  }
}

void TcpLink::write() {
  if (is_writing_ || !open_ || !framing_ || queue_.empty()) return;
  std::size_t count = 0;
  writing_.clear();
  while (count < queue_.size() && writing_.size() < write_bytes)
    osc::append_frame(*framing_, queue_.packet(count++), writing_);
  queue_.pop(count);
  sent_ += count;
  is_writing_ = true;
  const auto go_on = [self = shared_from_this(), taken = std::size_t{0}](
                         const ErrorCode& error, std::size_t so_far) mutable {
    if (so_far > std::exchange(taken, so_far) && self->open_) self->owner_.on_link_progress(*self);
    return error ? 0 : write_bytes;
  };
  asio::async_write(stream_, asio::buffer(writing_), go_on,
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      self->is_writing_ = false;
                      if (!self->open_) return;
                      if (error) return self->end(net::describe(error).message);
                      self->write();
                      self->owner_.on_link_progress(*self);
                    });
}

void TcpLink::end(const std::string& reason) {
  close();
  owner_.on_link_end(*this, reason);
}

}  // namespace roomwire::sockets
