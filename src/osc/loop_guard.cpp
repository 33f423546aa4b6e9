#include "osc/loop_guard.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

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

std::string LoopGuard::announcement(const std::vector<Endpoint>& sources,
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
  return json::serialize(json::object{{"host", host_}, {"sendsFrom", std::move(endpoints)}});
}

bool LoopGuard::heard(const PeerId& peer, std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return false;
  const auto host = string_member(value->get_object(), "host");
  const json::value* endpoints = value->get_object().if_contains("sendsFrom");
  if (!host || endpoints == nullptr || !endpoints->is_array()) return false;
  if (bridges_.count(peer) == 0 && bridges_.size() >= max_bridges) return false;
  Bridge bridge;
  bridge.same_host = *host == host_;
  for (const json::value& each : endpoints->get_array()) {
    if (bridge.endpoints.size() == max_endpoints) break;
    if (!each.is_string()) continue;
    if (const auto endpoint = Endpoint::parse(each.get_string())) {
      bridge.endpoints.insert(without_scope(*endpoint));
    }
  }
  bridges_[peer] = std::move(bridge);
  return true;
}

bool LoopGuard::is_bridge(const Endpoint& source) const {
  const Endpoint endpoint = without_scope(source);
  return std::any_of(bridges_.begin(), bridges_.end(), [&](const auto& entry) {
    const Bridge& bridge = entry.second;
    if (source.address.is_loopback() && !bridge.same_host) return false;
    return bridge.endpoints.count(endpoint) > 0;
  });
}

}  // namespace roomwire::osc
