#include "sockets/udp_destination.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstring>
#include <net/resolver.hpp>
#include <net/socket_address.hpp>
#include <system_error>
#include <utility>

#include "sockets/interface.hpp"

namespace roomwire::sockets {

namespace {

constexpr std::size_t max_reads_per_turn = 64;
constexpr std::size_t max_answers_per_turn = 256;
// The system picks source ports at random; one that equals the destination's is picked anew.
constexpr int max_source_picks = 8;

template <class T>
bool set_option(int fd, int level, int name, const T& value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::string describe(int error) {
  if (error == ENETUNREACH || error == ENETDOWN) return "no route to the host";
  if (error == EHOSTUNREACH || error == EHOSTDOWN) return "the host does not answer";
  return std::generic_category().message(error);
}

tl::unexpected<Error> system_failure(int error) {
  return failure(ErrorKind::unavailable, describe(error));
}

// What comes back by ICMP, or from a neighbour that does not answer ARP.
bool is_answer(int error) {
  return error == ECONNREFUSED || error == ENETUNREACH || error == EHOSTUNREACH ||
         error == EHOSTDOWN || error == ENETDOWN;
}

Result<void> local_name(int fd, Endpoint& local) {
  net::SocketAddress address;
  socklen_t length = sizeof address;
  if (::getsockname(fd, &address.any, &length) != 0) return system_failure(errno);
  local = net::from_socket_address(&address.any).value_or(Endpoint{});
  return {};
}

// OSC software listens on IPv4 first of all.
IpAddress choose(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    if (address.is_v4()) return address;
  }
  return addresses.front();
}

}  // namespace

UdpDestination::UdpDestination(SocketSetHost& host, DestinationId id, SocketUrl url)
    : host_(host),
      id_(id),
      url_(std::move(url)),
      pacer_(host.loop(), *this, [this](bool more) { host_.congested(more); }),
      retry_(host.loop(), [this] { look_up(); }),
      proof_(host.loop(), [this] { answered(); }),
      is_name_(!IpAddress::parse(url_.host)) {}

void UdpDestination::start() {
  pacer_.hold(true);
  look_up();
}

void UdpDestination::close() {
  pacer_.pump();
  open_ = false;
  retry_.cancel();
  proof_.cancel();
  socket_.reset();
}

void UdpDestination::look_up() {
  if (!is_name_) return open(*IpAddress::parse(url_.host));
  host_.resolver().resolve(url_.host,
                           [weak = weak_from_this()](const net::Resolver::Addresses& addresses) {
                             const auto self = weak.lock();
                             if (self && self->open_) self->found(addresses);
                           });
}

// An address that works is kept when nobody knows the name just now.
void UdpDestination::found(const net::Resolver::Addresses& addresses) {
  const bool works = socket_ && up_;
  if (!addresses) return works ? look_again() : lose(addresses.error().message);
  const bool is_one_of_them =
      std::find(addresses->begin(), addresses->end(), remote_.address) != addresses->end();
  if (works && is_one_of_them) return look_again();
  if (works) host_.notice(id_, url_.text() + " is at " + choose(*addresses).to_string() + " now");
  open(choose(*addresses));
}

void UdpDestination::open(const IpAddress& address) {
  const Endpoint remote{address, url_.port};
  if (socket_ && remote == remote_) return look_again();
  remote_ = remote;
  socket_.reset();
  const auto fd = make_socket();
  if (!fd) return lose(fd.error().message);
  socket_.emplace(host_.loop().io(), *fd);
  ++generation_;
  batch_.set_remote(connected_ ? std::nullopt : std::optional(remote_));
  host_.moved();
  gauge_.reset();
  if (one_host_ && is_local_address(remote_.address)) gauge_.emplace(local_, remote_);
  first_attempt_ = false;
  pacer_.hold(false);
  wait_readable();
  look_again();
  if (!up_) prove();
}

Result<int> UdpDestination::make_socket() {
  const int family = remote_.address.is_v4() ? AF_INET : AF_INET6;
  // A receiver on this machine needs the port for itself.
  const bool fixed = url_.source_port != 0 && !is_local_address(remote_.address);
  for (int pick = fixed ? -1 : 0; pick < max_source_picks; ++pick) {
    const int fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return system_failure(errno);
    const auto prepared = prepare(fd, pick < 0 ? url_.source_port : 0);
    if (pick < 0 && prepared) return fd;
    // On one machine it would take the very port that the receiver wants, and hear itself.
    if (prepared && local_.port != remote_.port) return fd;
    ::close(fd);
    if (!prepared && pick >= 0) return tl::unexpected(prepared.error());
  }
  return failure(ErrorKind::unavailable, "no free port to send from");
}

Result<void> UdpDestination::prepare(int fd, std::uint16_t source_port) {
  net::SocketAddress address;
  const bool to_many = url_.is_multicast() || url_.host == SocketUrl::limited_broadcast;
  if (to_many) {
    if (auto done = prepare_multicast(fd); !done) return done;
  }
  if (source_port != 0) {
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
  }
  if (to_many || source_port != 0) {
    const IpAddress any = remote_.address.is_v4() ? IpAddress() : IpAddress::v6({});
    const socklen_t size = net::to_socket_address({any, source_port}, address);
    const int error = ::bind(fd, &address.any, size) == 0 ? 0 : errno;
    if (error != 0) return system_failure(error);
  }
  // Where the port is shared also for broadcast, whose answers are the listener's to hear then.
  one_host_ = !to_many || source_port != 0;
  connected_ = false;
  if (one_host_) {
    if (auto done = set_remote(fd, source_port != 0); !done) return done;
  }
  return local_name(fd, local_);
}

// Connecting shows which address it sends from, and whether the remote is one host.
Result<void> UdpDestination::set_remote(int fd, bool shares_port) {
  net::SocketAddress address;
  socklen_t length = net::to_socket_address(remote_, address);
  if (::connect(fd, &address.any, length) != 0) {
    // So the kernel says that it is the broadcast address of one of its networks. The port is
    // chosen all the same.
    if (errno != EACCES) return system_failure(errno);
    one_host_ = false;
    set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
    return {};
  }
  const bool v4 = remote_.address.is_v4();
  set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, 1);
  connected_ = shares_port || host_.options().strict_source;
  if (connected_) return {};
  Endpoint local;
  if (auto done = local_name(fd, local); !done) return done;
  address.any = {};
  address.any.sa_family = AF_UNSPEC;
  if (::connect(fd, &address.any, sizeof address.any) != 0) return system_failure(errno);
  length = net::to_socket_address({local.address, 0}, address);
  if (::bind(fd, &address.any, length) != 0) return system_failure(errno);
  return {};
}

Result<void> UdpDestination::prepare_multicast(int fd) {
  const bool v4 = remote_.address.is_v4();
  const int hops = url_.ttl;
  int index = 0;
  if (!url_.interface.empty()) {
    const auto found = find_interface(url_.interface, v4);
    if (!found) return tl::unexpected(found.error());
    index = static_cast<int>(found->front().index);
  } else if (!address_towards(remote_.address)) {
    const auto network = first_network(v4);
    if (network) index = static_cast<int>(network->index);
  }
  if (v4) {
    set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, hops);
    if (index == 0) return {};
    ip_mreqn chosen{};
    chosen.imr_ifindex = index;
    set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, chosen);
    // 255.255.255.255 goes by this one.
    set_option(fd, IPPROTO_IP, IP_UNICAST_IF, htonl(static_cast<std::uint32_t>(index)));
  } else {
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
    if (index != 0) set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  }
  return {};
}

void UdpDestination::send(ByteView packet) {
  push({}, packet);
}

void UdpDestination::push(const Endpoint& remote, ByteView packet) {
  if (!socket_ && !first_attempt_) {
    ++stats_.dropped_down;
    return;
  }
  stats_.dropped_slow += pacer_.push(remote, packet);
}

bool UdpDestination::send_to(const Source& source, ByteView packet) {
  if (!socket_ || (one_host_ && !is_remote(source.remote))) return false;
  push(source.remote, packet);
  return true;
}

std::size_t UdpDestination::transmit(const PacketQueue& queue, std::size_t count) {
  if (gauge_) count = gauge_->allow(queue, host_.loop().now()).value_or(count);
  std::size_t done = 0;
  while (done < count) {
    // Where nobody listens, each packet is refused by itself.
    const int result =
        batch_.send(socket_->native_handle(), queue, done, count - done, gauge_ && up_);
    if (result > 0) {
      done += static_cast<std::size_t>(result);
      stats_.sent += static_cast<std::uint64_t>(result);
      retried_ = false;
      if (!up_) prove();
      continue;
    }
    const int error = -result;
    if (error == EINTR) continue;
    if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS) break;
    if (is_answer(error)) {
      // Often the answer to an earlier packet: this one was not sent, and the receiver may be back.
      if (!take_answers()) note_answer(error);
      if (!std::exchange(retried_, true)) continue;
      ++stats_.dropped_down;
    } else if (error == EMSGSIZE || error == EPERM || error == EACCES) {
      ++stats_.failed;
    } else {
      // The interface or the address that it sent from is gone.
      lose(describe(error));
      return 0;
    }
    retried_ = false;
    ++done;
  }
  return done;
}

void UdpDestination::wait_readable() {
  socket_->async_wait(
      Descriptor::wait_read, [weak = weak_from_this(), mine = generation_](const auto& error) {
        const auto self = weak.lock();
        const auto is_current = [&] { return self->socket_ && self->generation_ == mine; };
        if (!self || error || !is_current()) return;
        self->read();
        if (is_current()) self->wait_readable();
      });
}

void UdpDestination::read() {
  const std::span<std::uint8_t> buffer = host_.buffer();
  take_answers();
  for (std::size_t i = 0; i < max_reads_per_turn && socket_; ++i) {
    net::SocketAddress from;
    socklen_t length = sizeof from;
    const ssize_t size = ::recvfrom(socket_->native_handle(), buffer.data(), buffer.size(),
                                    MSG_DONTWAIT, &from.any, &length);
    if (size < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      const int error = errno;
      if (is_answer(error) && !take_answers()) note_answer(error);
      continue;
    }
    const auto remote = net::from_socket_address(&from.any);
    if (!remote || (one_host_ && !take_answer(*remote))) continue;
    host_.heard({id_, Transport::udp, *remote, 0},
                ByteView(buffer).first(static_cast<std::size_t>(size)));
  }
}

// Where it is connected the kernel says no of others.
bool UdpDestination::is_remote(const Endpoint& remote) const {
  return remote.address == remote_.address && (!connected_ || remote.port == remote_.port);
}

// False when somebody else sent it.
bool UdpDestination::take_answer(const Endpoint& remote) {
  if (!is_remote(remote)) {
    if (!std::exchange(other_host_said_, true))
      host_.notice(id_, remote.to_string() + " sends to where " + url_.text() +
                            " should answer, and is not heard: use --listen for others");
    return false;
  }
  if (remote.port != remote_.port && !std::exchange(other_port_said_, true))
    host_.notice(id_, url_.text() + " answers from port " + std::to_string(remote.port) +
                          ", which is heard (--strict-source leaves such out)");
  answered();
  return true;
}

// What ICMP and ARP said of earlier packets; false when there was nothing (ip(7), IP_RECVERR).
// Without that option a socket hears of a closed port only when it is connected, and never of a
// machine that is not there.
bool UdpDestination::take_answers() {
  bool any = false;
  for (std::size_t i = 0; i < max_answers_per_turn && one_host_; ++i) {
    alignas(cmsghdr) std::array<char, 256> control;
    net::SocketAddress sent_to;
    msghdr header{};
    header.msg_name = &sent_to;
    header.msg_namelen = sizeof sent_to;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (::recvmsg(socket_->native_handle(), &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
          !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
        continue;
      sock_extended_err error;
      std::memcpy(&error, CMSG_DATA(c), sizeof error);
      const int code = static_cast<int>(error.ee_errno);
      if (!is_answer(code)) continue;
      any = true;
      // A socket that asked, was answered, and is closed by now is not the destination.
      const auto remote = net::from_socket_address(&sent_to.any);
      if (!remote || remote->port == remote_.port) note_answer(code);
    }
  }
  return any;
}

void UdpDestination::prove() {
  if (!std::exchange(proving_, true)) proof_.set(host_.loop().now() + host_.options().proof);
}

void UdpDestination::note_answer(int error) {
  proving_ = false;
  proof_.cancel();
  if (error == ECONNREFUSED) ++stats_.refused;
  set_up(false, error == ECONNREFUSED ? " refuses (nobody listens there); trying on"
                                      : ": " + describe(error) + "; trying on");
}

void UdpDestination::answered() {
  proving_ = false;
  proof_.cancel();
  if (up_) return;
  backoff_.reset();
  set_up(true, " is there again");
  retry_.cancel();
  look_again();
}

void UdpDestination::lose(const std::string& reason) {
  first_attempt_ = false;
  socket_.reset();
  gauge_.reset();
  proving_ = false;
  proof_.cancel();
  stats_.dropped_down += pacer_.clear();
  set_up(false, ": " + reason + "; trying again");
  retry_later();
}

void UdpDestination::retry_later() {
  retry_.set(host_.loop().now() + backoff_.next(host_.entropy()));
}

// Of a name: its address may have changed, all the more when nobody is there.
void UdpDestination::look_again() {
  if (!is_name_) return;
  if (!up_) return retry_later();
  retry_.set(host_.loop().now() + host_.options().look_again);
}

void UdpDestination::set_up(bool up, const std::string& line) {
  if (std::exchange(up_, up) == up) return;
  host_.changed(id_, up, url_.text() + line);
  if (!up && socket_) look_again();
}

DestinationStats UdpDestination::stats() const {
  DestinationStats stats = stats_;
  stats.queued = pacer_.queued();
  return stats;
}

std::optional<Endpoint> UdpDestination::local() const {
  if (!socket_) return std::nullopt;
  return local_;
}

std::optional<Endpoint> UdpDestination::remote() const {
  if (!socket_) return std::nullopt;
  return remote_;
}

}  // namespace roomwire::sockets
