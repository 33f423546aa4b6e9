// Resolves `*.local` names by multicast DNS: browsers hide their addresses behind such names, and
// gear on a network without a name server is found by them.
#pragma once

#include <base/address.hpp>
#include <base/entropy.hpp>
#include <base/time.hpp>
#include <functional>
#include <memory>
#include <net/interfaces.hpp>
#include <roomwire/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomwire::net {

class Loop;

/// Where a query goes out and to.
struct MdnsRoute {
  IpAddress local;          ///< Bound to, and the multicast interface for IPv4.
  std::uint32_t index = 0;  ///< The multicast interface for IPv6, and the scope of what answers.
  Endpoint destination;
};

/// One route for each address: to 224.0.0.251 or ff02::fb, port 5353 (RFC 6762 section 3). For
/// IPv6 only link-local and loopback addresses count (one per interface is enough).
std::vector<MdnsRoute> mdns_routes(std::span<const LocalAddress> addresses);

struct MdnsOptions {
  unsigned tries = 2;
  Duration wait = 750ms;  ///< After each try.
};

/// One-shot queries (RFC 6762 section 5.1) from ephemeral ports. Responders answer those to the
/// port that asked; Chromium's answers everything to the multicast group, so that is listened to
/// as well, where the destination is one. Sockets are open only while something is asked.
class MdnsResolver {
 public:
  using Done = std::function<void(Result<IpAddress>)>;
  /// At least one, IPv4 first; a link-local IPv6 address with its scope.
  using AllDone = std::function<void(Result<std::vector<IpAddress>>)>;

  /// `entropy` outlives this.
  MdnsResolver(Loop& loop, Entropy& entropy, std::vector<MdnsRoute> routes,
               MdnsOptions options = {});
  /// Nothing is called any more.
  ~MdnsResolver();
  MdnsResolver(const MdnsResolver&) = delete;
  MdnsResolver& operator=(const MdnsResolver&) = delete;

  /// For queries that begin when no other is under way.
  void set_routes(std::vector<MdnsRoute> routes);

  /// Calls `done` later on the loop, once: with the first address that is answered; with
  /// timed_out; with invalid_input when `name` is no .local host name; with unavailable when no
  /// route could be opened. 16 names are asked for at once and 512 more wait their turn: with limit
  /// beyond.
  void resolve(const std::string& name, Done done);
  /// The same, with all addresses of the answer, which may come in parts: a sixth of `wait` is
  /// given to an IPv4 address after an IPv6 one.
  void resolve_all(const std::string& name, AllDone done);

  static bool is_local_name(std::string_view name);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace roomwire::net
