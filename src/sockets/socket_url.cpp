#include "sockets/socket_url.hpp"

#include <algorithm>
#include <base/address.hpp>
#include <base/number.hpp>
#include <optional>
#include <osc/refusal.hpp>
#include <utility>

namespace roomwire::sockets {
namespace {

constexpr std::size_t max_host_length = 253;  // RFC 1035 section 2.3.4, without the last dot
constexpr std::size_t max_interface_length = 64;

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view(".-_:%").find(c) != std::string_view::npos;
}

/// What is wrong, without the text that it is wrong in.
using Fault = std::optional<std::string>;

Fault take_scheme(std::string_view& rest, SocketUrl& url) {
  const std::size_t end = rest.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = rest.substr(0, end);
  if (scheme != "osc.udp" && scheme != "osc.tcp") return "use osc.udp:// or osc.tcp://";
  url.transport = scheme == "osc.tcp" ? Transport::tcp : Transport::udp;
  rest.remove_prefix(end + 3);
  return std::nullopt;
}

Fault set_host_and_port(std::string_view text, SocketUrl& url) {
  std::string_view port = text;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find("]:");
    if (end == std::string_view::npos) return "write an IPv6 address as [::1]:9000";
    url.host = text.substr(1, end - 1);
    const auto address = IpAddress::parse(url.host.substr(0, url.host.find('%')));
    if (!address || !address->is_v6()) return "only an IPv6 address goes into [ ]";
    port = text.substr(end + 2);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    url.host = text.substr(0, colon);
    if (url.host.find(':') != std::string::npos) return "write an IPv6 address as [::1]:9000";
    port = text.substr(colon + 1);
  } else if (text.find_first_not_of("0123456789") != std::string_view::npos) {
    return "the port is missing: write host:9000";
  }
  const auto number = parse_number<std::uint16_t>(port);
  if (!number) return "the port must be a number from 1 to 65535";
  url.port = *number;
  if (url.host.size() > max_host_length ||
      !std::all_of(url.host.begin(), url.host.end(), is_host_character))
    return "that is not a host name";
  return std::nullopt;
}

Fault set_option(std::string_view key, std::string_view value, SocketRole role, SocketUrl& url) {
  const bool to = role == SocketRole::destination;
  if (key == "framing") {
    if (url.transport != Transport::tcp || !to)
      return "framing is for TCP destinations (listeners find out by themselves)";
    if (value != "size" && value != "slip") return "framing is size or slip";
    url.framing = value == "slip" ? osc::Framing::slip : osc::Framing::size_prefix;
    return std::nullopt;
  }
  if (key == "interface") {
    if (!url.is_multicast() && !(to && url.host == SocketUrl::limited_broadcast))
      return "interface is for multicast groups";
    if (value.empty() || value.size() > max_interface_length)
      return "interface is a name such as eth0, or an address";
    url.interface = value;
    return std::nullopt;
  }
  if (key == "ttl") {
    if (!url.is_multicast() || !to) return "ttl is for multicast destinations";
    const auto number = parse_number<std::uint8_t>(value);
    if (!number) return "ttl is a number from 0 to 255";
    url.ttl = *number;
    return std::nullopt;
  }
  return "the options are framing, interface and ttl";
}

Fault set_options(std::string_view query, SocketRole role, SocketUrl& url) {
  while (!query.empty()) {
    const std::string_view option = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), option.size() + 1));
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string_view value = option.substr(std::min(option.size(), equals + 1));
    if (auto fault = set_option(option.substr(0, equals), value, role, url)) return fault;
  }
  return std::nullopt;
}

// The same address is on every network of a machine.
Fault check_scope(const SocketUrl& url, SocketRole role) {
  const auto address = IpAddress::parse(url.host);
  if (!address || address->is_v4() || !address->is_link_local() || address->scope() != 0)
    return std::nullopt;
  const std::string what = "the interface is missing, as the address is one on each: ";
  if (role == SocketRole::destination) return what + "write [" + url.host + "%eth0]:9000";
  return what + "write its number, which `ip link` shows, as [" + url.host + "%2]:9000";
}

Fault check(const SocketUrl& url, SocketRole role) {
  if (url.is_multicast() && url.transport == Transport::tcp)
    return "a multicast group has no TCP: use osc.udp://";
  if (auto fault = check_scope(url, role)) return fault;
  if (role == SocketRole::destination) {
    if (url.host.empty()) return "the host is missing: write 127.0.0.1:9000";
    if (url.port == 0) return "the port must be a number from 1 to 65535";
    const auto address = IpAddress::parse(url.host);
    if (address && address->is_unspecified()) return "nothing can be sent to that address";
    return std::nullopt;
  }
  if (!url.host.empty() && url.host != "localhost" && !IpAddress::parse(url.host))
    return "listen on a port, or on an address of this machine, not on a name";
  return std::nullopt;
}

Fault read(std::string_view text, SocketRole role, SocketUrl& url) {
  if (auto fault = take_scheme(text, url)) return fault;
  const std::size_t question = std::min(text.find('?'), text.size());
  std::string_view where = text.substr(0, question);
  const std::string_view query = text.substr(std::min(text.size(), question + 1));
  const std::size_t slash = where.find('/');
  if (slash != std::string_view::npos) {
    if (slash + 1 != where.size())
      return "leave out what follows the port: each message has its own OSC address";
    where = where.substr(0, slash);
  }
  if (auto fault = set_host_and_port(where, url)) return fault;
  if (auto fault = set_options(query, role, url)) return fault;
  return check(url, role);
}

}  // namespace

Result<SocketUrl> SocketUrl::parse(std::string_view text, SocketRole role) {
  SocketUrl url;
  if (const auto fault = read(text, role, url)) {
    const std::string what = role == SocketRole::destination ? "OSC destination " : "OSC listener ";
    return failure(ErrorKind::invalid_input, what + in_quotes(text) + ": " + *fault);
  }
  return url;
}

bool SocketUrl::is_multicast() const {
  const auto address = IpAddress::parse(host.substr(0, host.find('%')));
  return address && address->is_multicast();
}

std::string SocketUrl::text() const {
  const bool bracketed = host.find(':') != std::string::npos;
  std::string where = bracketed ? "[" + host + "]" : host;
  if (!where.empty()) where += ":";
  where += std::to_string(port);
  const bool tcp = transport == Transport::tcp;
  std::string out = tcp ? "osc.tcp://" + where + "/" : where;
  char separator = '?';
  const auto add = [&](const std::string& option) {
    out += std::exchange(separator, '&') + option;
  };
  if (framing == osc::Framing::slip) add("framing=slip");
  if (!interface.empty()) add("interface=" + interface);
  if (ttl != 1) add("ttl=" + std::to_string(ttl));
  return out;
}

}  // namespace roomwire::sockets
