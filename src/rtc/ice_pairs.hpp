// The candidates that an ICE agent knows of and the pairs made of them (RFC 8445 section 6.1.2).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "rtc/candidate.hpp"
#include "rtc/stun.hpp"
#include "rtc/types.hpp"

namespace roomwire::rtc {

/// A Binding request that was sent over a pair.
struct IceCheck {
  StunTransactionId id{};
  Time sent;
  IceRole role = IceRole::controlling;  ///< What the request said of us.
  bool use_candidate = false;
  bool open = false;  ///< Sent and not answered.
};

struct CheckedPair {
  /// There is no state Frozen: it would only delay checks when, as here, one component of one
  /// stream is all there is.
  enum class State { waiting, in_progress, succeeded, failed };

  Endpoint local;
  Endpoint remote;
  CandidateType local_type = CandidateType::host;
  CandidateType remote_type = CandidateType::host;
  std::uint32_t local_priority = 0;
  std::uint32_t remote_priority = 0;
  std::uint64_t priority = 0;

  State state = State::waiting;
  bool triggered = false;  ///< A check of the peer asks for one of ours, before all others.
  int transmissions = 0;
  Time due;  ///< When the next check may be sent.
  Duration round_trip{};
  Deadline nominated;  ///< When the peer last nominated it.

  /// Notes a check that is sent now. Only the newest few can be answered, which bounds memory.
  void note_check(const IceCheck& check);
  /// The check that a response answers; null when there is none.
  IceCheck* find_check(const StunTransactionId& id);
  IcePair addresses() const { return {local, remote, local_type, remote_type}; }

 private:
  std::array<IceCheck, 8> checks_;
  std::size_t next_check_ = 0;
};

class IcePairs {
 public:
  static constexpr std::size_t max_remotes = 64;
  /// Of the remotes: the rest is kept free for signalled ones.
  static constexpr std::size_t max_peer_reflexive = 32;
  static constexpr std::size_t max_pairs = 200;
  /// Of our own: NATs may give us new ones for as long as we live. The oldest is forgotten.
  static constexpr std::size_t max_reflexive = 16;

  explicit IcePairs(IceRole role) : role_(role) {}

  /// A host candidate is paired with every remote one. A reflexive one is only remembered: its
  /// checks would leave from its base, where the host candidate's leave from already.
  void add_local(Time now, const Candidate& candidate);
  /// Beyond max_remotes it is ignored. A known peer-reflexive one takes what was signalled of it.
  void add_remote(Time now, const Candidate& candidate);
  /// The pair that a check of the peer came over, made if need be; null when `local` is not one
  /// of the local candidates, or a bound is reached.
  CheckedPair* learn(Time now, const Endpoint& local, const Endpoint& remote,
                     std::uint32_t priority);
  void set_role(IceRole role);

  CheckedPair* find(const Endpoint& local, const Endpoint& remote);
  /// The one of highest priority that fits; null when none does.
  CheckedPair* best(const std::function<bool(const CheckedPair&)>& fits);
  /// Those that were checked, the one of highest priority first.
  std::vector<IcePair> checked() const;
  /// What a peer that sees us at `mapped` says of the local candidate.
  CandidateType local_type(const CheckedPair& pair, const Endpoint& mapped) const;
  std::vector<std::unique_ptr<CheckedPair>>& all() { return pairs_; }
  const std::vector<std::unique_ptr<CheckedPair>>& all() const { return pairs_; }

 private:
  struct Local {
    Endpoint endpoint;
    std::uint32_t priority = 0;
  };
  struct Remote {
    Endpoint endpoint;  ///< Without scope, as signalled; a pair's remote has the local one's.
    CandidateType type = CandidateType::host;
    std::uint32_t priority = 0;
  };

  void remember_reflexive(const Endpoint& endpoint);
  Remote* find_remote(const Endpoint& endpoint);
  bool has_room_for(CandidateType type) const;
  bool knows_local(const Endpoint& endpoint) const;
  void update(const Remote& remote);
  /// Beyond max_pairs the one of lowest priority goes, but none that has succeeded.
  CheckedPair* add_pair(Time now, const Local& local, const Remote& remote);
  void rate(CheckedPair& pair) const;

  IceRole role_;
  std::vector<Local> locals_;
  std::vector<Endpoint> reflexive_;
  std::vector<Remote> remotes_;
  std::vector<std::unique_ptr<CheckedPair>> pairs_;
};

}  // namespace roomwire::rtc
