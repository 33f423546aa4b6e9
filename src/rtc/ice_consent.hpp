// When to ask a peer for consent, and what its silence means (RFC 7675).
#pragma once

#include "base/entropy.hpp"
#include "base/time.hpp"

namespace roomwire::rtc {

/// RFC 7675 asks every 5 s and gives up after 30 s. Here a dead peer must be known within 10 s:
/// so it asks every 2.5 s, as libwebrtc does, and repeats an unanswered question every 0.5 s.
/// With a fifth of the packets lost each way, that takes a living peer for silent less than once
/// in a hundred intervals, and for dead less than once in a hundred thousand.
class IceConsent {
 public:
  static constexpr Duration interval = 2500ms;  ///< ±20 %, drawn anew each time.
  static constexpr Duration repeat = 500ms;
  static constexpr Duration silence_limit = 5s;
  static constexpr Duration loss_limit = 9s;

  /// A pair has just been selected.
  void start(Time now, Entropy& entropy) {
    heard_ = now;
    answered(now, entropy);
  }
  /// Any authenticated packet of the peer.
  void heard(Time now) { heard_ = now; }
  /// The peer's answer to a check.
  void answered(Time now, Entropy& entropy) {
    heard_ = now;
    given_ = now;
    unanswered_ = 0;
    const double factor = 0.8 + 0.4 * entropy.unit();
    next_check_ = now + std::chrono::duration_cast<Duration>(interval * factor);
  }
  bool check_due(Time now) const { return now >= next_check_; }
  void check_sent(Time now) {
    ++unanswered_;
    next_check_ = now + repeat;
  }

  // Neither is concluded from the clock alone: a process that was stopped for a while finds the
  // limits passed, and its peer's packets still unread.
  bool is_silent(Time now) const { return unanswered_ >= 2 && now >= heard_ + silence_limit; }
  bool is_lost(Time now) const { return unanswered_ >= 3 && now >= given_ + loss_limit; }

  /// After `now`, when one of the three above may change.
  Time next(Time now) const {
    Time next = next_check_;
    for (const Time limit : {heard_ + silence_limit, given_ + loss_limit}) {
      if (limit > now && limit < next) next = limit;
    }
    return next;
  }

 private:
  Time heard_;
  Time given_;
  Time next_check_;
  int unanswered_ = 0;
};

}  // namespace roomwire::rtc
