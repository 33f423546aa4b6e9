#include "sockets/udp_batch.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <net/socket_address.hpp>

namespace roomwire::sockets {

namespace {

constexpr std::size_t max_messages = 64;
// Fewer are no flood, and whoever watches the network sees them as they are.
constexpr std::size_t least_run = 8;
// The kernel's limit before Linux 6.9 (UDP_MAX_SEGMENTS).
constexpr std::size_t longest_run = 64;
// Larger than most OSC, and no larger than what fits any network: together less than 65,507 bytes.
constexpr std::size_t largest_joined = 1'000;

using Control = std::array<char, CMSG_SPACE(sizeof(std::uint16_t))>;

void set_segment_size(msghdr& header, Control& control, std::size_t size) {
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* const message = CMSG_FIRSTHDR(&header);
  message->cmsg_level = SOL_UDP;
  message->cmsg_type = UDP_SEGMENT;
  message->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto segment = static_cast<std::uint16_t>(size);
  std::memcpy(CMSG_DATA(message), &segment, sizeof segment);
}

}  // namespace

struct UdpBatch::Messages {
  struct Part {
    iovec bytes;
    net::SocketAddress remote;
    alignas(cmsghdr) Control control;
    std::size_t packets;
  };
  std::array<mmsghdr, max_messages> headers;
  std::array<Part, max_messages> parts;
};

std::size_t UdpBatch::run_length(const PacketQueue& queue, std::size_t first,
                                 std::size_t end) const {
  const std::size_t size = queue.packet(first).size();
  if (size == 0 || size > largest_joined) return 1;
  std::size_t next = first + 1;
  end = std::min(end, first + longest_run);
  while (next < end && queue.packet(next).size() == size &&
         queue.remote(next) == queue.remote(first))
    ++next;
  return next - first < least_run ? 1 : next - first;
}

int UdpBatch::send(int fd, const PacketQueue& queue, std::size_t first, std::size_t count,
                   bool may_join) {
  may_join = may_join && can_join_;
  Messages messages;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled as far as it is used
  unsigned used = 0;
  bool joined = false;
  for (std::size_t i = first; i < first + count && used < max_messages; ++used) {
    Messages::Part& part = messages.parts[used];
    part.packets = may_join ? run_length(queue, i, first + count) : 1;
    const ByteView packet = queue.packet(i);
    // Packets of a queue lie one behind the other.
    part.bytes = {const_cast<std::uint8_t*>(packet.data()), packet.size() * part.packets};
    msghdr& header = messages.headers[used].msg_hdr;
    header = {};
    header.msg_iov = &part.bytes;
    header.msg_iovlen = 1;
    if (remote_) {
      const Endpoint& remote = queue.remote(i).port == 0 ? *remote_ : queue.remote(i);
      header.msg_namelen = net::to_socket_address(remote, part.remote);
      header.msg_name = &part.remote;
    }
    if (part.packets > 1) {
      set_segment_size(header, part.control, packet.size());
      joined = true;
    }
    i += part.packets;
  }
  const int sent = ::sendmmsg(fd, messages.headers.data(), used, MSG_NOSIGNAL);
  if (sent < 0 && joined &&
      (errno == EIO || errno == EINVAL || errno == EMSGSIZE || errno == EOPNOTSUPP)) {
    can_join_ = false;
    return send(fd, queue, first, count, false);
  }
  if (sent < 0) return -errno;
  std::size_t packets = 0;
  for (int i = 0; i < sent; ++i)
    packets += messages.parts[static_cast<std::size_t>(i)].packets;
  return static_cast<int>(packets);
}

}  // namespace roomwire::sockets
