#include "relay/nostr_broker.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cassert>
#include <utility>

namespace roomwire::relay {
namespace {

namespace json = boost::json;
using signal::append_json_string;
using signal::NostrEvent;

/// NIP-01 allows 64 characters; of UTF-8, that is as many bytes.
constexpr std::size_t max_subscription_id_bytes = 256;

/// The string at `index` of a message, or an empty one.
std::string_view text_at(const json::array& message, std::size_t index) {
  if (index >= message.size() || !message[index].is_string()) return {};
  return message[index].get_string();
}

/// The id that an EVENT claims, when it has the length of one: OK must name it even if all else
/// is wrong.
std::string_view claimed_id(const json::array& message) {
  if (message.size() < 2 || !message[1].is_object()) return {};
  const json::value* id = message[1].get_object().if_contains("id");
  if (id == nullptr || !id->is_string() || id->get_string().size() != 64) return {};
  return id->get_string();
}

}  // namespace

void NostrBroker::message(SessionId session, const json::array& message) {
  const std::string_view type = text_at(message, 0);
  if (type == "EVENT") return on_event(session, message);
  if (type == "REQ") return on_request(session, message);
  if (type == "CLOSE") return on_close(session, message);
  notice(session, "invalid: the message type is EVENT, REQ or CLOSE");
}

void NostrBroker::refuse_for_rate(SessionId session, const json::array& message) {
  constexpr std::string_view reason = "rate-limited: too much at once, slow down";
  const std::string_view id = text_at(message, 0) == "EVENT" ? claimed_id(message) : "";
  if (id.empty()) return notice(session, reason);
  ok(session, id, false, reason);
}

void NostrBroker::on_event(SessionId session, const json::array& message) {
  const std::string_view id = claimed_id(message);
  if (id.empty()) return notice(session, "invalid: EVENT without an event that has an id");
  const auto event = signal::parse_event(message[1].get_object());
  if (!event) return ok(session, id, false, "invalid: not an event as NIP-01 describes it");
  if (!signal::verify(*event)) {
    return ok(session, id, false, "invalid: the id or the signature does not fit");
  }
  // Trystero announces itself twice within a second, which gives the same event twice. Whoever
  // had it does not get it again; whoever subscribed in between would else wait for the third.
  const std::uint64_t served = recent_.exchange(event->id, last_subscription_ + 1);
  publish(*event, served == 0 ? 0 : served - 1);
  ok(session, id, true, served == 0 ? "" : "duplicate: this event came before");
}

/// Delivers to the subscriptions with a number above `after`.
void NostrBroker::publish(const NostrEvent& event, std::uint64_t after) {
  const std::vector<Tag> tags = searchable_tags(event);
  const std::uint64_t number = ++last_event_;
  std::string event_text;
  for (const std::string& key : event_keys(event, tags)) {
    const auto found = index_.find(key);
    if (found == index_.end()) continue;
    for (auto place = found->second.upper_bound(after); place != found->second.end(); ++place) {
      Subscription& subscription = *place->second;
      if (std::exchange(subscription.examined_for, number) == number) continue;
      const auto fits = [&](const Filter& filter) { return filter.matches(event, tags); };
      if (std::none_of(subscription.filters.begin(), subscription.filters.end(), fits)) continue;
      if (event_text.empty()) event_text = signal::to_json(event);
      deliver(subscription, event_text);
    }
  }
}

void NostrBroker::deliver(const Subscription& subscription, std::string_view event_text) {
  std::string text = R"(["EVENT",)";
  text.reserve(text.size() + subscription.id.size() + event_text.size() + 8);
  append_json_string(text, subscription.id);
  text.append(",").append(event_text).push_back(']');
  outbox_.send(subscription.session, share(std::move(text)));
}

void NostrBroker::on_request(SessionId session, const json::array& message) {
  const std::string_view id = text_at(message, 1);
  if (id.empty() || id.size() > max_subscription_id_bytes) {
    return notice(session, "invalid: REQ without a subscription id of 1 to 64 characters");
  }
  auto subscription = parse_request(session, id, message);
  if (!subscription) {
    const Error& error = subscription.error();
    if (error.kind == ErrorKind::limit) return notice(session, "rate-limited: " + error.message);
    remove(session, id);
    return answer(session, "CLOSED", id, "invalid: " + error.message);
  }
  // Not CLOSED, on which Trystero gives the relay up: what was subscribed to before still holds.
  if (!has_room_for(**subscription)) {
    return notice(session, "rate-limited: too many subscriptions; close some first");
  }
  remove(session, id);
  add(std::move(*subscription));
  answer(session, "EOSE", id, {});
}

Result<std::unique_ptr<NostrBroker::Subscription>> NostrBroker::parse_request(
    SessionId session, std::string_view id, const json::array& message) const {
  auto subscription = std::make_unique<Subscription>();
  subscription->session = session;
  subscription->id = id;
  if (message.size() < 3) return failure(ErrorKind::invalid_input, "REQ without a filter");
  if (message.size() - 2 > limits_.filters_per_request) {
    return failure(ErrorKind::limit,
                   "a REQ has at most " + std::to_string(limits_.filters_per_request) + " filters");
  }
  for (std::size_t i = 2; i < message.size(); ++i) {
    if (!message[i].is_object()) {
      return failure(ErrorKind::invalid_input, "a filter is an object");
    }
    auto filter = parse_filter(message[i].get_object(), limits_);
    if (!filter) return tl::unexpected(filter.error());
    subscription->values += filter->value_count();
    if (subscription->values > limits_.values_per_request) {
      return failure(ErrorKind::limit, "the filters of a REQ have at most " +
                                           std::to_string(limits_.values_per_request) + " values");
    }
    subscription->filters.push_back(std::move(*filter));
  }
  return subscription;
}

/// Its predecessor of the same id goes before it comes, and does not count.
bool NostrBroker::has_room_for(const Subscription& subscription) const {
  std::size_t count = 1;
  std::size_t of_client = subscription.values;
  std::size_t of_all = values_ + subscription.values;
  if (const auto client = clients_.find(subscription.session); client != clients_.end()) {
    const auto& mine = client->second.subscriptions;
    count += mine.size();
    of_client += client->second.values;
    if (const auto old = mine.find(subscription.id); old != mine.end()) {
      --count;
      of_client -= old->second->values;
      of_all -= old->second->values;
    }
  }
  const bool fits = of_all <= limits_.values_total || of_client <= limits_.values_guaranteed;
  return fits && count <= limits_.subscriptions && of_client <= limits_.values_per_client;
}

void NostrBroker::add(std::unique_ptr<Subscription> subscription) {
  subscription->number = ++last_subscription_;
  for (const Filter& filter : subscription->filters) {
    for (std::string& key : filter.keys()) {
      index_[std::move(key)].emplace(subscription->number, subscription.get());
    }
  }
  values_ += subscription->values;
  Client& client = clients_[subscription->session];
  client.values += subscription->values;
  const std::string id = subscription->id;
  client.subscriptions.emplace(id, std::move(subscription));
}

void NostrBroker::on_close(SessionId session, const json::array& message) {
  // No CLOSED in answer: NIP-01 asks for none, and Trystero would give the relay up.
  remove(session, text_at(message, 1));
}

void NostrBroker::remove(SessionId session, std::string_view id) {
  const auto client = clients_.find(session);
  if (client == clients_.end()) return;
  const auto place = client->second.subscriptions.find(id);
  if (place == client->second.subscriptions.end()) return;
  unlink(*place->second);
  client->second.values -= place->second->values;
  client->second.subscriptions.erase(place);
  if (client->second.subscriptions.empty()) clients_.erase(client);
}

void NostrBroker::unlink(const Subscription& subscription) {
  values_ -= subscription.values;
  for (const Filter& filter : subscription.filters) {
    for (const std::string& key : filter.keys()) {
      const auto place = index_.find(key);
      if (place == index_.end()) continue;  // Two filters of the subscription shared the key.
      place->second.erase(subscription.number);
      if (place->second.empty()) index_.erase(place);
    }
  }
}

void NostrBroker::forget(SessionId session) {
  const auto client = clients_.find(session);
  if (client == clients_.end()) return;
  for (const auto& [id, subscription] : client->second.subscriptions)
    unlink(*subscription);
  clients_.erase(client);
}

void NostrBroker::notice(SessionId session, std::string_view text) {
  answer(session, "NOTICE", text, {});
}

/// ["TYPE",subject] or, with a text, ["TYPE",subject,text].
void NostrBroker::answer(SessionId session, std::string_view type, std::string_view subject,
                         std::string_view text) {
  std::string out = "[";
  append_json_string(out, type);
  out.push_back(',');
  append_json_string(out, subject);
  if (!text.empty()) {
    out.push_back(',');
    append_json_string(out, text);
  }
  out.push_back(']');
  outbox_.send(session, share(std::move(out)));
}

void NostrBroker::ok(SessionId session, std::string_view id, bool accepted, std::string_view text) {
  std::string out = R"(["OK",)";
  append_json_string(out, id);
  out += accepted ? ",true," : ",false,";
  append_json_string(out, text);
  out.push_back(']');
  outbox_.send(session, share(std::move(out)));
}

}  // namespace roomwire::relay
