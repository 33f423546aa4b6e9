#include "relay/topic_broker.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cassert>

#include "signal/nostr_event.hpp"

namespace roomwire::relay {

namespace json = boost::json;

void TopicBroker::message(SessionId session, const json::object& message) {
  const json::value* type = message.if_contains("type");
  const json::value* topic = message.if_contains("topic");
  const json::value* payload = message.if_contains("payload");
  if (type == nullptr || topic == nullptr || !topic->is_string()) {
    return refuse(session, "invalid: a message has a type and a topic");
  }
  const std::string_view topic_text = topic->get_string();
  if (topic_text.size() > limits_.value_bytes) {
    return refuse(session,
                  "invalid: a topic has at most " + std::to_string(limits_.value_bytes) + " bytes");
  }
  if (*type == "subscribe") return subscribe(session, topic_text);
  if (*type == "unsubscribe") return unsubscribe(session, topic_text);
  if (*type == "publish" && payload != nullptr) return publish(topic_text, *payload);
  refuse(session, *type == "publish" ? "invalid: publish has a payload"
                                     : "invalid: the type is subscribe, unsubscribe or publish");
}

void TopicBroker::refuse(SessionId session, std::string_view reason) {
  std::string text = R"({"type":"error","message":)";
  signal::append_json_string(text, reason);
  outbox_.send(session, share(text + '}'));
}

void TopicBroker::subscribe(SessionId session, std::string_view topic) {
  auto& topics = topics_[session];
  if (topics.find(topic) != topics.end()) return;
  const bool fits = values_ < limits_.values_total || topics.size() < limits_.values_guaranteed;
  if (!fits || topics.size() >= limits_.values_per_client) {
    if (topics.empty()) topics_.erase(session);
    return refuse(session, "rate-limited: too many topics; unsubscribe from some first");
  }
  topics.emplace(topic);
  subscribers_[std::string(topic)].insert(session);
  ++values_;
}

void TopicBroker::unsubscribe(SessionId session, std::string_view topic) {
  const auto found = topics_.find(session);
  if (found == topics_.end()) return;
  const auto place = found->second.find(topic);
  if (place == found->second.end()) return;
  remove_subscriber(session, topic);
  found->second.erase(place);
  if (found->second.empty()) topics_.erase(found);
}

void TopicBroker::remove_subscriber(SessionId session, std::string_view topic) {
  const auto found = subscribers_.find(topic);
  assert(found != subscribers_.end());
  found->second.erase(session);
  if (found->second.empty()) subscribers_.erase(found);
  --values_;
}

void TopicBroker::publish(std::string_view topic, const json::value& payload) {
  const auto found = subscribers_.find(topic);
  if (found == subscribers_.end()) return;
  std::string text = R"({"topic":)";
  signal::append_json_string(text, topic);
  text += R"(,"payload":)" + json::serialize(payload) + '}';
  const SharedText shared = share(std::move(text));
  for (const SessionId subscriber : found->second)
    outbox_.send(subscriber, shared);
}

void TopicBroker::forget(SessionId session) {
  const auto found = topics_.find(session);
  if (found == topics_.end()) return;
  for (const std::string& topic : found->second)
    remove_subscriber(session, topic);
  topics_.erase(found);
}

}  // namespace roomwire::relay
