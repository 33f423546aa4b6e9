// Connections that have not asked for anything yet.
#pragma once

#include <list>
#include <unordered_map>

#include "base/private_address.hpp"
#include "base/time.hpp"
#include "relay/connection.hpp"

namespace roomwire::relay {

/// How long a client at this address may take to ask.
inline Duration time_to_ask(const ServerTimeouts& timeouts, const IpAddress& address) {
  const bool is_near = address.is_loopback() || is_private(address);
  return is_near ? timeouts.local_request : timeouts.request;
}

/// Those that may be silent for longer than the others, oldest first.
class SilentConnections {
 public:
  void add(Time now, Connection& connection) {
    places_[&connection] = order_.insert(order_.end(), {&connection, now});
  }
  /// It has asked, or is gone. One that is not here is ignored.
  void remove(Connection& connection) {
    const auto found = places_.find(&connection);
    if (found == places_.end()) return;
    order_.erase(found->second);
    places_.erase(found);
  }
  /// The oldest, when there are more than `most` and it came before `since`; else null.
  Connection* surplus(std::size_t most, Time since) const {
    const bool is_full = order_.size() > most && order_.front().came < since;
    return is_full ? order_.front().connection : nullptr;
  }

 private:
  struct Silent {
    Connection* connection;
    Time came;
  };
  std::list<Silent> order_;
  std::unordered_map<Connection*, std::list<Silent>::iterator> places_;
};

}  // namespace roomwire::relay
