// UDP in batches: one socket for all peers that are reached from one local address.
#pragma once

#include <base/address.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <roomwire/error.hpp>
#include <roomwire/payload.hpp>
#include <span>

namespace roomwire::net {

class Loop;

struct Datagram {
  Endpoint remote;  ///< A link-local one has the scope of the interface that it came in on.
  ByteView data;    ///< Valid during the callback.
};

/// What a kernel may lack. All is tried and given up at run time; tests switch it off.
struct UdpOptions {
  bool segment_offload = true;  ///< UDP_SEGMENT: many datagrams of one size in one send.
  bool receive_offload = true;  ///< UDP_GRO: the same for receiving.
  bool batch = true;            ///< sendmmsg and recvmmsg, instead of one call a datagram.
  bool shared = false;          ///< Others have the port too, or may bind it.
  /// Multicast of the groups and interfaces that this socket joined alone; Linux otherwise gives
  /// every socket on the port what any program has joined.
  bool joined_alone = false;
  bool broadcast = false;  ///< May send to broadcast addresses.
  /// Takes only what comes in by the interface with this index, best effort (Linux before 5.7 asks
  /// for rights). 0: by all.
  std::uint32_t interface = 0;
  /// Messages read at once. One is a datagram, or many that UDP_GRO put together.
  std::size_t read_at_once = 4;
  /// Kernel buffers each way, best effort: the 208 KiB default overflows in bursts.
  int buffer_bytes = 4 << 20;
};

struct UdpStats {
  std::uint64_t sent = 0;      ///< Datagrams that the kernel took.
  std::uint64_t received = 0;  ///< Datagrams given to the callback.
  /// Datagrams that the kernel refused (no route, too large …) or that were pushed out of the
  /// full queue.
  std::uint64_t send_dropped = 0;
  std::uint64_t truncated =
      0;  ///< Datagrams that came larger than 65,535 bytes; never in practice.
};

/// Not copied, not moved; may be destroyed at any time, also in its own callback.
class UdpSocket {
 public:
  /// Some of what one wake-up brought, in order. A call has at most 8 datagrams, a turn as many
  /// calls as fit into 0.25 ms, so that a flood on one socket leaves time for timers and for the
  /// others. Empty datagrams are delivered too.
  using Receive = std::function<void(std::span<const Datagram>)>;

  /// Binds and starts to receive. Port 0 lets the system choose. IPv6 sockets take IPv6 only; a
  /// link-local address needs its scope. Fails with unavailable.
  static Result<std::unique_ptr<UdpSocket>> bind(Loop& loop, const Endpoint& local, Receive receive,
                                                 UdpOptions options = {});
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  /// With the port that was chosen.
  const Endpoint& local() const;

  /// Queues a copy; it leaves at the end of the loop's turn, or earlier when much is queued. UDP
  /// loses: what the kernel refuses is dropped, and while it takes nothing at most 2 MiB wait,
  /// the oldest dropped first.
  ///
  /// A link-local or multicast `remote` needs its scope, unless the socket is bound to one.
  void send(const Endpoint& remote, ByteView datagram);
  /// Sends what is queued now.
  void flush();

  /// Receives what is sent to the multicast `group` on the interface that has `local` (IPv4) or
  /// `index` (IPv6). False when the system refuses.
  bool join(const IpAddress& group, const IpAddress& local, std::uint32_t index);
  /// From now on others may bind the port who ask to share it (SO_REUSEADDR).
  void share_port();
  /// Multicast leaves by the interface that has `local` (IPv4) or `index` (IPv6), with a hop
  /// limit of 255. Best effort.
  void set_multicast_interface(const IpAddress& local, std::uint32_t index);

  UdpStats stats() const;

 private:
  struct Impl;
  explicit UdpSocket(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace roomwire::net
