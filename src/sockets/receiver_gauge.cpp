#include "sockets/receiver_gauge.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace roomwire::sockets {

namespace {

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

// What a datagram takes of a receive buffer: the kernel's descriptor, and its bytes with room for
// headers and bookkeeping in a block whose size is a power of two. A little more than it is.
std::size_t cost_of(ByteView packet) {
  return 512 + std::bit_ceil(packet.size() + 400);
}

// The socket that a datagram from `sender` would be given to: the kernel looks it up as it does
// for a datagram, so the sender's is the source here.
Request make_request(const Endpoint& sender, const Endpoint& receiver) {
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  inet_diag_req_v2& body = request.body;
  body.sdiag_family = receiver.address.is_v4() ? AF_INET : AF_INET6;
  body.sdiag_protocol = IPPROTO_UDP;
  body.idiag_ext = 1U << (INET_DIAG_SKMEMINFO - 1);
  body.idiag_states = ~0U;
  body.id.idiag_sport = htons(sender.port);
  body.id.idiag_dport = htons(receiver.port);
  const std::string_view from = sender.address.bytes();
  const std::string_view to = receiver.address.bytes();
  std::memcpy(body.id.idiag_src, from.data(), from.size());
  std::memcpy(body.id.idiag_dst, to.data(), to.size());
  body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

// The attribute of the kernel's answer that says how much memory the socket has and uses.
std::optional<ReceiverGauge::Level> read_level(ByteView answer) {
  nlmsghdr header;
  constexpr std::size_t attributes = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(inet_diag_msg));
  if (answer.size() < attributes) return std::nullopt;
  std::memcpy(&header, answer.data(), sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  for (std::size_t at = attributes; at + sizeof(rtattr) <= answer.size();) {
    rtattr attribute;
    std::memcpy(&attribute, answer.data() + at, sizeof attribute);
    std::array<std::uint32_t, SK_MEMINFO_RCVBUF + 1> memory;
    if (attribute.rta_type == INET_DIAG_SKMEMINFO &&
        attribute.rta_len >= sizeof attribute + sizeof memory &&
        at + sizeof attribute + sizeof memory <= answer.size()) {
      std::memcpy(memory.data(), answer.data() + at + sizeof attribute, sizeof memory);
      return ReceiverGauge::Level{memory[SK_MEMINFO_RMEM_ALLOC], memory[SK_MEMINFO_RCVBUF]};
    }
    if (attribute.rta_len < sizeof attribute) return std::nullopt;
    at += RTA_ALIGN(attribute.rta_len);
  }
  return std::nullopt;
}

}  // namespace

ReceiverGauge::ReceiverGauge(const Endpoint& sender, const Endpoint& receiver)
    : sender_(sender),
      receiver_(receiver),
      netlink_(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

ReceiverGauge::~ReceiverGauge() {
  if (netlink_ >= 0) ::close(netlink_);
}

// The kernel answers within the call that asks.
std::optional<ReceiverGauge::Level> ReceiverGauge::level() const {
  if (netlink_ < 0) return std::nullopt;
  const Request request = make_request(sender_, receiver_);
  if (::send(netlink_, &request, sizeof request, 0) < 0) return std::nullopt;
  std::array<std::uint8_t, 1'024> answer;
  const ssize_t size = ::recv(netlink_, answer.data(), answer.size(), 0);
  if (size < 0) return std::nullopt;
  return read_level(ByteView(answer).first(static_cast<std::size_t>(size)));
}

std::optional<std::size_t> ReceiverGauge::allow(const PacketQueue& queue, Time now) {
  const std::size_t count = std::min(queue.size(), most);
  bool asked = false;
  std::size_t allowed = 0;
  std::size_t pending = 0;  // allowed a moment ago, so not in the buffer yet
  for (; allowed < count; ++allowed) {
    const std::size_t cost = cost_of(queue.packet(allowed));
    if (credit_ < cost && !asked) {
      asked = true;
      const auto now_there = level();
      if (!now_there) {
        stalled_since_.reset();
        return std::nullopt;
      }
      const std::size_t used = now_there->used + pending;
      credit_ = used < now_there->size ? now_there->size - used : 0;
      // An empty buffer takes one packet of any size.
      if (used == 0) credit_ = std::max(credit_, cost);
    }
    if (credit_ < cost) break;
    credit_ -= cost;
    pending += cost;
  }
  if (allowed > 0) {
    stalled_since_.reset();
    return allowed;
  }
  if (!stalled_since_) stalled_since_ = now;
  if (now - *stalled_since_ >= patience) return std::nullopt;
  return 0;
}

}  // namespace roomwire::sockets
