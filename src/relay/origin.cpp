#include "relay/origin.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/address.hpp"

namespace roomwire::relay {
namespace {

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Host and port of an origin; empty for `null`.
std::string_view authority_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

/// What stands before the port.
std::string_view name_in(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_of_this_network(const std::string& host) {
  std::string_view name = name_in(host);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.find('.') == std::string::npos) return true;  // An IPv6 address is one of these.
  if (IpAddress::parse(name)) return true;
  constexpr std::array<std::string_view, 6> own{".local",     ".localhost", ".lan",
                                                ".home.arpa", ".internal",  ".test"};
  return std::any_of(own.begin(), own.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

bool has_own_host(const HttpRequest& request, const Origins& allowed) {
  if (request.has_tls) return true;
  const std::string host = in_lower_case(request.host);
  return is_of_this_network(host) ||
         std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& each) { return authority_of(each) == host; });
}

std::optional<std::string> refuse_page(const HttpRequest& request, const Origins& allowed,
                                       bool serves_pages) {
  if (request.origin.empty()) return std::nullopt;
  const std::string origin = in_lower_case(request.origin);
  if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) return std::nullopt;
  const bool is_ours = serves_pages && !request.host.empty() &&
                       authority_of(origin) == in_lower_case(request.host) &&
                       has_own_host(request, allowed);
  if (is_ours) return std::nullopt;
  return "a page of " + origin + " may not use this relay; --allow-origin " + origin + " lets it";
}

}  // namespace roomwire::relay
