// What a matchmaker knows of one other peer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "signal/attempt_id.hpp"
#include "signal/early_candidates.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::signal {

/// How long a peer is offered to, or greeted, after it was heard or lost, and how often: as often
/// as Trystero announces (@trystero-p2p/core: strategy).
inline constexpr Duration search_time = 30s;
inline constexpr Duration search_interval = 5333ms;

/// Who was not heard for this long has gone: Trystero 0.25 announces every 60 s.
inline constexpr Duration heard_time = 75s;
/// How long a peer that hears us takes at most to answer something.
inline constexpr Duration longest_deliberation = 10s;

/// One attempt to connect to a peer: an offer of ours, or our answer to one of its.
struct Proposal {
  enum class Stage {
    making,  ///< The owner of the connections was asked for our description.
    open,    ///< An offer that was not answered so far.
    taking,  ///< The owner was given the answer to it.
    agreed,  ///< Both descriptions are known.
  };

  AttemptId attempt{};
  bool is_offer = false;  ///< Ours.
  Stage stage = Stage::making;
  RelayId relay{};  ///< Where what made us begin it was heard.
  std::optional<std::string> offer_id;
  // Ours, on their way to the peer, encrypted.
  std::string description;
  std::vector<std::string> candidates;  ///< So far.
  CandidateSet remote_candidates;
  Time begun_at{};
  Time expires_at{};
  std::map<RelayId, Time> sent_at;  ///< The description, on each relay.

  bool is_own(Stage own_stage) const { return is_offer && stage == own_stage; }
};

/// A peer that announced itself or signalled to us.
struct KnownPeer {
  Topic topic;  ///< Its self topic.
  Time heard_since{};
  Time heard_at{};
  bool told = false;  ///< That it was heard, to the owner.
  /// Where it was heard, and when last: at most one entry a relay.
  std::map<RelayId, Time> heard_on;
  std::map<RelayId, Time> greeted_at;
  /// When it was first sent something, until it answers; a relay that was lost starts this anew.
  Deadline unanswered_since;
  bool answers = false;
  bool is_said_deaf = false;
  /// It has been heard since it was last lost: an offer makes sense.
  bool is_there = false;
  /// Until then it is offered to, or greeted, again and again.
  Time sought_until{};
  Deadline attend_at;
  /// Failed attempts in a row, and when the next may begin.
  unsigned failures = 0;
  Time not_before{};
  std::optional<Proposal> proposal;
  /// It has another password, and that is not said again until then.
  Deadline wrong_password_until;

  void forget_hearing() {
    unanswered_since.reset();
    answers = false;
    is_said_deaf = false;
  }

  Deadline next_timeout() const {
    return proposal ? earlier(attend_at, proposal->expires_at) : attend_at;
  }
};

}  // namespace roomwire::signal
