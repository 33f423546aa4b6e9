#include "cli/flags/flag_values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <random>

#include "base/stun_url.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/room_link.hpp"

namespace roomwire::cli {
namespace {

tl::unexpected<Error> bad(std::string message) {
  return failure(ErrorKind::invalid_input, std::move(message));
}

std::string quoted(std::string_view text) {
  return "'" + printable(text, 100) + "'";
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_link(std::string_view text) {
  return has(text, "://") || has(text, "?room=") || has(text, "&room=");
}

bool has_space_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

// `host`, `host:port` or `[v6]:port`, with a host and, if there is one, a port that can be.
bool is_authority(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.empty() || host.find_first_of("/?#@") != std::string_view::npos) return false;
  if (host.front() != '[' && has(host, ":")) return false;
  return !has_port || parse_number(text.substr(colon + 1), 1, 65535).has_value();
}

bool is_ip_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

}  // namespace

Result<RoomId> parse_room(std::string_view text) {
  if (text.empty())
    return bad("is empty; give a room's id or link, or leave it out for the remembered one");
  if (text.starts_with("--")) return bad("needs a value, and " + quoted(text) + " is a flag");
  std::string room(text);
  if (is_link(text)) {
    const auto value = query_value(text, "room");
    if (!value) return bad(quoted(text) + " has no ?room= in it; give the room's id or its link");
    if (value->empty()) {
      return bad(quoted(text) + " has an empty ?room= in it; give the room's id or its link");
    }
    room = *value;
  }
  if (!is_utf8(room)) return bad(quoted(std::string_view(room)) + " is not UTF-8");
  return RoomId(std::move(room));
}

std::optional<RelayUrl> relay_of_page(std::string_view link) {
  const bool is_plain = link.starts_with("http://");
  if (!is_plain && !link.starts_with("https://")) return std::nullopt;
  std::string_view place = link.substr(link.find("://") + 3);
  place = place.substr(0, place.find_first_of("/?#"));
  const bool has_port = place.find(':', place.rfind(']') + 1) != std::string_view::npos;
  if (!is_plain && !has_port) return std::nullopt;
  const std::string url = (is_plain ? "ws://" : "wss://") + std::string(place);
  const auto relay = RelayUrl::parse(url);
  if (!relay) return std::nullopt;
  return relay->as_guess();
}

Result<std::string> parse_page(std::string_view text) {
  if (text == "patchies") return std::string(patchies_page);
  const std::string_view scheme = text.substr(0, std::min(text.find("://"), text.size()));
  const std::string_view rest = text.substr(std::min(scheme.size() + 3, text.size()));
  const bool is_page = (scheme == "http" || scheme == "https") && !has_space_or_control(text) &&
                       is_utf8(text) && is_authority(rest.substr(0, rest.find_first_of("/?#")));
  if (is_page) return std::string(text);
  return bad(quoted(text) + " is no page; write patchies, or http://HOST:PORT/");
}

Result<IceServer> parse_ice_server(std::string_view text) {
  const auto url = parse_stun_url(text);
  if (url) return IceServer{std::string(text)};
  const bool is_turn = url.error().code == ErrorCode::not_supported;
  return bad(url.error().message + (is_turn ? "" : ", or none"));
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  if (!whole || value < least || value > most) {
    return bad(quoted(text) + " is not a whole number from " + std::to_string(least) + " to " +
               std::to_string(most));
  }
  return value;
}

Result<std::size_t> parse_size(std::string_view text) {
  const auto wrong = [&] {
    return bad(quoted(text) + " is not a size from 1k to 1G; write bytes, or 64k, 16M");
  };
  std::string_view digits = text;
  unsigned shift = 0;
  if (!text.empty()) {
    const char unit = text.back();
    shift = unit == 'k' || unit == 'K'   ? 10
            : unit == 'M' || unit == 'm' ? 20
            : unit == 'G'                ? 30
                                         : 0;
    if (shift != 0) digits.remove_suffix(1);
  }
  constexpr std::uint64_t most = std::uint64_t{1} << 30U;
  const auto value = parse_number(digits, 1, most >> shift);
  if (!value || *value << shift < 1024) return wrong();
  return static_cast<std::size_t>(*value << shift);
}

Result<std::chrono::milliseconds> parse_seconds(std::string_view text) {
  const auto wrong = [&] {
    return bad(quoted(text) + " is not a time; write seconds, such as 2.5");
  };
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '.';
  });
  if (!plain) return wrong();
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return wrong();
  if (seconds < 0.001 || seconds > 31'536'000) return wrong();
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [&] {
    return bad(quoted(text) +
               " is not an address and port; write 127.0.0.1:7777, [::]:7777 or 7777");
  };
  const std::size_t colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  const auto number = parse_number(port, 0, 65535);
  if (!number) return wrong();
  ListenAddress out;
  out.port = static_cast<std::uint16_t>(*number);
  if (colon == std::string_view::npos) return out;
  std::string_view address = text.substr(0, colon);
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  if (has(address, ":") != bracketed) return wrong();
  out.address = address == "localhost" ? "127.0.0.1" : std::string(address);
  if (!is_ip_address(out.address)) return wrong();
  return out;
}

Result<std::string> parse_origin(std::string_view text) {
  if (text == "null") return std::string(text);
  std::string out(text.substr(0, text.size() - (text.ends_with('/') ? 1 : 0)));
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const bool is_plain = out.starts_with("http://");
  const std::string_view authority = std::string_view(out).substr(
      std::min<std::size_t>(out.size(), is_plain                      ? 7
                                        : out.starts_with("https://") ? 8
                                                                      : out.size()));
  if (has_space_or_control(out) || !is_authority(authority)) {
    return bad(quoted(text) + " is no origin; write https://HOST or http://HOST:PORT");
  }
  const std::string_view own_port = is_plain ? ":80" : ":443";
  if (authority.ends_with(own_port)) out.resize(out.size() - own_port.size());
  return out;
}

RoomId new_room() {
  std::random_device source;
  std::string out;
  constexpr std::string_view pattern = "xxxxxxxx-xxxx-4xxx-Nxxx-xxxxxxxxxxxx";
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : pattern) {
    const unsigned digit = source() >> 8U & 0xfU;
    out.push_back(c == 'x' ? hex[digit] : c == 'N' ? hex[8 + digit % 4] : c);
  }
  return RoomId(std::move(out));
}

}  // namespace roomwire::cli
