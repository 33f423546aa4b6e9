#include "signal/ws_relay_protocol.hpp"

#include "base/json_value.hpp"

namespace roomwire::signal {
namespace {

constexpr std::size_t max_relay_message_depth = 16;

std::string request(std::string_view type, const Topic& topic) {
  return boost::json::serialize(boost::json::object{{"type", type}, {"topic", topic.str()}});
}

}  // namespace

void WsRelayProtocol::opened(Time) {
  open_ = true;
  for (const Topic& topic : topics_)
    send_text(request("subscribe", topic));
}

void WsRelayProtocol::subscribe(Time, const Topic& topic) {
  if (topics_.insert(topic).second && open_) send_text(request("subscribe", topic));
}

void WsRelayProtocol::unsubscribe(Time, const Topic& topic) {
  if (topics_.erase(topic) > 0 && open_) send_text(request("unsubscribe", topic));
}

bool WsRelayProtocol::publish(Time, const Topic& topic, const std::string& payload) {
  if (!open_) return false;
  if (topics_.count(topic) > 0) last_announcement_ = payload;
  // As a string, which is how Trystero's announcements go; its signals may be objects.
  send_text(boost::json::serialize(
      boost::json::object{{"type", "publish"}, {"topic", topic.str()}, {"payload", payload}}));
  return true;
}

void WsRelayProtocol::receive(Time, ByteView frame, bool is_text) {
  if (frame.size() > max_relay_frame_bytes) return put(Dropped{"a message that is too long"});
  const auto value = parse_json(is_text ? as_text(frame) : "", max_relay_message_depth);
  const auto topic =
      value && value->is_object() ? string_member(value->get_object(), "topic") : std::nullopt;
  if (!topic && value && value->is_object()) {
    // Our own server says so what it refused; Trystero's says nothing.
    const auto message = string_member(value->get_object(), "message");
    if (message) return put(Refused{std::string(*message)});
  }
  const auto* payload = topic ? value->get_object().if_contains("payload") : nullptr;
  if (payload == nullptr) return put(Dropped{"a message that is none of its protocol"});
  const auto subscribed = topics_.find(Topic(std::string(*topic)));
  if (subscribed == topics_.end()) return;  // Sent before our unsubscribing reached the relay.
  if (payload->is_string()) {
    if (payload->get_string() == last_announcement_) put(Echo{});
    put(Payload{*subscribed, std::string(payload->get_string())});
  } else {
    put(Payload{*subscribed, boost::json::serialize(*payload)});
  }
}

}  // namespace roomwire::signal
