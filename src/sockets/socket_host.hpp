// What the ends of the bridge and the SocketSet that owns them know of each other.
#pragma once

#include <algorithm>
#include <base/entropy.hpp>
#include <base/time.hpp>
#include <net/loop.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sockets/socket_set.hpp"

namespace roomwire::net {
class Resolver;
class TlsTrust;
}  // namespace roomwire::net

namespace roomwire::sockets {

constexpr std::size_t max_tcp_frame = 1U << 20;
constexpr std::size_t max_tcp_connections = 64;

/// Outlives the ends. `heard` calls the user, who may close the end that calls: look whether it is
/// still open. The others only take notes.
class SocketSetHost {
 public:
  virtual ~SocketSetHost() = default;
  virtual void heard(const Source& source, ByteView packet) = 0;
  virtual void malformed(const Source& source, std::string reason) = 0;
  virtual void changed(DestinationId destination, bool up, std::string line) = 0;
  virtual void notice(DestinationId destination, std::string line) = 0;
  /// A destination has a new socket.
  virtual void moved() = 0;
  virtual void congested(bool more) = 0;
  /// False: what can make its sender wait reads no more, until resume().
  virtual bool is_receiving() const = 0;
  virtual std::uint64_t next_connection() = 0;

  virtual net::Loop& loop() = 0;
  virtual net::Resolver& resolver() = 0;
  virtual net::TlsTrust& trust() = 0;
  virtual Entropy& entropy() = 0;
  virtual const SocketSetOptions& options() const = 0;
  /// For whoever receives just now: room for the largest datagram.
  virtual std::span<std::uint8_t> buffer() = 0;
};

class Destination {
 public:
  virtual ~Destination() = default;
  virtual void start() = 0;
  /// Nothing is called any more.
  virtual void close() = 0;
  virtual void send(ByteView packet) = 0;
  virtual bool send_to(const Source& source, ByteView packet) = 0;
  virtual bool is_up() const = 0;
  virtual DestinationStats stats() const = 0;
  virtual std::optional<Endpoint> local() const = 0;
  /// Nobody else can send from local().
  virtual bool is_exclusive() const { return true; }
  virtual std::optional<Endpoint> remote() const { return std::nullopt; }
  virtual void resume() {}
  virtual Transport transport() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void close() = 0;
  virtual bool send_to(const Source& source, ByteView packet) = 0;
  virtual std::vector<Endpoint> endpoints() const = 0;
  virtual void resume() {}
  /// Packets that it sends come from endpoints(), and from there nobody else can send.
  virtual bool is_exclusive() const = 0;
};

/// Waits before trying again: 200 ms, doubled up to 10 s, each by up to a half shorter, so that
/// many who lost the same server do not come back together.
class Backoff {
 public:
  static constexpr Duration shortest = 200ms;
  static constexpr Duration longest = 10s;

  Duration next(Entropy& entropy) {
    const Duration wait = wait_;
    wait_ = std::min<Duration>(wait_ * 2, longest);
    return std::chrono::duration_cast<Duration>(wait * (0.5 + entropy.unit() / 2));
  }
  void reset() { wait_ = shortest; }

 private:
  Duration wait_ = shortest;
};

}  // namespace roomwire::sockets
