// Nostr relays as Trystero uses them (NIP-01; @trystero-p2p/nostr).
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/entropy.hpp"
#include "base/rate_limit.hpp"
#include "signal/nostr_event.hpp"
#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

/// 20000 and the sum of the topic's UTF-16 code units modulo 10000: an ephemeral kind.
std::uint16_t nostr_kind(const Topic& topic);

/// Topics travel in subscriptions of at most 250 (some relays refuse more), whose changes are
/// gathered and sent with the next publish() or handle_timeout().
///
/// What the relay does not want: an event that it refuses, for whatever reason but being a
/// duplicate, silences announcements there for a minute, then for longer, at most 15 minutes;
/// a subscription that it closes, or does not answer but with a NOTICE, is made again after 5 s,
/// then later, at most every 10 minutes.
class NostrProtocol final : public RelayProtocol {
 public:
  NostrProtocol(const NostrKey& key, WallClock& date, Entropy& entropy);

  void opened(Time now) override;
  void closed() override;
  void subscribe(Time now, const Topic& topic) override;
  void unsubscribe(Time now, const Topic& topic) override;
  bool publish(Time now, const Topic& topic, const std::string& payload) override;
  void receive(Time now, ByteView frame, bool is_text) override;
  Deadline next_timeout() const override;
  void handle_timeout(Time now) override;

 private:
  struct Subscription {
    std::string id;
    std::set<Topic> topics;
    Deadline send_at;  ///< It changed, or the relay closed it.
    Time sent_at{};
    Duration wait{};  ///< Before it was made again the last time.
    bool refused = false;
    bool live = false;  ///< The relay answered it, with EOSE or an event.
  };

  Subscription* find(std::string_view id);
  Subscription* find(const Topic& topic);
  void send_requests(Time now);
  NostrEvent make_event(const Topic& topic, const std::string& payload);
  void handle_event(Time now, const boost::json::array& message);
  void handle_ok(Time now, const boost::json::array& message);
  void handle_closed(Time now, const boost::json::array& message);
  void handle_notice(Time now, std::string_view text);
  void drop(std::string_view reason) { put(Dropped{reason}); }
  static void make_again_later(Time now, Subscription& subscription);

  const NostrKey& key_;
  WallClock& date_;
  Entropy& entropy_;
  bool open_ = false;
  std::vector<Subscription> subscriptions_;
  RateLimit verifications_;
  std::map<Topic, std::int64_t> announced_at_;  ///< created_at of our last event there.
  std::string announcement_id_;                 ///< The last one.
  Deadline quiet_until_;
  Duration quiet_for_{};
};

}  // namespace roomwire::signal
