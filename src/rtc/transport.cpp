#include <algorithm>
#include <unordered_map>

#include "rtc/connection.hpp"
#include "rtc/server_probes.hpp"
#include "rtc/stun.hpp"

namespace roomwire::rtc {
namespace {

class StackImpl final : public Stack {
 public:
  StackImpl(std::unique_ptr<DtlsContext> dtls, std::unique_ptr<SctpStack> sctp)
      : dtls_(std::move(dtls)), sctp_(std::move(sctp)) {}

  void handle_timeout(Time now) override { sctp_->handle_timeout(now); }
  Deadline next_timeout() const override { return sctp_->next_timeout(); }
  DtlsContext& dtls() { return *dtls_; }
  SctpStack& sctp() { return *sctp_; }

 private:
  std::unique_ptr<DtlsContext> dtls_;
  std::unique_ptr<SctpStack> sctp_;
};

/// One of our addresses and one of a peer's.
struct Route {
  Endpoint local;
  Endpoint remote;
  bool operator==(const Route&) const = default;
};

struct RouteHash {
  std::size_t operator()(const Route& route) const noexcept {
    const std::hash<Endpoint> hash;
    return hash(route.local) * 31 + hash(route.remote);
  }
};

/// RFC 7983: what begins with 20 to 63 is DTLS.
bool looks_like_dtls(ByteView datagram) {
  return datagram.size() > 13 && datagram[0] >= 20 && datagram[0] <= 63;
}

/// Of the first record: 0 while its handshake is not done.
std::uint16_t dtls_epoch(ByteView datagram) {
  return ByteReader(datagram.subspan(3)).u16();
}

/// Who sends such a handshake message (RFC 5246 section 7.4); nothing when both do.
std::optional<DtlsRole> handshake_sender(ByteView datagram) {
  constexpr std::uint8_t handshake = 22;
  if (datagram[0] != handshake || dtls_epoch(datagram) != 0) return std::nullopt;
  switch (datagram[13]) {
    case 1:   // client_hello
    case 15:  // certificate_verify
    case 16:  // client_key_exchange
      return DtlsRole::client;
    case 2:   // server_hello
    case 3:   // hello_verify_request
    case 12:  // server_key_exchange
    case 13:  // certificate_request
    case 14:  // server_hello_done
      return DtlsRole::server;
    default:
      return std::nullopt;
  }
}

// Loopback comes last, for two processes without any other network; link-local addresses next to
// last, since few use them. IPv6 before IPv4, as RFC 8421 advises.
std::uint16_t local_preference(const IpAddress& address, std::size_t index) {
  const auto order = static_cast<std::uint16_t>(std::min<std::size_t>(index, 4095));
  const std::uint16_t group = address.is_loopback()     ? 10000
                              : address.is_link_local() ? 20000
                              : address.is_v4()         ? 40000
                                                        : 60000;
  return static_cast<std::uint16_t>(group - order);
}

class TransportImpl final : public Transport, private ConnectionHost, private ServerProbeSink {
 public:
  TransportImpl(StackImpl& stack, DatagramPort& port, Entropy& entropy)
      : stack_(stack), port_(port), entropy_(entropy), probes_(entropy, *this) {}

  void set_local_endpoints(Time now, std::vector<Endpoint> endpoints) override {
    // What is gone is offered no more; connections that use it notice by ICE.
    std::erase_if(candidates_, [&](const Candidate& candidate) {
      const Endpoint& base = candidate.related.value_or(candidate.endpoint);
      return std::find(endpoints.begin(), endpoints.end(), base) == endpoints.end();
    });
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      Candidate candidate;
      candidate.foundation = next_foundation();
      candidate.endpoint = endpoints[i];
      candidate.priority =
          candidate_priority(CandidateType::host, local_preference(endpoints[i].address, i));
      add_candidate(now, std::move(candidate));
    }
    probes_.set_local_endpoints(now, std::move(endpoints));
  }

  void add_stun_server(Time now, const Endpoint& server) override {
    probes_.add_server(now, server);
  }

  std::unique_ptr<PeerConnection> connect(IceRole role, ConnectionObserver& observer) override {
    auto connection =
        std::make_unique<Connection>(static_cast<ConnectionHost&>(*this), role, observer);
    by_ufrag_[connection->ufrag()] = connection.get();
    connections_.push_back({connection.get(), {}});
    return connection;
  }

  bool handle_datagram(Time now, const Endpoint& local, const Endpoint& remote, ByteView datagram,
                       bool more) override {
    const Route route{local, remote};
    if (looks_like_stun(datagram)) return handle_stun(now, route, datagram);
    return looks_like_dtls(datagram) && handle_dtls(now, route, datagram, more);
  }

  Deadline next_timeout() const override {
    Deadline next = probes_.next_timeout();
    for (const Member& member : connections_) {
      next = earlier(next, member.connection->next_timeout());
    }
    return next;
  }

  void handle_timeout(Time now) override {
    probes_.handle_timeout(now);
    // By index: a connection that ends takes itself out.
    for (std::size_t i = 0; i < connections_.size();) {
      Connection* connection = connections_[i].connection;
      connection->handle_timeout(now);
      if (i < connections_.size() && connections_[i].connection == connection) ++i;
    }
  }

 private:
  struct Member {
    Connection* connection;
    std::vector<Route> routes;
  };
  static constexpr std::size_t max_routes = 128;  ///< Of a connection; more are not learned.

  bool handle_stun(Time now, const Route& route, ByteView packet) {
    if (stun_class(packet) == StunClass::request) {
      const auto ufrag = stun_receiver_ufrag(packet);
      if (!ufrag) return false;
      const auto found = by_ufrag_.find(std::string(*ufrag));
      return found != by_ufrag_.end() && try_stun(now, *found->second, route, packet);
    }
    if (probes_.handle_stun(now, route.local, route.remote, packet)) return true;
    if (stun_class(packet) == StunClass::indication) return routes_.contains(route);
    // An answer names nobody: whoever asked knows its transaction.
    const StunTransactionId transaction = stun_transaction(packet);
    const auto asked =
        std::find_if(connections_.begin(), connections_.end(), [&](const Member& member) {
          return member.connection->awaits(route.local, route.remote, transaction);
        });
    return asked != connections_.end() && try_stun(now, *asked->connection, route, packet);
  }

  bool try_stun(Time now, Connection& connection, const Route& route, ByteView packet) {
    if (!connection.handle_stun(now, route.local, route.remote, packet)) return false;
    learn(connection, route);
    return true;
  }

  /// The packet was signed with the connection's password: its DTLS comes from there too.
  void learn(Connection& connection, const Route& route) {
    const auto member = find(connection);
    if (member == connections_.end() || member->routes.size() >= max_routes) return;
    std::vector<Connection*>& users = routes_[route];
    if (std::find(users.begin(), users.end(), &connection) != users.end()) return;
    users.insert(users.begin(), &connection);
    member->routes.push_back(route);
  }

  bool handle_dtls(Time now, const Route& route, ByteView datagram, bool more) {
    const auto found = routes_.find(route);
    if (found == routes_.end()) return false;
    if (found->second.size() == 1) return found->second.front()->handle_dtls(now, datagram, more);
    return handle_shared_dtls(now, found->second, datagram);
  }

  /// Several connections between the same two sockets: one replaces another that is not known to
  /// be dead, or they serve two apps. Nothing in a record says whose it is, but the right session
  /// alone can decrypt it. Two handshakes at once are told apart by who is the client; when it is
  /// the same host in both, the newer one goes first. What comes next may be another's.
  static bool handle_shared_dtls(Time now, const std::vector<Connection*>& users,
                                 ByteView datagram) {
    // One that ends takes itself out.
    const auto connections = users;  // NOLINT(performance-unnecessary-copy-initialization)
    if (dtls_epoch(datagram) > 0) {
      for (Connection* connection : connections) {
        if (connection->is_secured() && connection->handle_dtls(now, datagram, false)) return true;
      }
    }
    const std::optional<DtlsRole> sender = handshake_sender(datagram);
    bool taken = false;
    for (Connection* connection : connections) {
      if (connection->is_secured() || connection->dtls_role() == sender) continue;
      taken = connection->handle_dtls(now, datagram, false) || taken;
      if (sender) return taken;
    }
    if (taken) return true;
    // A flight sent again, since the answer to it was lost.
    for (Connection* connection : connections) {
      if (connection->is_secured()) connection->handle_dtls(now, datagram, false);
    }
    return false;
  }

  std::vector<Member>::iterator find(const Connection& connection) {
    return std::find_if(connections_.begin(), connections_.end(),
                        [&](const Member& member) { return member.connection == &connection; });
  }

  std::string next_foundation() { return std::to_string(++foundations_); }

  void add_candidate(Time now, Candidate candidate) {
    const bool known =
        std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& other) {
          return other.endpoint == candidate.endpoint && other.related == candidate.related;
        });
    if (known) return;
    candidates_.push_back(candidate);
    for (const auto& entry : connections_) {
      entry.connection->add_local_candidate(now, candidate);
    }
  }

  void send_probe(const Endpoint& local, const Endpoint& server, ByteView packet) override {
    port_.send(local, server, packet);
  }

  /// What no server says any more is offered no more; connections keep what works. At most one
  /// candidate for each socket and server.
  void on_mapped(Time now, const Endpoint& local) override {
    const std::vector<Endpoint> mapped = probes_.mapped(local);
    std::erase_if(candidates_, [&](const Candidate& candidate) {
      return candidate.related == local &&
             std::find(mapped.begin(), mapped.end(), candidate.endpoint) == mapped.end();
    });
    const auto base =
        std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& candidate) {
          return candidate.type == CandidateType::host && candidate.endpoint == local;
        });
    if (base == candidates_.end()) return;
    const auto preference = static_cast<std::uint16_t>(base->priority >> 8);
    for (const Endpoint& each : mapped) {
      Candidate candidate;
      candidate.type = CandidateType::server_reflexive;
      candidate.foundation = next_foundation();
      candidate.endpoint = each;
      candidate.related = local;
      candidate.priority = candidate_priority(candidate.type, preference);
      add_candidate(now, std::move(candidate));
    }
  }

  void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) override {
    port_.send(local, remote, datagram);
  }
  const std::vector<Candidate>& local_candidates() const override { return candidates_; }
  DtlsContext& dtls() override { return stack_.dtls(); }
  SctpStack& sctp() override { return stack_.sctp(); }
  Entropy& entropy() override { return entropy_; }

  void forget(Connection& connection) override {
    const auto member = find(connection);
    if (member == connections_.end()) return;
    by_ufrag_.erase(connection.ufrag());
    for (const Route& route : member->routes) {
      const auto found = routes_.find(route);
      std::erase(found->second, &connection);
      if (found->second.empty()) routes_.erase(found);
    }
    connections_.erase(member);
  }

  StackImpl& stack_;
  DatagramPort& port_;
  Entropy& entropy_;
  ServerProbes probes_;
  std::vector<Candidate> candidates_;
  std::uint32_t foundations_ = 0;
  std::vector<Member> connections_;
  std::unordered_map<std::string, Connection*> by_ufrag_;
  /// The newest user first; seldom more than one.
  std::unordered_map<Route, std::vector<Connection*>, RouteHash> routes_;
};

}  // namespace

Result<std::unique_ptr<Stack>> Stack::create() {
  auto dtls = DtlsContext::create();
  if (!dtls) return tl::unexpected(dtls.error());
  auto sctp = SctpStack::create();
  if (!sctp) return tl::unexpected(sctp.error());
  return std::make_unique<StackImpl>(std::move(*dtls), std::move(*sctp));
}

std::unique_ptr<Transport> Transport::create(Stack& stack, DatagramPort& port, Entropy& entropy) {
  // The one implementation there is.
  return std::make_unique<TransportImpl>(static_cast<StackImpl&>(stack), port, entropy);
}

}  // namespace roomwire::rtc
