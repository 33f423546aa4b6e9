#include "net/udp_sender.hpp"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "net/socket_address.hpp"

namespace roomwire::net {

namespace {

constexpr std::size_t max_messages = 64;
// The kernel's own limits: UDP_MAX_SEGMENTS before Linux 6.9, and what an IP packet can hold.
constexpr std::size_t max_segments = 64;
constexpr std::size_t max_segmented_bytes = 65'000;

// What a kernel, a driver or a route says that cannot segment (or a datagram that cannot be sent
// at all, which shows when it is sent alone).
bool refuses_segments(int error) {
  return error == EIO || error == EINVAL || error == EOPNOTSUPP || error == ENOPROTOOPT ||
         error == EMSGSIZE;
}

}  // namespace

struct UdpSender::Batch {
  struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
  };
  std::size_t count = 0;
  std::array<mmsghdr, max_messages> messages;
  std::array<iovec, max_messages> parts;
  std::array<SocketAddress, max_messages> addresses;
  std::array<Control, max_messages> controls;
  std::array<std::size_t, max_messages> runs;  // entries in each message
};

void UdpSender::push(const Endpoint& remote, ByteView datagram) {
  if (queued_bytes() + datagram.size() > max_queued_bytes || queued() >= max_queued_datagrams)
    drop_oldest();
  bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  entries_.push_back({remote, datagram.size()});
}

void UdpSender::drop_oldest() {
  while (queued_bytes() > max_queued_bytes / 4 * 3 || queued() > max_queued_datagrams / 4 * 3) {
    consume(1);
    ++dropped_;
  }
  compact();
}

bool UdpSender::flush() {
  while (!empty()) {
    Batch batch;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled up to its count
    fill(batch);
    const int result =
        batch_ ? kernel_.send_many(batch.messages.data(), static_cast<unsigned>(batch.count))
               : kernel_.send_one(batch.messages.data());
    if (result <= 0) {
      if (!handle_refusal(-result, batch.runs[0])) {
        compact();
        return false;
      }
      continue;
    }
    // What was refused as a run was taken alone: it is the segmenting that does not work here.
    if (segment_suspect_) segment_ = segment_suspect_ = false;
    std::size_t entries = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(result); ++i)
      entries += batch.runs[i];
    consume(entries);
    sent_ += entries;
  }
  compact();
  return true;
}

void UdpSender::fill(Batch& batch) {
  const std::size_t limit = batch_ ? max_messages : 1;
  std::size_t offset = sent_bytes_;
  for (std::size_t i = first_; i < entries_.size() && batch.count < limit;) {
    const std::size_t run = run_length(i);
    const std::size_t at = batch.count++;
    std::size_t size = 0;
    for (std::size_t k = 0; k < run; ++k)
      size += entries_[i + k].size;
    batch.runs[at] = run;
    batch.parts[at] = {bytes_.data() + offset, size};
    msghdr& header = batch.messages[at].msg_hdr;
    header = {};
    header.msg_name = &batch.addresses[at];
    header.msg_namelen = to_socket_address(entries_[i].remote, batch.addresses[at]);
    header.msg_iov = &batch.parts[at];
    header.msg_iovlen = 1;
    if (run > 1) {
      header.msg_control = batch.controls[at].bytes.data();
      header.msg_controllen = batch.controls[at].bytes.size();
      cmsghdr* const control = CMSG_FIRSTHDR(&header);
      control->cmsg_level = SOL_UDP;
      control->cmsg_type = UDP_SEGMENT;
      control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto segment = static_cast<std::uint16_t>(entries_[i].size);
      std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
    }
    offset += size;
    i += run;
  }
}

// How many entries from `first` on can leave as one segmented message: one remote, one size, and
// the last may be shorter. An empty datagram is no segment.
std::size_t UdpSender::run_length(std::size_t first) const {
  if (!segment_ || first < alone_until_) return 1;
  const Entry& head = entries_[first];
  std::size_t run = 1;
  std::size_t bytes = head.size;
  while (run < max_segments && first + run < entries_.size()) {
    const Entry& next = entries_[first + run];
    if (next.size == 0 || next.size > head.size || next.remote != head.remote ||
        bytes + next.size > max_segmented_bytes)
      break;
    bytes += next.size;
    ++run;
    if (next.size < head.size) break;
  }
  return run;
}

// False when the rest has to wait. `run` is the length of the message that was refused.
bool UdpSender::handle_refusal(int error, std::size_t run) {
  if (error == EINTR) return true;
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  if (batch_ && error == ENOSYS) {
    batch_ = false;
    return true;
  }
  if (run > 1 && refuses_segments(error)) {
    segment_suspect_ = true;
    alone_until_ = first_ + run;
    return true;
  }
  // No route, no such host, not permitted, too large …: UDP loses.
  segment_suspect_ = false;
  consume(run);
  dropped_ += run;
  return true;
}

void UdpSender::consume(std::size_t entries) {
  for (std::size_t i = 0; i < entries; ++i)
    sent_bytes_ += entries_[first_ + i].size;
  first_ += entries;
}

void UdpSender::compact() {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_bytes_));
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  alone_until_ -= std::min(alone_until_, first_);
  first_ = 0;
  sent_bytes_ = 0;
}

}  // namespace roomwire::net
