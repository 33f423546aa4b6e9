#include "relay/core.hpp"

#include <algorithm>
#include <utility>

#include "base/json_value.hpp"

namespace roomwire::relay {

Core::Core(const Limits& limits, Sink& sink)
    : limits_(limits), sink_(sink), nostr_(limits_, *this), topics_(limits_, *this) {}

SessionId Core::open(Time now) {
  const SessionId id{++last_session_};
  sessions_.emplace(id,
                    Session{TokenBucket(now, limits_.messages_per_second, limits_.message_burst),
                            TokenBucket(now, limits_.bytes_per_second, limits_.byte_burst)});
  return id;
}

void Core::message(Time now, SessionId session, std::string_view text) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  const auto verdict = charge(now, found->second, text.size());
  if (text.size() > limits_.message_bytes) {
    close_later(session, close_code::too_big,
                "a message has at most " + std::to_string(limits_.message_bytes) + " bytes");
  } else if (verdict == TokenBucket::Verdict::far_over) {
    close_later(session, close_code::try_again_later, "rate-limited: too much, for too long");
  } else {
    dispatch(session, text, verdict == TokenBucket::Verdict::over);
  }
  close_now();
}

TokenBucket::Verdict Core::charge(Time now, Session& session, std::size_t bytes) const {
  return std::max(session.messages.take(now, 1),
                  session.bytes.take(now, static_cast<double>(bytes)));
}

void Core::dispatch(SessionId session, std::string_view text, bool is_over_rate) {
  const auto value = parse_json(text);
  if (value && value->is_array()) {
    if (is_over_rate) return nostr_.refuse_for_rate(session, value->get_array());
    return nostr_.message(session, value->get_array());
  }
  if (value && value->is_object()) {
    if (is_over_rate) return topics_.refuse(session, "rate-limited: too much at once, slow down");
    return topics_.message(session, value->get_object());
  }
  constexpr std::string_view reason = "invalid: neither a JSON array nor a JSON object";
  if (text.starts_with('{')) return topics_.refuse(session, reason);
  nostr_.notice(session, reason);
}

void Core::send(SessionId session, const SharedText& text) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.is_closing) return;
  const std::size_t queued = sink_.queued_bytes(session);
  const std::size_t share = limits_.queued_bytes_total / sessions_.size();
  if (queued > 0 && queued + text->size() > std::min(limits_.queued_bytes, share)) {
    return close_later(session, close_code::try_again_later, "reads too slowly");
  }
  sink_.send(session, text);
}

void Core::close_later(SessionId session, std::uint16_t code, std::string reason) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || std::exchange(found->second.is_closing, true)) return;
  closing_.push_back({session, code, std::move(reason)});
}

void Core::close_now() {
  for (const Closing& closing : std::exchange(closing_, {})) {
    forget(closing.session);
    sink_.close(closing.session, closing.code, closing.reason);
  }
}

void Core::closed(SessionId session) {
  forget(session);
}

void Core::forget(SessionId session) {
  if (sessions_.erase(session) == 0) return;
  nostr_.forget(session);
  topics_.forget(session);
}

}  // namespace roomwire::relay
