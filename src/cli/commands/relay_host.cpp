#include "cli/commands/relay_host.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
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

/// What the server reports.
class EventTeller {
 public:
  explicit EventTeller(Verbosity verbosity) : verbosity_(verbosity) {}

  void operator()(const relay::ServerEvent& event) {
    using Kind = relay::ServerEvent::Kind;
    const std::string reason = printable(event.reason);
    switch (event.kind) {
      case Kind::trouble:
        if (verbosity_ != Verbosity::quiet) say(Tone::bad, reason);
        return;
      case Kind::page_refused:  // Its `refused` says it with -v.
        if (verbosity_ == Verbosity::normal && is_new(reason)) say(Tone::hint, reason);
        return;
      case Kind::connected:
        return say_client("connected", event, reason);
      case Kind::disconnected:
        return say_client("gone", event, reason);
      case Kind::refused:
        return say_client("refused", event, reason);
    }
  }

 private:
  static constexpr std::size_t max_pages = 32;  ///< That are told of; more would be noise.

  bool is_new(const std::string& reason) {
    return told_.size() < max_pages && told_.insert(reason).second;
  }

  void say_client(const char* what, const relay::ServerEvent& event,
                  const std::string& reason) const {
    if (verbosity_ != Verbosity::verbose) return;
    say(Tone::hint, fmt::format("{}: {}{}{} ({} connected)", what, event.remote.to_string(),
                                reason.empty() ? "" : ", ", reason, event.clients));
  }

  Verbosity verbosity_;
  std::set<std::string> told_;
};

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
                                                   relay::ServerOptions options,
                                                   Verbosity verbosity) {
  options.on_event = EventTeller(verbosity);
  auto started = relay::Server::start(io, std::move(options));
  if (!started && started.error().code == ErrorCode::address_in_use)
    started.error().message += "; choose another port with --listen, or 0 for any";
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

}  // namespace roomwire::cli
