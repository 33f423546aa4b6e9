#include "base/stun_url.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/number.hpp"
#include "base/refusal.hpp"

namespace roomwire {

Result<StunUrl> parse_stun_url(std::string_view text) {
  static constexpr std::string_view scheme = "stun:";
  const auto bad = [&](const char* problem, ErrorCode code = ErrorCode::bad_option) {
    return failure(ErrorKind::invalid_input, in_quotes(text) + problem, code);
  };
  if (text.starts_with("turn:") || text.starts_with("turns:"))
    return bad(": TURN is not supported yet; write stun:HOST:PORT", ErrorCode::not_supported);
  const auto no_server = [&] { return bad(" is not a STUN server; write stun:HOST:PORT"); };
  if (!text.starts_with(scheme) || !is_utf8(text)) return no_server();

  const std::string_view place = text.substr(scheme.size());
  const bool has_bracket = place.starts_with('[');
  const std::size_t host_end = has_bracket ? place.find(']') : place.find(':');
  if (has_bracket && host_end == std::string_view::npos) return no_server();
  StunUrl out;
  out.host = has_bracket ? place.substr(1, host_end - 1) : place.substr(0, host_end);
  const auto fits_no_host = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f ||
           std::string_view("/?#@").find(c) != std::string_view::npos;
  };
  if (out.host.empty() || std::any_of(out.host.begin(), out.host.end(), fits_no_host))
    return no_server();
  std::string_view rest =
      host_end == std::string_view::npos ? "" : place.substr(host_end + (has_bracket ? 1 : 0));
  if (rest.empty()) return out;
  const auto port = parse_number<std::uint16_t>(rest.substr(1));
  if (rest.front() != ':' || !port || *port == 0) return no_server();
  out.port = *port;
  return out;
}

}  // namespace roomwire
