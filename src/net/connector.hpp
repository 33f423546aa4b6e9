// From a host name to a connection: name lookup, TCP to whichever address answers, TLS. Only .cpp
// files include this.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <net/byte_stream.hpp>
#include <roomwire/error.hpp>
#include <string>

namespace roomwire::net {

class Loop;
class Resolver;
class TlsTrust;

struct ConnectTarget {
  std::string host;  ///< A name or an address, without brackets.
  std::uint16_t port = 0;
  bool tls = false;
};

/// One attempt to connect. Destroying it ends it, and nothing is called any more.
class Connector {
 public:
  using Outcome = Result<ByteStream>;
  using Done = std::function<void(Outcome)>;

  /// Calls `done` later, once. Addresses are tried 250 ms apart, IPv6 and IPv4 in turns, and the
  /// first that connects is taken (RFC 8305 sections 4 and 5). There is no time limit here.
  /// `resolver` and `trust` outlive this.
  Connector(Loop& loop, Resolver& resolver, TlsTrust& trust, ConnectTarget target, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// What an error of a socket means to a person and to a program.
Error describe(const boost::system::error_code& error);

}  // namespace roomwire::net
