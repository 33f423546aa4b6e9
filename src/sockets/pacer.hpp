// UDP at a pace that a receiver with ordinary buffers can follow.
#pragma once

#include <base/time.hpp>
#include <cstdint>
#include <functional>
#include <net/loop.hpp>

#include "sockets/packet_queue.hpp"

namespace roomwire::sockets {

/// The socket under a Pacer.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Sends the oldest packets of `queue`; how many are done with. The pace allows `count`, maybe
  /// none; more is for who knows that the receiver has room. What is left brings another call in
  /// the next millisecond. May clear the pacer, and calls nobody else.
  virtual std::size_t transmit(const PacketQueue& queue, std::size_t count) = 0;
};

/// Hands packets to a wire: at the end of the turn, at a pace of `burst` within `interval`.
class Pacer {
 public:
  static constexpr std::size_t burst = 100;
  static constexpr Duration interval = 1ms;
  static constexpr QueueBounds bounds{65'536, 16U << 20};

  /// `wire` outlives this. `on_congestion` is told of each change; it only takes notes.
  Pacer(net::Loop& loop, Wire& wire, std::function<void(bool)> on_congestion);

  /// How many of the oldest fell out of the full queue.
  std::size_t push(const Endpoint& remote, ByteView packet);
  /// While held, packets stay in the queue.
  void hold(bool held);
  /// How many were dropped.
  std::size_t clear();
  /// Sends now what may leave now.
  void pump();
  std::size_t queued() const { return queue_.size(); }

 private:
  void refill();
  void update_congestion();

  net::Loop& loop_;
  Wire& wire_;
  std::function<void(bool)> on_congestion_;
  PacketQueue queue_{bounds};
  net::TurnHook hook_;
  net::Timer timer_;
  Time refilled_{};
  std::size_t tokens_ = burst;
  bool held_ = false;
  bool congested_ = false;
};

}  // namespace roomwire::sockets
