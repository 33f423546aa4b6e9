#include "signal/default_relays.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/encoding.hpp"
#include "signal/default_relay_lists.hpp"

namespace roomwire::signal {
namespace {

/// defaultRedundancy of every release.
constexpr std::size_t relays_chosen = 5;

/// Trystero's shuffle (@trystero-p2p/core: utils): Fisher–Yates from the end, with the fraction
/// of sin(seed++) × 10000 as its random numbers. std::sin and a browser's may differ in the last
/// bit, which changes the choice only if the product lies that close to a whole number.
std::vector<std::string_view> choose(const RelayList& list, std::uint64_t seed) {
  std::vector<std::string_view> hosts(list.hosts.begin(), list.hosts.end());
  auto next = static_cast<double>(seed);
  for (std::size_t left = hosts.size(); left > 0; --left) {
    const double scaled = std::sin(next) * 1e4;
    next += 1;
    const double fraction = scaled - std::floor(scaled);
    const auto other = static_cast<std::size_t>(fraction * static_cast<double>(left));
    std::swap(hosts[left - 1], hosts[other]);
  }
  hosts.resize(std::min(hosts.size(), relays_chosen));
  return hosts;
}

std::string known_releases() {
  std::string names;
  for (const RelayList& list : default_relay_lists()) {
    if (!names.empty()) names += ", ";
    names += list.release;
  }
  return names;
}

}  // namespace

Result<std::vector<RelayUrl>> default_relays(const AppId& app, std::string_view release) {
  std::vector<RelayUrl> relays;
  bool known = release.empty();
  for (const RelayList& list : default_relay_lists()) {
    if (!release.empty() && release != list.release) continue;
    known = true;
    for (const std::string_view host : choose(list, utf16_sum(app.str()))) {
      const std::string url = "wss://" + std::string(host);
      const bool is_new = std::none_of(relays.begin(), relays.end(),
                                       [&](const RelayUrl& each) { return each.url() == url; });
      if (is_new) relays.push_back(RelayUrl::parse(url).value());
    }
  }
  if (!known) {
    return failure(ErrorKind::invalid_input, "no relays are known of release \"" +
                                                 std::string(release) + "\", but of " +
                                                 known_releases());
  }
  return relays;
}

}  // namespace roomwire::signal
