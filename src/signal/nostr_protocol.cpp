#include "signal/nostr_protocol.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "base/json_value.hpp"

namespace roomwire::signal {
namespace {

namespace json = boost::json;

constexpr std::string_view topic_tag = "x";
constexpr std::size_t max_topics = 250;
constexpr std::size_t subscription_id_length = 64;
constexpr std::size_t max_nostr_message_depth = 8;
/// Subscriptions ask for events from a minute ago on, because clocks differ. Not longer: some
/// relays keep ephemeral events for minutes (strfry: 5), and would tell of peers long gone.
constexpr std::int64_t since_seconds = 60;
/// Verifying costs about 100 µs. Beyond this an event is dropped unread: a busy room sends some
/// 20 a second, and a relay that floods us must not take our time.
constexpr double verification_burst = 400;
constexpr double verifications_per_second = 200;

constexpr std::int64_t max_seconds_ahead = 5;

constexpr Duration first_quiet = 60s;
constexpr Duration longest_quiet = 15min;
constexpr Duration first_closed_wait = 5s;
constexpr Duration longest_closed_wait = 10min;
/// A subscription that lasted this long was welcome.
constexpr Duration welcome_after = 60s;

std::string_view string_at(const json::array& message, std::size_t i) {
  if (i >= message.size() || !message[i].is_string()) return {};
  return message[i].get_string();
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

std::uint16_t nostr_kind(const Topic& topic) {
  return static_cast<std::uint16_t>(20'000 + utf16_sum(topic.str()) % 10'000);
}

NostrProtocol::NostrProtocol(const NostrKey& key, WallClock& date, Entropy& entropy)
    : key_(key),
      date_(date),
      entropy_(entropy),
      verifications_(verification_burst, verifications_per_second) {}

void NostrProtocol::opened(Time now) {
  open_ = true;
  for (Subscription& subscription : subscriptions_) {
    subscription.send_at = now;
    subscription.refused = false;
  }
  send_requests(now);
}

void NostrProtocol::closed() {
  open_ = false;
}

NostrProtocol::Subscription* NostrProtocol::find(std::string_view id) {
  const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                  [&](const Subscription& each) { return each.id == id; });
  return found == subscriptions_.end() ? nullptr : &*found;
}

NostrProtocol::Subscription* NostrProtocol::find(const Topic& topic) {
  const auto found =
      std::find_if(subscriptions_.begin(), subscriptions_.end(),
                   [&](const Subscription& each) { return each.topics.count(topic) > 0; });
  return found == subscriptions_.end() ? nullptr : &*found;
}

void NostrProtocol::subscribe(Time now, const Topic& topic) {
  if (find(topic) != nullptr) return;
  auto place =
      std::find_if(subscriptions_.begin(), subscriptions_.end(),
                   [](const Subscription& each) { return each.topics.size() < max_topics; });
  if (place == subscriptions_.end()) {
    place = subscriptions_.insert(place, Subscription{});
    place->id = entropy_.id(subscription_id_length);
  }
  place->topics.insert(topic);
  if (!place->refused) place->send_at = now;
}

void NostrProtocol::unsubscribe(Time now, const Topic& topic) {
  Subscription* subscription = find(topic);
  if (subscription == nullptr) return;
  subscription->topics.erase(topic);
  announced_at_.erase(topic);
  if (!subscription->topics.empty()) {
    if (!subscription->refused) subscription->send_at = now;
    return;
  }
  if (open_) send_text(json::serialize(json::array{"CLOSE", subscription->id}));
  subscriptions_.erase(subscriptions_.begin() + (subscription - subscriptions_.data()));
}

void NostrProtocol::send_requests(Time now) {
  if (!open_) return;
  for (Subscription& subscription : subscriptions_) {
    if (!subscription.send_at || *subscription.send_at > now) continue;
    subscription.send_at.reset();
    subscription.refused = false;
    subscription.live = false;
    subscription.sent_at = now;
    std::set<std::uint16_t> kinds;
    json::array topics;
    for (const Topic& topic : subscription.topics) {
      kinds.insert(nostr_kind(topic));
      topics.emplace_back(topic.str());
    }
    const json::object filter{
        {"kinds", json::array(kinds.begin(), kinds.end())},
        {"since", std::max<std::int64_t>(0, date_.unix_seconds() - since_seconds)},
        {"#x", std::move(topics)}};
    send_text(json::serialize(json::array{"REQ", subscription.id, filter}));
  }
}

NostrEvent NostrProtocol::make_event(const Topic& topic, const std::string& payload) {
  NostrEvent event;
  event.created_at = std::max<std::int64_t>(0, date_.unix_seconds());
  event.kind = nostr_kind(topic);
  event.tags = {{std::string(topic_tag), topic.str()}};
  event.content = payload;
  return event;
}

bool NostrProtocol::publish(Time now, const Topic& topic, const std::string& payload) {
  if (!open_) return false;
  const bool is_announcement = find(topic) != nullptr;
  if (is_announcement && quiet_until_ && now < *quiet_until_) return false;
  send_requests(now);
  NostrEvent event = make_event(topic, payload);
  if (is_announcement) {
    // Announcements are all alike: two of the same second would be one event, which relays pass
    // on once. (When the date was set back, it counts again.)
    std::int64_t& last = announced_at_[topic];
    if (last - event.created_at < max_seconds_ahead) {
      event.created_at = std::max(event.created_at, last + 1);
    }
    last = event.created_at;
  }
  key_.sign(event);
  if (is_announcement) announcement_id_ = event.id;
  send_text("[\"EVENT\"," + to_json(event) + ']');
  return true;
}

void NostrProtocol::receive(Time now, ByteView frame, bool is_text) {
  if (frame.size() > max_relay_frame_bytes) return drop("a message that is too long");
  const auto value = parse_json(is_text ? as_text(frame) : "", max_nostr_message_depth);
  const std::string_view type =
      value && value->is_array() ? string_at(value->get_array(), 0) : std::string_view();
  if (type.empty()) return drop("a message that is not Nostr's");
  const json::array& message = value->get_array();
  if (type == "EVENT") return handle_event(now, message);
  if (type == "OK") return handle_ok(now, message);
  if (type == "CLOSED") return handle_closed(now, message);
  if (type == "NOTICE") return handle_notice(now, string_at(message, 1));
  if (type == "AUTH") return put(Notice{"wants clients to authenticate, which we cannot"});
  if (type == "EOSE") {
    if (Subscription* subscription = find(string_at(message, 1))) subscription->live = true;
  }
  // What later NIPs add needs no answer.
}

void NostrProtocol::handle_event(Time now, const json::array& message) {
  if (message.size() < 3 || !message[2].is_object()) {
    return drop("a message that is not Nostr's");
  }
  Subscription* subscription = find(string_at(message, 1));
  if (subscription == nullptr) return;  // Sent before our CLOSE reached the relay.
  subscription->live = true;
  const auto event = parse_event(message[2].get_object());
  if (!event) return drop("an event that is none");
  if (event->pubkey == key_.public_key()) return put(Echo{});
  for (const auto& tag : event->tags) {
    if (tag.size() < 2 || tag[0] != topic_tag) continue;
    const auto topic = subscription->topics.find(Topic(tag[1]));
    if (topic == subscription->topics.end()) continue;
    if (!verifications_.take(now)) return drop("more events than we can verify");
    if (!verify(*event)) return drop("an event with a forged id or signature");
    return put(Payload{*topic, event->content});
  }
}

void NostrProtocol::handle_ok(Time now, const json::array& message) {
  if (message.size() < 3 || !message[2].is_bool()) {
    return drop("a message that is not Nostr's");
  }
  const std::string_view id = string_at(message, 1);
  const std::string_view reason = string_at(message, 3);
  if (message[2].get_bool()) {
    if (id == announcement_id_) quiet_for_ = {};
    return;
  }
  if (starts_with(reason, "duplicate:")) return;
  put(Refused{std::string(reason)});
  // Refusals of what we sent before we heard of the first one count as that one.
  if (quiet_until_ && now < *quiet_until_) return;
  quiet_for_ = std::clamp(quiet_for_ * 2, first_quiet, longest_quiet);
  quiet_until_ = now + quiet_for_;
}

void NostrProtocol::handle_closed(Time now, const json::array& message) {
  Subscription* subscription = find(string_at(message, 1));
  if (subscription == nullptr || subscription->refused) return;
  const std::string_view reason = string_at(message, 2);
  put(Refused{std::string(reason)});
  make_again_later(now, *subscription);
}

// A relay that knows no CLOSED refuses a subscription so, and does not say which.
void NostrProtocol::handle_notice(Time now, std::string_view text) {
  put(Notice{std::string(text)});
  for (Subscription& each : subscriptions_) {
    if (!each.live && !each.refused && !each.send_at) make_again_later(now, each);
  }
}

void NostrProtocol::make_again_later(Time now, Subscription& subscription) {
  if (now - subscription.sent_at >= welcome_after) subscription.wait = {};
  subscription.wait = std::clamp(subscription.wait * 2, first_closed_wait, longest_closed_wait);
  subscription.send_at = now + subscription.wait;
  subscription.refused = true;
}

Deadline NostrProtocol::next_timeout() const {
  Deadline next;
  if (!open_) return next;
  for (const Subscription& each : subscriptions_)
    next = earlier(next, each.send_at);
  return next;
}

void NostrProtocol::handle_timeout(Time now) {
  send_requests(now);
}

}  // namespace roomwire::signal
