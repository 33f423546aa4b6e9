#include "rtc/ice_pairs.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::rtc {
namespace {

/// Whether packets may pass between two addresses. Between loopback and the machine's other
/// addresses they do, but then both ends have loopback addresses to pair, or the peer's checks
/// arrive and teach us the pair.
bool can_reach(const IpAddress& local, const IpAddress& remote) {
  return local.is_v4() == remote.is_v4() && local.is_link_local() == remote.is_link_local() &&
         local.is_loopback() == remote.is_loopback();
}

bool is_destination(const Endpoint& endpoint) {
  return endpoint.port != 0 && !endpoint.address.is_unspecified() &&
         !endpoint.address.is_multicast();
}

}  // namespace

void CheckedPair::note_check(const IceCheck& check) {
  checks_[next_check_] = check;
  next_check_ = (next_check_ + 1) % checks_.size();
}

IceCheck* CheckedPair::find_check(const StunTransactionId& id) {
  const auto found = std::find_if(checks_.begin(), checks_.end(), [&](const IceCheck& check) {
    return check.open && check.id == id;
  });
  return found == checks_.end() ? nullptr : &*found;
}

void IcePairs::add_local(Time now, const Candidate& candidate) {
  if (candidate.type != CandidateType::host) {
    remember_reflexive(candidate.endpoint);
    return;
  }
  if (knows_local(candidate.endpoint)) return;
  const Local local{candidate.endpoint, candidate.priority};
  locals_.push_back(local);
  for (const Remote& remote : remotes_) {
    if (can_reach(local.endpoint.address, remote.endpoint.address)) add_pair(now, local, remote);
  }
}

void IcePairs::add_remote(Time now, const Candidate& candidate) {
  if (!candidate.mdns_name.empty() || !is_destination(candidate.endpoint)) return;
  const Remote remote{candidate.endpoint.with_scope(0), candidate.type, candidate.priority};
  if (Remote* known = find_remote(remote.endpoint)) {
    if (known->type == CandidateType::peer_reflexive) {
      *known = remote;
      update(remote);
    }
    return;
  }
  if (!has_room_for(remote.type)) return;
  remotes_.push_back(remote);
  for (const Local& local : locals_) {
    if (can_reach(local.endpoint.address, remote.endpoint.address)) add_pair(now, local, remote);
  }
}

CheckedPair* IcePairs::learn(Time now, const Endpoint& local, const Endpoint& remote,
                             std::uint32_t priority) {
  if (CheckedPair* known = find(local, remote)) return known;
  const Endpoint endpoint = remote.with_scope(0);
  Remote* known = find_remote(endpoint);
  if (known == nullptr) {
    if (!is_destination(endpoint) || !has_room_for(CandidateType::peer_reflexive)) return nullptr;
    known = &remotes_.emplace_back(Remote{endpoint, CandidateType::peer_reflexive, priority});
  }
  const auto base = std::find_if(locals_.begin(), locals_.end(),
                                 [&](const Local& each) { return each.endpoint == local; });
  return base == locals_.end() ? nullptr : add_pair(now, *base, *known);
}

void IcePairs::set_role(IceRole role) {
  role_ = role;
  for (const auto& pair : pairs_)
    rate(*pair);
}

CheckedPair* IcePairs::find(const Endpoint& local, const Endpoint& remote) {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) {
    return pair->local == local && pair->remote == remote;
  });
  return found == pairs_.end() ? nullptr : found->get();
}

CheckedPair* IcePairs::best(const std::function<bool(const CheckedPair&)>& fits) {
  CheckedPair* best = nullptr;
  for (const auto& pair : pairs_) {
    if (best != nullptr && pair->priority <= best->priority) continue;
    if (fits(*pair)) best = pair.get();
  }
  return best;
}

std::vector<IcePair> IcePairs::checked() const {
  std::vector<const CheckedPair*> checked;
  for (const auto& pair : pairs_) {
    if (pair->state != CheckedPair::State::waiting) checked.push_back(pair.get());
  }
  std::sort(checked.begin(), checked.end(),
            [](const auto* a, const auto* b) { return a->priority > b->priority; });
  std::vector<IcePair> out;
  out.reserve(checked.size());
  for (const CheckedPair* pair : checked)
    out.push_back(pair->addresses());
  return out;
}

CandidateType IcePairs::local_type(const CheckedPair& pair, const Endpoint& mapped) const {
  if (mapped.with_scope(pair.local.address.scope()) == pair.local) return CandidateType::host;
  const bool signalled =
      std::find(reflexive_.begin(), reflexive_.end(), mapped) != reflexive_.end();
  return signalled ? CandidateType::server_reflexive : CandidateType::peer_reflexive;
}

void IcePairs::remember_reflexive(const Endpoint& endpoint) {
  if (std::find(reflexive_.begin(), reflexive_.end(), endpoint) != reflexive_.end()) return;
  if (reflexive_.size() >= max_reflexive) reflexive_.erase(reflexive_.begin());
  reflexive_.push_back(endpoint);
}

IcePairs::Remote* IcePairs::find_remote(const Endpoint& endpoint) {
  const auto found = std::find_if(remotes_.begin(), remotes_.end(), [&](const Remote& remote) {
    return remote.endpoint == endpoint;
  });
  return found == remotes_.end() ? nullptr : &*found;
}

bool IcePairs::has_room_for(CandidateType type) const {
  if (remotes_.size() >= max_remotes) return false;
  if (type != CandidateType::peer_reflexive) return true;
  const auto count = std::count_if(remotes_.begin(), remotes_.end(), [](const Remote& remote) {
    return remote.type == CandidateType::peer_reflexive;
  });
  return static_cast<std::size_t>(count) < max_peer_reflexive;
}

bool IcePairs::knows_local(const Endpoint& endpoint) const {
  return std::any_of(locals_.begin(), locals_.end(),
                     [&](const Local& local) { return local.endpoint == endpoint; });
}

void IcePairs::update(const Remote& remote) {
  for (const auto& pair : pairs_) {
    if (pair->remote.with_scope(0) != remote.endpoint) continue;
    pair->remote_type = remote.type;
    pair->remote_priority = remote.priority;
    rate(*pair);
  }
}

CheckedPair* IcePairs::add_pair(Time now, const Local& local, const Remote& remote) {
  auto pair = std::make_unique<CheckedPair>();
  pair->local = local.endpoint;
  pair->remote = remote.endpoint.with_scope(local.endpoint.address.scope());
  pair->local_priority = local.priority;
  pair->remote_priority = remote.priority;
  pair->remote_type = remote.type;
  pair->due = now;
  rate(*pair);
  if (pairs_.size() < max_pairs) return pairs_.emplace_back(std::move(pair)).get();
  const auto worse = [](const auto& a, const auto& b) {
    const bool a_succeeded = a->state == CheckedPair::State::succeeded;
    const bool b_succeeded = b->state == CheckedPair::State::succeeded;
    return a_succeeded != b_succeeded ? b_succeeded : a->priority < b->priority;
  };
  const auto worst = std::min_element(pairs_.begin(), pairs_.end(), worse);
  if (!worse(*worst, pair)) return nullptr;
  *worst = std::move(pair);
  return worst->get();
}

void IcePairs::rate(CheckedPair& pair) const {
  // RFC 8445 section 6.1.2.3.
  const bool controlling = role_ == IceRole::controlling;
  const std::uint64_t g = controlling ? pair.local_priority : pair.remote_priority;
  const std::uint64_t d = controlling ? pair.remote_priority : pair.local_priority;
  pair.priority = (std::min(g, d) << 32) + 2 * std::max(g, d) + (g > d ? 1 : 0);
}

}  // namespace roomwire::rtc
