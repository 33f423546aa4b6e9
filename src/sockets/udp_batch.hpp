// Many packets by one system call.
#pragma once

#include <base/address.hpp>
#include <cstddef>
#include <optional>

#include "sockets/packet_queue.hpp"

namespace roomwire::sockets {

class UdpBatch {
 public:
  /// Where packets go that name no remote; nothing when the socket is connected.
  void set_remote(std::optional<Endpoint> remote) { remote_ = remote; }

  /// How many of `count` packets from `first` on the kernel took, or -errno. With `may_join` those
  /// in a row that have one size and one remote go through its network as one and are taken apart
  /// before they are received (UDP_SEGMENT), which takes a third of the time; programs that record
  /// packets show the one.
  int send(int fd, const PacketQueue& queue, std::size_t first, std::size_t count, bool may_join);

 private:
  struct Messages;
  std::size_t run_length(const PacketQueue& queue, std::size_t first, std::size_t end) const;

  std::optional<Endpoint> remote_;
  bool can_join_ = true;
};

}  // namespace roomwire::sockets
