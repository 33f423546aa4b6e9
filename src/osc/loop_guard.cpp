#include "osc/loop_guard.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/json_value.hpp"

namespace roomwire::osc {

namespace json = boost::json;

namespace {

/// The scope of a link-local address is the number of an interface, and each machine counts its
/// own.
Endpoint without_scope(const Endpoint& endpoint) {
  return endpoint.with_scope(0);
}

}  // namespace

// Who hears one cannot say it as its own: it holds for these two alone, and in this direction.
std::string LoopGuard::token(const PeerId& from, const PeerId& to) const {
  return to_hex(sha256(as_bytes(machine_ + '\n' + from.str() + '\n' + to.str())));
}

std::string LoopGuard::announcement(const PeerId& to, const std::vector<Endpoint>& sources,
                                    const std::vector<IpAddress>& local) const {
  json::array endpoints;
  const auto add = [&endpoints](const Endpoint& endpoint) {
    if (endpoints.size() < max_endpoints) {
      endpoints.emplace_back(without_scope(endpoint).to_string());
    }
  };
  for (const Endpoint& source : sources) {
    if (!source.address.is_unspecified()) {
      add(source);
      continue;
    }
    for (const IpAddress& address : local) {
      if (address.is_v4() == source.address.is_v4()) add({address, source.port});
    }
  }
  return json::serialize(
      json::object{{"host", token(self_, to)}, {"sendsFrom", std::move(endpoints)}});
}

bool LoopGuard::heard(const PeerId& peer, std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return false;
  const auto host = string_member(value->get_object(), "host");
  const json::value* endpoints = value->get_object().if_contains("sendsFrom");
  if (!host || endpoints == nullptr || !endpoints->is_array()) return false;
  if (bridges_.count(peer) == 0 && bridges_.size() >= max_bridges) return false;
  Bridge& known = bridges_[peer];
  Bridge bridge;
  bridge.is_far = *host != token(peer, self_);
  for (const json::value& each : endpoints->get_array()) {
    if (bridge.endpoints.size() == max_endpoints) break;
    if (!each.is_string()) continue;
    const auto endpoint = Endpoint::parse(each.get_string());
    if (!endpoint) continue;
    const auto before = known.endpoints.find(without_scope(*endpoint));
    bridge.endpoints.emplace(without_scope(*endpoint),
                             before != known.endpoints.end() && before->second);
  }
  known = std::move(bridge);
  return true;
}

void LoopGuard::proved(const PeerId& peer, const Endpoint& source) {
  const auto bridge = bridges_.find(peer);
  if (bridge == bridges_.end()) return;
  const auto endpoint = bridge->second.endpoints.find(without_scope(source));
  if (endpoint != bridge->second.endpoints.end()) endpoint->second = true;
}

bool LoopGuard::is_far(const PeerId& peer) const {
  const auto bridge = bridges_.find(peer);
  return bridge != bridges_.end() && bridge->second.is_far;
}

bool LoopGuard::knows_far_ones() const {
  return std::any_of(bridges_.begin(), bridges_.end(),
                     [](const auto& entry) { return entry.second.is_far; });
}

std::optional<LoopGuard::Sender> LoopGuard::sender(const Endpoint& source) const {
  const Endpoint endpoint = without_scope(source);
  std::optional<Sender> found;
  for (const auto& [peer, bridge] : bridges_) {
    if (bridge.is_far && source.address.is_loopback()) continue;
    const auto said = bridge.endpoints.find(endpoint);
    if (said == bridge.endpoints.end()) continue;
    const bool is_certain = !bridge.is_far || said->second;
    if (!found || is_certain) found = Sender{peer, bridge.is_far, is_certain};
    if (is_certain) break;
  }
  return found;
}

}  // namespace roomwire::osc
