// Trystero's WebSocket relay protocol, the server's side (@trystero-p2p/ws-relay, server.ts).
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "relay/limits.hpp"
#include "relay/outbox.hpp"

namespace roomwire::relay {

/// Client → relay: {"type":"subscribe"|"unsubscribe","topic"}, {"type":"publish","topic",
/// "payload"}; relay → subscribers, the publisher included: {"topic","payload"}. Trystero's server
/// ignores what it does not understand and closes at a bound; ours says what was wrong with
/// {"type":"error","message"}, which Trystero's client ignores.
class TopicBroker {
 public:
  /// Both must outlive the broker.
  TopicBroker(const Limits& limits, Outbox& outbox) : limits_(limits), outbox_(outbox) {}

  void message(SessionId session, const boost::json::object& message);
  void refuse(SessionId session, std::string_view reason);
  void forget(SessionId session);
  /// Subscriptions of all sessions to all topics.
  std::size_t values() const { return values_; }

 private:
  void subscribe(SessionId session, std::string_view topic);
  void unsubscribe(SessionId session, std::string_view topic);
  void remove_subscriber(SessionId session, std::string_view topic);
  void publish(std::string_view topic, const boost::json::value& payload);

  const Limits& limits_;
  Outbox& outbox_;
  // Ordered: clients choose the topics and could aim at the buckets of a hash table.
  std::map<std::string, std::set<SessionId>, std::less<>> subscribers_;
  std::unordered_map<SessionId, std::set<std::string, std::less<>>> topics_;
  std::size_t values_ = 0;
};

}  // namespace roomwire::relay
