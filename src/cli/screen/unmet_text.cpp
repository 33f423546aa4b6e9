#include "cli/screen/unmet_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::size_t most_peers = 3;
constexpr std::size_t most_pairs = 2;

// As session descriptions call them.
const char* kind_name(AddressPair::Kind kind) {
  switch (kind) {
    case AddressPair::Kind::host:
      return "host";
    case AddressPair::Kind::server_reflexive:
      return "srflx";
    case AddressPair::Kind::peer_reflexive:
      return "prflx";
    case AddressPair::Kind::relayed:
      break;
  }
  return "relay";
}

std::string state_of(const UnmetPeer& peer) {
  std::string tried = tried_text(peer.tried, most_pairs);
  if (!peer.reason.empty()) return printable(peer.reason) + ", " + tried;
  if (peer.tried.count > 0) return tried;
  if (peer.answers) return "not connected so far";
  return peer.is_deaf ? "does not hear us" : "has not answered so far";
}

}  // namespace

std::string tried_text(const TriedPairs& tried, std::size_t most) {
  if (tried.first.empty()) return "it named no address that could be tried";
  std::string out = "tried ";
  const std::size_t shown = std::min(most, tried.first.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const AddressPair& pair = tried.first[i];
    out += fmt::format("{}{} ({}) to {} ({})", i == 0 ? "" : ", ", printable(pair.local),
                       kind_name(pair.local_kind), printable(pair.remote),
                       kind_name(pair.remote_kind));
  }
  return tried.count > shown ? out + fmt::format(" and {} more", tried.count - shown) : out;
}

std::string out_of_reach_remedy() {
  return "a firewall, no common network, or another password? --ice-port 40000 uses one UDP port, "
         "which can be opened";
}

std::string deaf_remedy() {
  return "an open page of Patchies is deaf after its relay was restarted: reload that page";
}

std::string unmet_text(const std::vector<UnmetPeer>& unmet) {
  std::string out;
  const std::size_t shown = std::min(most_peers, unmet.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto age = std::chrono::round<std::chrono::seconds>(unmet[i].heard_for).count();
    out += fmt::format("{}{}, first heard {} s ago, {}", i == 0 ? "" : "; ",
                       printable(unmet[i].peer.str()), age, state_of(unmet[i]));
  }
  if (unmet.size() > shown) out += fmt::format("; and {} more", unmet.size() - shown);
  const bool any_deaf =
      std::any_of(unmet.begin(), unmet.end(), [](const UnmetPeer& each) { return each.is_deaf; });
  const bool any_answers =
      std::any_of(unmet.begin(), unmet.end(), [](const UnmetPeer& each) { return each.answers; });
  if (any_answers) out += "; " + out_of_reach_remedy();
  if (any_deaf) out += "; " + deaf_remedy();
  return out;
}

}  // namespace roomwire::cli
