#include "cli/commands/relay_host.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "base/private_address.hpp"
#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

// This machine's addresses, of one family or of both.
std::vector<IpAddress> own_addresses(bool v4, bool v6) {
  std::vector<IpAddress> out;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return out;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    IpAddress address;
    if (v4 && each->ifa_addr->sa_family == AF_INET) {
      std::array<std::uint8_t, 4> bytes{};
      const auto* in = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
      std::memcpy(bytes.data(), &in->sin_addr, bytes.size());
      address = IpAddress::v4(bytes);
    } else if (v6 && each->ifa_addr->sa_family == AF_INET6) {
      std::array<std::uint8_t, 16> bytes{};
      const auto* in = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
      std::memcpy(bytes.data(), &in->sin6_addr, bytes.size());
      address = IpAddress::v6(bytes);
    }
    if (!address.is_unspecified() && !address.is_link_local()) out.push_back(address);
  }
  freeifaddrs(first);
  return out;
}

}  // namespace

Result<std::vector<Endpoint>> endpoints_of(const std::vector<ListenAddress>& listen) {
  std::vector<Endpoint> out;
  for (const ListenAddress& each : listen) {
    const auto address = IpAddress::parse(each.address);
    if (!address) {
      return failure(ErrorKind::invalid_input, "--listen: " + each.address + " is no IP address");
    }
    out.push_back({*address, each.port});
  }
  return out;
}

std::vector<Endpoint> reachable_at(const std::vector<Endpoint>& endpoints) {
  std::vector<Endpoint> out;
  for (const Endpoint& endpoint : endpoints) {
    if (!endpoint.address.is_unspecified()) {
      out.push_back(endpoint);
      continue;
    }
    for (const IpAddress& own : own_addresses(true, endpoint.address.is_v6())) {
      out.push_back({own, endpoint.port});
    }
  }
  return out;
}

Result<std::unique_ptr<relay::Server>> start_relay(boost::asio::io_context& io,
                                                   relay::ServerOptions options) {
  auto started = relay::Server::start(io, std::move(options));
  if (!started && started.error().message.ends_with("Address already in use")) {
    return failure(started.error().kind,
                   started.error().message + "; choose another port with --listen, or 0 for any");
  }
  return started;
}

void say_local_network_question(const std::vector<Endpoint>& places) {
  const bool is_local = std::any_of(places.begin(), places.end(), [](const Endpoint& place) {
    return place.address.is_loopback() || is_private(place.address);
  });
  if (!is_local) return;
  say(Tone::hint,
      "before a page from the internet, such as patchies.app, reaches this relay, Chromium asks "
      "its user: allow it; peers met by a public relay need no leave");
}

void say_event(const relay::ServerEvent& event, Verbosity verbosity) {
  using Kind = relay::ServerEvent::Kind;
  const std::string reason = printable(event.reason);
  if (event.kind == Kind::trouble) {
    if (verbosity != Verbosity::quiet) say(Tone::bad, reason);
    return;
  }
  if (verbosity != Verbosity::verbose) return;
  const char* what = event.kind == Kind::connected      ? "connected"
                     : event.kind == Kind::disconnected ? "gone"
                                                        : "refused";
  say(Tone::hint, fmt::format("{}: {}{}{} ({} connected)", what, event.remote.to_string(),
                              reason.empty() ? "" : ", ", reason, event.clients));
}

}  // namespace roomwire::cli
