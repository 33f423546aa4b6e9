#include "signal/signal_message.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_value.hpp"

namespace roomwire::signal {
namespace {

using Kind = SignalMessage::Kind;

constexpr std::size_t max_id_length = 64;
constexpr std::size_t max_signal_depth = 8;

/// In the order in which Trystero looks for them.
constexpr std::array<std::pair<Kind, std::string_view>, 3> bodies{
    {{Kind::offer, "offer"}, {Kind::candidate, "candidate"}, {Kind::answer, "answer"}}};

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= max_id_length &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_true(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

std::optional<SignalMessage> parse_signal(std::string_view payload) {
  if (payload.size() > max_signal_bytes) return std::nullopt;
  const auto value = parse_json(payload, max_signal_depth);
  if (!value || !value->is_object()) return std::nullopt;
  const boost::json::object& object = value->get_object();
  const auto from = string_member(object, "peerId");
  if (!from || !is_id(*from)) return std::nullopt;

  SignalMessage message;
  message.from = PeerId(std::string(*from));
  message.passive = is_true(object, "passive");
  for (const auto& [kind, key] : bodies) {
    if (!object.contains(key)) continue;
    const auto body = string_member(object, key);
    if (!body) return std::nullopt;
    if (!message.body.empty()) continue;
    message.kind = kind;
    message.body = *body;
  }
  if (const auto offer_id = string_member(object, "offerId")) {
    if (!is_id(*offer_id)) return std::nullopt;
    message.offer_id = *offer_id;
  }
  return message;
}

std::string to_json(const SignalMessage& message) {
  boost::json::object object{{"peerId", message.from.str()}};
  if (message.offer_id) object["offerId"] = *message.offer_id;
  for (const auto& [kind, key] : bodies) {
    if (kind == message.kind) object[key] = message.body;
  }
  if (message.passive) object["passive"] = true;
  return boost::json::serialize(object);
}

}  // namespace roomwire::signal
