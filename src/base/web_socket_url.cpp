#include "base/web_socket_url.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>

#include "base/encoding.hpp"
#include "base/number.hpp"
#include "base/refusal.hpp"

namespace roomwire {
namespace {

bool is_space_or_control(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
}

}  // namespace

Result<WebSocketUrl> parse_web_socket_url(std::string_view text) {
  const auto bad = [&](const char* problem) {
    return failure(ErrorKind::invalid_input, in_quotes(text) + problem, ErrorCode::bad_option);
  };
  const std::string_view scheme = text.substr(0, std::min(text.find("://"), text.size()));
  if (scheme == text) return bad(" is not a URL; write ws://HOST:PORT or wss://HOST");
  const auto kind = boost::urls::string_to_scheme(scheme);
  if (kind != boost::urls::scheme::ws && kind != boost::urls::scheme::wss)
    return bad(" is not a WebSocket URL; write ws:// or wss:// before the host");
  if (std::any_of(text.begin(), text.end(), is_space_or_control) || !is_utf8(text))
    return bad(" has a character in it that no URL has; write %20 for a space");

  const char* const no_host = " has no valid host and port; write ws://HOST:PORT or wss://HOST";
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return bad(no_host);
  const boost::urls::url_view& url = *parsed;
  if (url.has_userinfo())
    return bad(" has a user's name in it, which roomwire does not send; leave it out");
  WebSocketUrl out;
  out.tls = kind == boost::urls::scheme::wss;
  out.host = url.host_address();
  out.port = out.tls ? 443 : 80;
  // Boost.URL 1.81 takes `host:x` as a port without digits, and 65537 as 1.
  if (url.has_port()) {
    const auto port = parse_number<std::uint16_t>(std::string_view(url.port()));
    if (!port || *port == 0) return bad(no_host);
    out.port = *port;
  }
  const std::string_view path = url.encoded_path();
  if (out.host.empty() || (!path.empty() && path.front() != '/')) return bad(no_host);
  out.host_header = std::string(url.encoded_host_and_port());
  out.target = path.empty() ? "/" : std::string(path);
  if (url.has_query()) out.target += "?" + std::string(url.encoded_query());
  return out;
}

}  // namespace roomwire
