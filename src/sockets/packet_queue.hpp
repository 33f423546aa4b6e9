// Packets that wait, oldest first, in one buffer.
#pragma once

#include <base/address.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <roomwire/payload.hpp>

namespace roomwire::sockets {

/// Beyond either bound the oldest packets are dropped.
struct QueueBounds {
  std::size_t packets;
  std::size_t bytes;
};

class PacketQueue {
 public:
  explicit PacketQueue(QueueBounds bounds) : bounds_(bounds) {}

  /// How many of the oldest were dropped for it. A packet larger than the bound is itself dropped.
  std::size_t push(const Endpoint& remote, ByteView packet);
  /// The oldest `count`, or all.
  void pop(std::size_t count);
  /// How many there were.
  std::size_t clear();

  /// More than 4,096 packets or 4 MiB wait; or, when it `was` so, more than 1,024 or 1 MiB.
  bool is_crowded(bool was) const;
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const;
  bool empty() const { return entries_.empty(); }
  /// Both are valid until the next push, pop or clear.
  ByteView packet(std::size_t index) const;
  const Endpoint& remote(std::size_t index) const { return entries_[index].remote; }

 private:
  struct Entry {
    Endpoint remote;
    std::uint64_t position;  // counted from the first byte ever pushed
    std::size_t size;
  };
  void compact();

  QueueBounds bounds_;
  Bytes bytes_;
  std::uint64_t base_ = 0;  // the position of bytes_[0]
  std::deque<Entry> entries_;
};

}  // namespace roomwire::sockets
