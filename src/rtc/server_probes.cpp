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
  if (contains(servers_, server)) return;
  if (servers_.size() == max_servers && !drop_silent_server(now)) return;
  servers_.push_back(server);
  for (const Endpoint& local : locals_)
    add_probe(now, local, server);
}

// A name that leads elsewhere now leaves its old addresses behind.
bool ServerProbes::drop_silent_server(Time now) {
  const auto is_of = [](const Endpoint& server) {
    return [&server](const Probe& probe) {
      return probe.server.port == server.port &&
             probe.server.address.with_scope(0) == server.address.with_scope(0);
    };
  };
  const auto silent = std::find_if(servers_.begin(), servers_.end(), [&](const Endpoint& server) {
    return std::none_of(probes_.begin(), probes_.end(), [&](const Probe& probe) {
      return is_of(server)(probe) && !probe.is_silent;
    });
  });
  if (silent == servers_.end()) return false;
  std::erase_if(probes_, is_of(*silent));
  servers_.erase(silent);
  for (const Endpoint& local : locals_)
    sink_.on_mapped(now, local);
  return true;
}

std::vector<Endpoint> ServerProbes::mapped(const Endpoint& local) const {
  std::vector<Endpoint> out;
  for (const Probe& probe : probes_) {
    if (probe.local == local && probe.mapped && !contains(out, *probe.mapped)) {
      out.push_back(*probe.mapped);
    }
  }
  return out;
}

void ServerProbes::add_probe(Time now, const Endpoint& local, const Endpoint& server) {
  if (local.address.is_v4() != server.address.is_v4() || local.address.is_loopback()) return;
  const Endpoint at =
      server.address.scope() != 0 ? server : server.with_scope(local.address.scope());
  Probe& probe = probes_.emplace_back();
  probe.local = local;
  probe.server = at;
  send(now, probe);
}

void ServerProbes::send(Time now, Probe& probe) {
  if (probe.tries == max_tries) {
    probe.tries = 0;
    probe.is_silent = true;
  }
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
  probe->is_silent = false;
  auto mapped = stun_server_answer(packet);
  if (!mapped || mapped->address.is_unspecified() || mapped->port == 0) return true;
  mapped = mapped->with_scope(local.address.scope());
  if (*mapped == local) mapped.reset();
  if (std::exchange(probe->mapped, mapped) != mapped) sink_.on_mapped(now, local);
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
