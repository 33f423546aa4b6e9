// The sockets of the bridges: where they listen and where they send. Whole packets go in and
// out as bytes; nothing here reads them.
#pragma once

#include <base/address.hpp>
#include <base/time.hpp>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <roomwire/error.hpp>
#include <roomwire/payload.hpp>
#include <string>
#include <variant>
#include <vector>

#include "sockets/socket_url.hpp"

namespace roomwire::net {
class Loop;
}

namespace roomwire::sockets {

/// Counted from 0 in the order in which they were added.
enum class DestinationId : std::uint32_t {};
enum class ListenerId : std::uint32_t {};

/// Who sent a packet, and by which way an answer reaches it. A value: keep it as long as you like.
struct Source {
  /// The end that heard it. Destinations hear too: answers to what was sent come in there.
  std::variant<ListenerId, DestinationId> end;
  Transport transport = Transport::udp;
  Endpoint remote;
  std::uint64_t connection = 0;  ///< Of TCP; never used twice. 0 for UDP.

  auto operator<=>(const Source&) const = default;
  /// `127.0.0.1:57121`, or `osc.tcp://127.0.0.1:57121/`.
  std::string text() const;
};

struct DestinationStats {
  std::uint64_t sent = 0;          ///< Packets that the kernel took.
  std::uint64_t dropped_down = 0;  ///< Packets for which there was no socket or connection.
  std::uint64_t dropped_slow = 0;  ///< The oldest ones that fell out of a full queue.
  std::uint64_t failed = 0;        ///< The kernel would not: larger than a datagram, not allowed.
  /// UDP: how often "nobody listens there" came back. Each stands for one packet that was counted
  /// as sent and is lost; there may have been more, for not all machines say it each time.
  std::uint64_t refused = 0;
  std::size_t queued = 0;  ///< Waiting now.
};

/// Called on the loop's thread, never inside a call of SocketSet. Each function may call SocketSet,
/// and may destroy it.
class SocketSetObserver {
 public:
  virtual ~SocketSetObserver() = default;
  /// One datagram, or one frame of a TCP stream: hostile bytes, for osc::decode. Of TCP at most
  /// 1 MiB. Valid during the call. Never one that this SocketSet sent itself (see is_own).
  virtual void on_packet(const Source& source, ByteView packet) = 0;
  /// Said once for each change, in one line for a person. A UDP destination counts as up until
  /// the contrary shows, so nothing is said of one that works from the start; of a TCP
  /// destination it is said when it is connected for the first time.
  virtual void on_destination_change(DestinationId destination, bool up,
                                     const std::string& line) = 0;
  /// sources() is another.
  virtual void on_sources_change() {}
  /// What a person should know of a destination that works, in one line.
  virtual void on_notice(DestinationId /*destination*/, const std::string& /*line*/) {}
  /// What came on a TCP connection made no sense: a frame was left out, or the connection closed.
  /// Or a connection was closed because 64 are open on its listener. A flood of bad connections
  /// brings a flood of these: count them, and show the first.
  virtual void on_malformed(const Source& source, const std::string& reason) = 0;
  /// is_congested() has become false.
  virtual void on_room() = 0;
};

struct SocketSetOptions {
  /// A UDP destination that was down is up again when nothing came back for so long after
  /// something was sent to it. Linux says "refused" once a second to another machine, and knows
  /// after 3 seconds that a machine is not there.
  Duration proof = 5s;
  /// The address of a UDP destination's name may change: how often that is looked for.
  Duration look_again = std::chrono::minutes(1);
  /// A UDP destination's answers are heard only from the port that is sent to. Off: from any port
  /// of that host, as there are programs that open a socket for each answer.
  bool strict_source = true;
};

/// UDP is paced, because a receiver's buffer on Linux holds some 270 small datagrams: bursts of
/// 100 leave to one destination, 100 each millisecond, and the rest waits its turn. A socket of
/// this machine is asked instead how much room it has; while it has none, up to a second, all
/// waits.
///
/// All from the loop's thread. May be destroyed at any time, also in a callback; what UDP has
/// queued for this turn still leaves.
class SocketSet {
 public:
  /// `loop` and `observer` outlive this.
  SocketSet(net::Loop& loop, SocketSetObserver& observer, SocketSetOptions options = {});
  ~SocketSet();
  SocketSet(const SocketSet&) = delete;
  SocketSet& operator=(const SocketSet&) = delete;

  /// Listens when it returns. Fails with unavailable or invalid_input, in a line that names the
  /// port and the remedy. TCP: at most 64 connections on each listener.
  Result<ListenerId> listen(const SocketUrl& url);
  /// Where it listens, with the ports that the system chose.
  std::vector<Endpoint> listening_on(ListenerId listener) const;

  /// Never fails: a name that is not found, a server that is not there and an interface that is
  /// missing are said to the observer and tried again for ever, after waits that grow to 10
  /// seconds. Of a name's addresses UDP uses the first IPv4 address if there is one (that is what
  /// OSC software listens on), and looks again while the destination is down, and each minute; TCP
  /// tries them all whenever it connects.
  DestinationId add_destination(const SocketUrl& url);

  /// Queues a copy; it leaves in order, at the end of this turn if nothing else waits. At most
  /// 65,536 packets or 16 MiB wait; beyond, the oldest are dropped. While a
  /// destination has no socket or connection, packets are dropped: a fader's old positions must
  /// not arrive later. Those sent before its first attempt has ended wait for it.
  void send(DestinationId destination, ByteView packet);
  /// Back to where a packet came from: UDP from the socket that heard it, TCP on that connection.
  /// Queued and paced as with send(). False when the connection is gone.
  bool send_to(const Source& source, ByteView packet);

  /// More than 4,096 packets or 4 MiB wait for a destination: stop reading the room until
  /// on_room(), which comes when all are at a quarter of that. A receiver that takes nothing for a
  /// second (TCP: five) no longer counts (it loses packets then); neither does one that is down.
  bool is_congested() const;

  /// Off: no more is read from TCP connections, so that their senders wait; what was read already
  /// still comes. UDP has nobody who would wait, and goes on. On at first.
  void set_receiving(bool on);

  bool is_up(DestinationId destination) const;
  /// Where packets for a UDP destination go now; nothing while it has no socket, and of TCP.
  std::optional<Endpoint> remote(DestinationId destination) const;
  DestinationStats stats(DestinationId destination) const;
  /// Packets that were not handed to on_packet because this SocketSet had sent them.
  std::uint64_t own_ignored() const;

  /// The local endpoints that packets leave from, of destinations that have a socket. Where the
  /// system chooses the address for each packet (multicast, broadcast) it is 0.0.0.0 or ::.
  std::vector<Endpoint> sources() const;
  /// A packet from `remote` comes from a socket of this SocketSet: the bridge listens where it
  /// sends.
  bool is_own(Transport transport, const Endpoint& remote) const;
  /// The same, or from another program on this machine that shares the port of a destination.
  bool may_be_own(Transport transport, const Endpoint& remote) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace roomwire::sockets
