#include "net/udp_socket.hpp"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "net/loop.hpp"
#include "net/socket_address.hpp"
#include "net/system_error.hpp"
#include "net/udp_sender.hpp"

namespace roomwire::net {

namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

// Each buffer holds one datagram or, with UDP_GRO, up to 64 of them. Only the pages that datagrams
// touch take memory.
constexpr std::size_t receive_buffer_bytes = 65'536;
// A timer that falls due, such as that of a light frame, waits for no more than a turn: so long are
// datagrams handed on in one, and so many before the clock is asked again.
constexpr Duration longest_turn = 250us;
constexpr std::size_t datagrams_between_looks = 8;
// More than this is not kept until the end of the turn: the other side can work on it already.
constexpr std::size_t flush_bytes = 128U << 10;
// Multicast DNS wants it (RFC 6762 section 11).
constexpr int multicast_hops = 255;

template <class T>
bool set_option(int fd, int level, int name, const T& value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

class SocketKernel : public UdpKernel {
 public:
  explicit SocketKernel(int fd) : fd_(fd) {}
  int send_many(mmsghdr* messages, unsigned count) override {
    const int sent = ::sendmmsg(fd_, messages, count, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
  }
  int send_one(mmsghdr* message) override {
    return ::sendmsg(fd_, &message->msg_hdr, MSG_NOSIGNAL) < 0 ? -errno : 1;
  }

 private:
  int fd_;
};

// The size of the datagrams in a message that UDP_GRO put together, or 0.
std::size_t segment_size(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(c), sizeof size);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  return 0;
}

}  // namespace

struct UdpSocket::Impl : std::enable_shared_from_this<UdpSocket::Impl> {
  Impl(Loop& loop, int fd, const Endpoint& address, Receive callback, const UdpOptions& options)
      : descriptor(loop.io(), fd),
        kernel(fd),
        sender(kernel, options.segment_offload, options.batch),
        flush_hook(loop, [this] { flush(); }),
        local(address),
        receive(std::move(callback)),
        batch(options.batch),
        buffers(new std::uint8_t[options.read_at_once * receive_buffer_bytes]),
        incoming(options.read_at_once) {}

  void wait_readable();
  void go_on();
  void read();
  bool hand_on();
  std::size_t read_batch();
  void split(msghdr& message, std::size_t size);
  void send(const Endpoint& remote, ByteView datagram);
  void flush();

  struct Incoming {
    struct Control {
      alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes;
    };
    explicit Incoming(std::size_t count)
        : messages(count), parts(count), remotes(count), controls(count) {}
    std::vector<mmsghdr> messages;
    std::vector<iovec> parts;
    std::vector<SocketAddress> remotes;
    std::vector<Control> controls;
  };

  Descriptor descriptor;
  SocketKernel kernel;
  UdpSender sender;
  TurnHook flush_hook;
  Endpoint local;
  Receive receive;
  bool batch;
  bool open = true;
  bool blocked = false;  // waits to be writable
  std::unique_ptr<std::uint8_t[]> buffers;
  Incoming incoming;
  std::vector<Datagram> datagrams;
  std::size_t handed_on = 0;  ///< Of datagrams.
  UdpStats stats;
};

void UdpSocket::Impl::wait_readable() {
  descriptor.async_wait(Descriptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (!self->open || error) return;
                          self->read();
                          self->go_on();
                        });
}

// What is left of a batch comes in turns of its own, and the socket is read when it is done.
void UdpSocket::Impl::go_on() {
  if (!hand_on()) {
    // Twice: asio looks for timers and sockets before the first, and what it found then comes
    // before the second. So who falls due within a turn does not wait for the next as well.
    boost::asio::post(descriptor.get_executor(), [self = shared_from_this()] {
      boost::asio::post(self->descriptor.get_executor(), [self] {
        if (self->open) self->go_on();
      });
    });
  } else if (open) {
    wait_readable();
  }
}

void UdpSocket::Impl::read() {
  datagrams.clear();
  handed_on = 0;
  const std::size_t count = read_batch();
  for (std::size_t i = 0; i < count; ++i)
    split(incoming.messages[i].msg_hdr, incoming.messages[i].msg_len);
  stats.received += datagrams.size();
}

// False when the turn has been long enough and some are left.
bool UdpSocket::Impl::hand_on() {
  const Time end = std::chrono::steady_clock::now() + longest_turn;
  while (open && receive && handed_on < datagrams.size()) {
    const std::size_t count = std::min(datagrams_between_looks, datagrams.size() - handed_on);
    receive(std::span(datagrams).subspan(std::exchange(handed_on, handed_on + count), count));
    if (handed_on < datagrams.size() && std::chrono::steady_clock::now() >= end) return false;
  }
  return true;
}

// How many messages came. Errors are what ICMP or the interface say of the past: nothing to do.
std::size_t UdpSocket::Impl::read_batch() {
  const std::size_t most = incoming.messages.size();
  for (std::size_t i = 0; i < most; ++i) {
    incoming.parts[i] = {buffers.get() + i * receive_buffer_bytes, receive_buffer_bytes};
    msghdr& header = incoming.messages[i].msg_hdr;
    header = {};
    header.msg_name = &incoming.remotes[i];
    header.msg_namelen = sizeof incoming.remotes[i];
    header.msg_iov = &incoming.parts[i];
    header.msg_iovlen = 1;
    header.msg_control = incoming.controls[i].bytes.data();
    header.msg_controllen = incoming.controls[i].bytes.size();
  }
  const int fd = descriptor.native_handle();
  if (batch) {
    const int count = ::recvmmsg(fd, incoming.messages.data(), static_cast<unsigned>(most),
                                 MSG_DONTWAIT, nullptr);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != ENOSYS) return 0;
    batch = false;
  }
  std::size_t count = 0;
  for (; count < most; ++count) {
    mmsghdr& message = incoming.messages[count];
    const ssize_t size = ::recvmsg(fd, &message.msg_hdr, MSG_DONTWAIT);
    if (size < 0) break;
    message.msg_len = static_cast<unsigned>(size);
  }
  return count;
}

void UdpSocket::Impl::split(msghdr& message, std::size_t size) {
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    ++stats.truncated;
    return;
  }
  const auto remote = from_socket_address(static_cast<const sockaddr*>(message.msg_name));
  if (!remote) return;
  const ByteView all{static_cast<const std::uint8_t*>(message.msg_iov->iov_base), size};
  const std::size_t step = segment_size(message);
  if (step == 0 || step >= size) {
    datagrams.push_back({*remote, all});
    return;
  }
  for (std::size_t at = 0; at < size; at += step)
    datagrams.push_back({*remote, all.subspan(at, std::min(step, size - at))});
}

void UdpSocket::Impl::send(const Endpoint& remote, ByteView datagram) {
  // The kernel would say no as well, but only after it was asked.
  if (remote.port == 0 || remote.address.is_v4() != local.address.is_v4()) {
    ++stats.send_dropped;
    return;
  }
  sender.push(remote, datagram);
  if (blocked) return;
  if (sender.queued_bytes() >= flush_bytes) {
    flush();
  } else {
    flush_hook.request();
  }
}

void UdpSocket::Impl::flush() {
  if (!open || blocked || sender.flush()) return;
  blocked = true;
  descriptor.async_wait(Descriptor::wait_write,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (!self->open || error) return;
                          self->blocked = false;
                          self->flush();
                        });
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::bind(Loop& loop, const Endpoint& local,
                                                   Receive receive, UdpOptions options) {
  const auto refused = [&](int error) {
    return tl::unexpected<Error>(system_error("UDP " + local.to_string(), error));
  };
  const int family = local.address.is_v4() ? AF_INET : AF_INET6;
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return refused(errno);
  if (family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (options.shared) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.joined_alone) {
    const bool v4 = family == AF_INET;
    set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0);
  }
  if (options.interface != 0)
    set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(options.interface));
  set_option(fd, SOL_SOCKET, SO_RCVBUF, options.buffer_bytes);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, options.buffer_bytes);
  if (options.receive_offload) set_option(fd, SOL_UDP, UDP_GRO, 1);
  SocketAddress address;
  socklen_t length = to_socket_address(local, address);
  if (::bind(fd, &address.any, length) != 0 || ::getsockname(fd, &address.any, &length) != 0) {
    const int error = errno;
    ::close(fd);
    return refused(error);
  }
  if (options.broadcast) set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
  const Endpoint bound = from_socket_address(&address.any).value_or(local);
  auto impl = std::make_shared<Impl>(loop, fd, bound, std::move(receive), options);
  impl->wait_readable();
  return std::unique_ptr<UdpSocket>(new UdpSocket(std::move(impl)));
}

UdpSocket::UdpSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

// What is queued still leaves, best effort: a good-bye is often the last thing that is sent.
UdpSocket::~UdpSocket() {
  if (!impl_->blocked) impl_->sender.flush();
  impl_->open = false;
  impl_->descriptor.close();
}

const Endpoint& UdpSocket::local() const {
  return impl_->local;
}
void UdpSocket::send(const Endpoint& remote, ByteView datagram) {
  impl_->send(remote, datagram);
}
void UdpSocket::flush() {
  impl_->flush();
}

bool UdpSocket::join(const IpAddress& group, const IpAddress& local, std::uint32_t index) {
  const int fd = impl_->descriptor.native_handle();
  if (group.is_v4()) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, group.bytes().data(), sizeof request.imr_multiaddr);
    std::memcpy(&request.imr_address, local.bytes().data(), sizeof request.imr_address);
    return set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.bytes().data(), sizeof request.ipv6mr_multiaddr);
  request.ipv6mr_interface = index;
  return set_option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, request);
}

void UdpSocket::share_port() {
  set_option(impl_->descriptor.native_handle(), SOL_SOCKET, SO_REUSEADDR, 1);
}

void UdpSocket::set_multicast_interface(const IpAddress& local, std::uint32_t index) {
  const int fd = impl_->descriptor.native_handle();
  if (impl_->local.address.is_v4()) {
    in_addr address{};
    std::memcpy(&address, local.bytes().data(), sizeof address);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, address);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, multicast_hops);
  } else {
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, multicast_hops);
  }
}

UdpStats UdpSocket::stats() const {
  UdpStats stats = impl_->stats;
  stats.sent = impl_->sender.sent();
  stats.send_dropped += impl_->sender.dropped();
  return stats;
}

}  // namespace roomwire::net
