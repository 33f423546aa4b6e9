// ICE (RFC 8445, trickle: RFC 8838) for one peer: which pair of addresses reaches it. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "rtc/candidate.hpp"
#include "rtc/stun.hpp"
#include "rtc/types.hpp"

namespace roomwire::rtc {

/// What the agent asks of its owner. Called from within the agent's functions: do not call back
/// into the agent.
class IceSink {
 public:
  virtual ~IceSink() = default;
  virtual void send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) = 0;
  virtual void on_ice_state(IceState state, const std::optional<IcePair>& selected) = 0;
};

class IceAgent {
 public:
  IceAgent(IceRole role, IceCredentials local, Entropy& entropy, IceSink& sink);
  ~IceAgent();

  const IceCredentials& local_credentials() const;
  /// Host candidates (whose endpoint is a socket of ours) and server-reflexive ones (whose
  /// `related` is). Any time.
  void add_local_candidate(Time now, const Candidate& candidate);
  void set_remote_credentials(Time now, const IceCredentials& remote);
  /// Any time, before the credentials too. Duplicates and mDNS names are ignored; at most 64
  /// remote candidates are kept.
  void add_remote_candidate(Time now, const Candidate& candidate);

  /// A STUN packet for this agent. False when it was not a valid one for us (wrong integrity,
  /// unknown transaction, malformed): the caller counts it.
  bool handle_stun(Time now, const Endpoint& local, const Endpoint& remote, ByteView packet);
  /// Whether an answer of this transaction, coming this way, is one to a check of ours. Cheap: for
  /// telling whose an answer is before anybody reads it.
  bool awaits(const Endpoint& local, const Endpoint& remote,
              const StunTransactionId& transaction) const;
  /// Any authenticated traffic (DTLS) seen on the selected pair: counts as a sign of life for
  /// `disconnected`, though not as consent.
  void note_traffic(Time now);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

  IceState state() const;
  std::optional<IcePair> selected() const;
  /// Those over which a check was sent, the one of highest priority first: at most 200.
  std::vector<IcePair> checked_pairs() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::rtc
