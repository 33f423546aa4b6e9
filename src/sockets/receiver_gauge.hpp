// How full the buffer of a UDP receiver on this machine is.
#pragma once

#include <base/address.hpp>
#include <base/time.hpp>
#include <cstddef>
#include <optional>

#include "sockets/packet_queue.hpp"

namespace roomwire::sockets {

/// UDP has no way to say "wait", but for a socket of this machine the kernel can be asked
/// (sock_diag(7)). It is asked only when what it said the last time is used up, so once for some
/// hundred packets.
class ReceiverGauge {
 public:
  /// A receiver that has taken nothing for so long is sent to as if nothing were known: it is hung
  /// or much too slow, and others wait for what is behind.
  static constexpr Duration patience = 1s;

  ReceiverGauge(const Endpoint& sender, const Endpoint& receiver);
  ~ReceiverGauge();
  ReceiverGauge(const ReceiverGauge&) = delete;
  ReceiverGauge& operator=(const ReceiverGauge&) = delete;

  /// How many of the oldest packets fit now, at most `most`; they count as sent. Nothing when the
  /// kernel does not say (no such socket, a kernel without udp_diag), or patience is at its end.
  std::optional<std::size_t> allow(const PacketQueue& queue, Time now);
  static constexpr std::size_t most = 512;

  /// The receiver's buffer, in the kernel's measure.
  struct Level {
    std::size_t used;
    std::size_t size;
  };
  /// Nothing when the kernel does not say.
  std::optional<Level> level() const;

 private:
  Endpoint sender_;
  Endpoint receiver_;
  int netlink_;
  std::size_t credit_ = 0;
  Deadline stalled_since_;
};

}  // namespace roomwire::sockets
