#include "sockets/packet_queue.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::sockets {

namespace {
// Less than this is kept for the next packets.
constexpr std::size_t kept_capacity = 256U << 10;

constexpr QueueBounds high_mark{4'096, 4U << 20};
constexpr QueueBounds low_mark{1'024, 1U << 20};
}  // namespace

std::size_t PacketQueue::push(const Endpoint& remote, ByteView packet) {
  if (packet.size() > bounds_.bytes) return 1;
  std::size_t dropped = 0;
  while (entries_.size() >= bounds_.packets || bytes() + packet.size() > bounds_.bytes) {
    pop(1);
    ++dropped;
  }
  entries_.push_back({remote, base_ + bytes_.size(), packet.size()});
  bytes_.insert(bytes_.end(), packet.begin(), packet.end());
  return dropped;
}

bool PacketQueue::is_crowded(bool was) const {
  const QueueBounds& mark = was ? low_mark : high_mark;
  return size() > mark.packets || bytes() > mark.bytes;
}

std::size_t PacketQueue::bytes() const {
  return empty() ? 0 : base_ + bytes_.size() - entries_.front().position;
}

void PacketQueue::pop(std::size_t count) {
  count = std::min(count, entries_.size());
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count));
  compact();
}

std::size_t PacketQueue::clear() {
  const std::size_t count = entries_.size();
  entries_.clear();
  compact();
  return count;
}

// Moves what is left only when it is no more than what was taken, so that each byte is moved once
// on average.
void PacketQueue::compact() {
  if (empty()) {
    base_ += bytes_.size();
    bytes_.clear();
    if (bytes_.capacity() > kept_capacity) std::exchange(bytes_, {}).clear();
    return;
  }
  const std::uint64_t taken = entries_.front().position - base_;
  if (taken < bytes_.size() - taken) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken));
  base_ += taken;
}

ByteView PacketQueue::packet(std::size_t index) const {
  const Entry& entry = entries_[index];
  return ByteView(bytes_).subspan(entry.position - base_, entry.size);
}

}  // namespace roomwire::sockets
