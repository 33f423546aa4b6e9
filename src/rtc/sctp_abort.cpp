#include "rtc/sctp_abort.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/refusal.hpp"

namespace roomwire::rtc {
namespace {

constexpr std::size_t cause_header = 4;  // Of a chunk, and of a cause.
constexpr std::uint16_t user_initiated = 12;
constexpr std::uint16_t protocol_violation = 13;

/// From 1 on.
constexpr std::array<std::string_view, 13> cause_names = {
    "invalid stream identifier",
    "missing mandatory parameter",
    "stale cookie",
    "out of resource",
    "unresolvable address",
    "unrecognized chunk type",
    "invalid mandatory parameter",
    "unrecognized parameters",
    "no user data",
    "cookie received while shutting down",
    "restart of an association with new addresses",
    "user-initiated",
    "protocol violation",
};

std::string cause_name(std::uint16_t code) {
  return code >= 1 && code <= cause_names.size() ? std::string(cause_names.at(code - 1U))
                                                 : "cause " + std::to_string(code);
}

}  // namespace

std::string abort_cause(ByteView chunk) {
  ByteReader reader(chunk);
  reader.take(cause_header);
  const std::uint16_t code = reader.u16();
  const std::uint16_t length = reader.u16();
  if (reader.failed()) return {};
  std::string cause = cause_name(code);
  const bool has_text = code == user_initiated || code == protocol_violation;
  if (!has_text || length <= cause_header) return cause;
  // Some stacks end their text with a zero.
  const std::size_t size = std::min<std::size_t>(length - cause_header, reader.rest().size());
  std::string text(as_text(reader.take(size)));
  text.resize(std::min(text.find('\0'), text.size()));
  const auto is_strange = [](char c) { return c < ' ' || c > '~'; };
  std::replace_if(text.begin(), text.end(), is_strange, '?');
  return text.empty() ? cause : cause + ", " + in_quotes(text);
}

}  // namespace roomwire::rtc
