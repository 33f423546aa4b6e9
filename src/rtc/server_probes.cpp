#include "rtc/server_probes.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::rtc {
namespace {

template <class Range>
bool contains(const Range& range, const Endpoint& endpoint) {
  return std::find(range.begin(), range.end(), endpoint) != range.end();
}

}  // namespace

void ServerProbes::set_local_endpoints(Time now, std::vector<Endpoint> endpoints) {
  std::erase_if(probes_, [&](const Probe& probe) { return !contains(endpoints, probe.local); });
  const std::vector<Endpoint> before = std::exchange(locals_, std::move(endpoints));
  for (const Endpoint& local : locals_) {
    if (contains(before, local)) continue;
    for (const Endpoint& server : servers_)
      add_probe(now, local, server);
  }
}

void ServerProbes::add_server(Time now, const Endpoint& server) {
  if (contains(servers_, server) || servers_.size() == max_servers) return;
  servers_.push_back(server);
  for (const Endpoint& local : locals_)
    add_probe(now, local, server);
}

void ServerProbes::add_probe(Time now, const Endpoint& local, const Endpoint& server) {
  if (local.address.is_v4() != server.address.is_v4() || local.address.is_loopback()) return;
  const Endpoint at =
      server.address.scope() != 0 ? server : server.with_scope(local.address.scope());
  probes_.push_back({local, at, draw_transaction_id(entropy_), 0, now});
  send(now, probes_.back());
}

void ServerProbes::send(Time now, Probe& probe) {
  if (probe.tries == max_tries) probe.tries = 0;
  if (probe.tries == 0) probe.transaction = draw_transaction_id(entropy_);
  ++probe.tries;
  probe.next =
      now + (probe.tries == max_tries ? refresh_interval : first_wait * (1 << (probe.tries - 1)));
  sink_.send_probe(probe.local, probe.server, stun_server_request(probe.transaction));
}

bool ServerProbes::handle_stun(Time now, const Endpoint& local, const Endpoint& remote,
                               ByteView packet) {
  const StunTransactionId transaction = stun_transaction(packet);
  const auto probe = std::find_if(probes_.begin(), probes_.end(), [&](const Probe& candidate) {
    return candidate.tries > 0 && candidate.transaction == transaction &&
           candidate.local == local && candidate.server == remote;
  });
  if (probe == probes_.end()) return false;
  probe->tries = 0;  // Answered: a repeated answer finds nothing.
  probe->next = now + refresh_interval;
  auto mapped = stun_server_answer(packet);
  if (mapped) mapped = mapped->with_scope(local.address.scope());
  if (mapped && *mapped != local && !mapped->address.is_unspecified() && mapped->port != 0) {
    sink_.on_mapped(now, local, *mapped);
  }
  return true;
}

Deadline ServerProbes::next_timeout() const {
  Deadline next;
  for (const Probe& probe : probes_)
    next = earlier(next, probe.next);
  return next;
}

void ServerProbes::handle_timeout(Time now) {
  for (Probe& probe : probes_) {
    if (probe.next <= now) send(now, probe);
  }
}

}  // namespace roomwire::rtc
