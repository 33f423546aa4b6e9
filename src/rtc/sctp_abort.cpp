#include "rtc/sctp_abort.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/refusal.hpp"

namespace roomwire::rtc {
namespace {

constexpr std::size_t header_size = 4;  // Of a chunk, and of a cause.
constexpr std::uint16_t user_initiated = 12;
constexpr std::uint16_t protocol_violation = 13;

/// From 1 on.
constexpr std::array<std::string_view, 13> names = {
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

std::string name_of(std::uint16_t code) {
  return code >= 1 && code <= names.size() ? std::string(names.at(code - 1U))
                                           : "cause " + std::to_string(code);
}

}  // namespace

std::string abort_cause(ByteView chunk) {
  ByteReader reader(chunk);
  reader.take(header_size);
  const std::uint16_t code = reader.u16();
  const std::uint16_t length = reader.u16();
  if (reader.failed()) return {};
  const std::string cause = name_of(code);
  const bool has_text = code == user_initiated || code == protocol_violation;
  if (!has_text || length <= header_size) return cause;
  // Some stacks end their text with a zero.
  const std::size_t size = std::min<std::size_t>(length - header_size, reader.rest().size());
  std::string text(as_text(reader.take(size)));
  text.resize(std::min(text.find('\0'), text.size()));
  const auto is_strange = [](char c) { return c < ' ' || c > '~'; };
  std::replace_if(text.begin(), text.end(), is_strange, '?');
  return text.empty() ? cause : cause + ", " + in_quotes(text);
}

}  // namespace roomwire::rtc
