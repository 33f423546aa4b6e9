// The Nostr protocol (NIP-01), the relay's side.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "relay/filter.hpp"
#include "relay/limits.hpp"
#include "relay/outbox.hpp"
#include "relay/recent_events.hpp"
#include "signal/nostr_event.hpp"

namespace roomwire::relay {

/// Events are passed on to whoever subscribed before they came, and forgotten; so EOSE follows a
/// REQ at once. Dates of events are not judged: machines without internet have wrong clocks.
class NostrBroker {
 public:
  /// Both must outlive the broker.
  NostrBroker(const Limits& limits, Outbox& outbox)
      : limits_(limits), outbox_(outbox), recent_(limits.remembered_events) {}

  void message(SessionId session, const boost::json::array& message);
  /// Answers a message that came too soon and does nothing else with it.
  void refuse_for_rate(SessionId session, const boost::json::array& message);
  void notice(SessionId session, std::string_view text);
  void forget(SessionId session);
  /// Filter values of all subscriptions of all sessions.
  std::size_t values() const { return values_; }

 private:
  struct Subscription {
    SessionId session{};
    std::string id;
    std::uint64_t number = 0;  ///< In the order of coming.
    std::vector<Filter> filters;
    std::size_t values = 0;
    std::uint64_t examined_for = 0;  ///< Number of the last event that it was compared with.
  };
  struct Client {
    std::map<std::string, std::unique_ptr<Subscription>, std::less<>> subscriptions;
    std::size_t values = 0;
  };

  void on_event(SessionId session, const boost::json::array& message);
  void on_request(SessionId session, const boost::json::array& message);
  void on_close(SessionId session, const boost::json::array& message);
  void publish(const signal::NostrEvent& event, std::uint64_t after);
  void deliver(const Subscription& subscription, std::string_view event_text);
  Result<std::unique_ptr<Subscription>> parse_request(SessionId session, std::string_view id,
                                                      const boost::json::array& message) const;
  bool has_room_for(const Subscription& subscription) const;
  void add(std::unique_ptr<Subscription> subscription);
  void remove(SessionId session, std::string_view id);
  void unlink(const Subscription& subscription);
  void answer(SessionId session, std::string_view type, std::string_view subject,
              std::string_view text);
  void ok(SessionId session, std::string_view id, bool accepted, std::string_view text);

  const Limits& limits_;
  Outbox& outbox_;
  std::unordered_map<SessionId, Client> clients_;
  /// Filter key → subscriptions by number: the cost of an event grows with those who may want it.
  /// Ordered: clients choose the keys and could aim at the buckets of a hash table.
  std::map<std::string, std::map<std::uint64_t, Subscription*>, std::less<>> index_;
  RecentEvents recent_;  ///< The mark is the number of the last subscription that was served.
  std::size_t values_ = 0;
  std::uint64_t last_subscription_ = 0;
  std::uint64_t last_event_ = 0;
};

}  // namespace roomwire::relay
