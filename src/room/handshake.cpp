#include "room/handshake.hpp"

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/json_value.hpp"

namespace roomwire::room {
namespace {

/// A peer begins anew when it lost sight of us. One that keeps beginning is not worth our hashes.
constexpr std::uint8_t max_answers = 8;

/// The member `key` of handshake data of the kind `kind`.
std::optional<std::string> read(const Json& data, std::string_view kind, std::string_view key) {
  const auto value = parse_json(data.text());
  if (!value || !value->is_object()) return std::nullopt;
  const auto& object = value->get_object();
  if (string_member(object, "__trystero_pw") != kind) return std::nullopt;
  const auto member = string_member(object, key);
  return member ? std::optional<std::string>(*member) : std::nullopt;
}

Json write(std::string_view kind, std::string_view key, std::string_view text) {
  boost::json::object object;
  object["__trystero_pw"] = kind;
  object[key] = text;
  return Json::parse(boost::json::serialize(object)).value();
}

HandshakeStep wrong_password() {
  HandshakeStep step;
  step.wrong_password = true;
  return step;
}

}  // namespace

HandshakeStep Handshake::start() {
  HandshakeStep step;
  if (options_.password.empty()) return pass(step);
  if (options_.challenger) step.data = write("challenge", "c", options_.challenge);
  return step;
}

HandshakeStep Handshake::receive_data(const Payload& data) {
  peer_sent_data_ = true;
  if (is_active() || options_.password.empty()) return {};
  const Json* json = std::get_if<Json>(&data);
  if (options_.challenger) {
    if (passed_) return {};
    return json == nullptr ? wrong_password() : check(*json);
  }
  return json == nullptr ? wrong_password() : answer(*json);
}

HandshakeStep Handshake::receive_ready() {
  HandshakeStep step;
  step.activate = passed_ && !peer_ready_;
  peer_ready_ = true;
  return step;
}

bool Handshake::smells_of_password() const {
  return peer_sent_data_ || (peer_ready_ && !options_.password.empty());
}

HandshakeStep Handshake::answer(const Json& data) {
  const auto challenge = read(data, "challenge", "c");
  if (!challenge) return wrong_password();
  if (answers_ == max_answers) return {};
  ++answers_;
  HandshakeStep step;
  step.data = write("response", "h", hash_of(*challenge));
  return pass(std::move(step));
}

HandshakeStep Handshake::check(const Json& data) {
  const auto hash = read(data, "response", "h");
  if (!hash || !equal_in_constant_time(as_bytes(*hash), as_bytes(hash_of(options_.challenge)))) {
    return wrong_password();
  }
  return pass({});
}

std::string Handshake::hash_of(const std::string& challenge) const {
  return to_hex(sha256(as_bytes(challenge + ":" + options_.password + ":" + options_.app.str() +
                                ":" + options_.room.str())));
}

HandshakeStep Handshake::pass(HandshakeStep step) {
  step.ready = true;
  step.activate = peer_ready_ && !passed_;
  passed_ = true;
  return step;
}

}  // namespace roomwire::room
