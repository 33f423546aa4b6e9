#include "signal/matchmaker.hpp"

#include <algorithm>
#include <utility>

#include "signal/matchmaker_impl.hpp"

namespace roomwire::signal {
namespace {

// Trystero's lifetimes (@trystero-p2p/core: signal-handler, strategy).
constexpr Duration offer_lifetime = 57333ms;
constexpr Duration passive_grace = 7533ms;
/// An offer is repeated on a relay no sooner: 0.9 × the announce interval of 5333 ms.
constexpr Duration offer_interval = 4800ms;
constexpr Duration longest_failure_wait = 30s;
constexpr Duration busy_wait = 1s;
/// A lost peer is greeted when it had the time to notice the loss too.
constexpr Duration loss_wait = 200ms;
constexpr Duration loss_spread = 500ms;

/// Peers known by name; for one more the idle one that was heard longest ago is forgotten. It is
/// met again when it is heard again.
constexpr std::size_t max_known = 512;
/// Attempts that have not connected; for one more the oldest gives way whose time for an honest
/// answer, or to connect, has passed. Without one, the new attempt waits: we hear the peer again
/// or, if we lead, try again after a second. So somebody who knows the room and invents peers or
/// offers keeps this many connections of ours busy, and no more.
constexpr std::size_t max_attempts = 64;
constexpr Duration answer_patience = 5s;
constexpr Duration connect_patience = 15s;
/// New attempts and greetings that one relay can make us begin or send: a hundred peers at once
/// are met within seconds; who floods one relay is not served faster, and harms that relay only.
constexpr double attempt_burst = 64;
constexpr double attempts_per_second = 8;
constexpr double greeting_burst = 64;
constexpr double greetings_per_second = 16;

}  // namespace

Matchmaker::Impl::Impl(MatchmakerOptions options, Entropy& entropy)
    : options_(std::move(options)),
      entropy_(entropy),
      cipher_(options_.password, options_.app, options_.room),
      root_topic_(signal::root_topic(options_.app, options_.room)),
      self_topic_(signal::self_topic(options_.app, options_.room, options_.self)),
      active_(!options_.passive),
      announcer_(entropy),
      connected_(options_.connected) {
  if (!active_) announcer_.pause();
}

// ---- announcing, waking and sleeping ----

void Matchmaker::Impl::relay_ready(Time now, RelayId relay) {
  next_timeout_.reset();
  lost_.erase(relay);
  announcer_.relay_ready(now, relay);
  announce(now);
}

void Matchmaker::Impl::relay_lost(RelayId relay) {
  next_timeout_.reset();
  announcer_.relay_lost(relay);
  lost_.insert(relay);
  // What was sent there last may not have arrived.
  for (auto& [peer, known] : known_) {
    if (known.proposal && known.proposal->is_offer) known.proposal->sent_at.erase(relay);
    known.greeted_at.erase(relay);
    known.forget_hearing();
  }
}

void Matchmaker::Impl::announce(Time now) {
  for (const RelayId relay : announcer_.take_due(now)) {
    send(relay, root_topic_, SignalMessage::Kind::announcement, {}, {});
  }
}

void Matchmaker::Impl::wake(Time now) {
  active_ = true;
  awake_since_ = now;
  announcer_.begin(now);
  announce(now);
}

void Matchmaker::Impl::sleep_if_idle(Time now) {
  if (!options_.passive || !active_ || now < awake_since_ + passive_grace) return;
  if (!connected_.empty() || !attempts_.empty()) return;
  active_ = false;
  announcer_.pause();
  for (auto& [peer, known] : known_)
    known.attend_at.reset();
}

// ---- peers ----

Matchmaker::Impl::Entry& Matchmaker::Impl::meet(Time now, RelayId relay, const PeerId& peer) {
  auto entry = known_.find(peer);
  if (entry == known_.end()) {
    if (known_.size() >= max_known) evict_one();
    entry = known_.emplace(peer, KnownPeer{}).first;
    entry->second.topic = signal::self_topic(options_.app, options_.room, peer);
    entry->second.heard_since = entry->second.heard_at = now;
  }
  if (now - entry->second.heard_at > heard_time) {
    entry->second.heard_since = now;
    entry->second.forget_hearing();
  }
  entry->second.heard_at = now;
  entry->second.heard_on[relay] = now;
  if (!std::exchange(entry->second.told, true)) put(PeerHeard{peer});
  return *entry;
}

std::vector<HeardPeer> Matchmaker::Impl::heard(Time now) const {
  std::vector<HeardPeer> found;
  for (const auto& [peer, known] : known_) {
    const bool is_there = known.is_there && now - known.heard_at <= heard_time;
    if (!is_there || known.wrong_password_until || connected_.contains(peer)) continue;
    found.push_back({peer, known.heard_since, known.answers, known.is_said_deaf});
  }
  std::sort(found.begin(), found.end(),
            [](const HeardPeer& a, const HeardPeer& b) { return a.since < b.since; });
  return found;
}

void Matchmaker::Impl::evict_one() {
  auto oldest = known_.end();
  for (auto entry = known_.begin(); entry != known_.end(); ++entry) {
    if (entry->second.proposal) continue;
    if (oldest == known_.end() || entry->second.heard_at < oldest->second.heard_at) {
      oldest = entry;
    }
  }
  // There is one: attempts are fewer than known peers.
  early_candidates_.forget(oldest->first);
  known_.erase(oldest);
}

void Matchmaker::Impl::attend(Time now, Entry& entry) {
  auto& [peer, known] = entry;
  known.attend_at.reset();
  if (!active_ || now >= known.sought_until || connected_.contains(peer)) return;
  const bool has_offer = known.proposal && known.proposal->is_offer;
  if (has_offer && known.proposal->stage > Proposal::Stage::open) return;
  if (now < known.not_before) {
    known.attend_at = known.not_before;
  } else if (we_lead(peer) && known.is_there && (has_offer || !known.proposal)) {
    offer_everywhere(now, entry);
  } else {
    // Also while answering, should the answer be lost: Trystero repeats its offer when it hears
    // of us.
    greet_everywhere(now, entry);
  }
}

void Matchmaker::Impl::offer_everywhere(Time now, Entry& entry) {
  KnownPeer& known = entry.second;
  if (!known.proposal && !begin_offer(now, entry)) {
    known.attend_at = now + busy_wait;
    return;
  }
  Proposal& offer = *known.proposal;
  if (offer.stage == Proposal::Stage::making) return;  // It comes here when it is made.
  for (const auto& [relay, heard_at] : known.heard_on) {
    if (now - heard_at > search_time) continue;
    const auto sent = offer.sent_at.find(relay);
    if (sent != offer.sent_at.end() && now < sent->second + offer_interval) continue;
    send_proposal(now, relay, entry, offer);
  }
  known.attend_at = now + offer_interval;
}

void Matchmaker::Impl::greet_everywhere(Time now, Entry& entry) {
  KnownPeer& known = entry.second;
  for (const auto& [relay, heard_at] : known.heard_on) {
    const auto greeted = known.greeted_at.find(relay);
    if (greeted != known.greeted_at.end() && now < greeted->second + search_interval) continue;
    greet(now, relay, entry);
  }
  known.attend_at = now + search_interval;
}

// ---- attempts ----

Matchmaker::Impl::RelayLimits& Matchmaker::Impl::limits(RelayId relay) {
  return limits_
      .try_emplace(relay, RelayLimits{{attempt_burst, attempts_per_second},
                                      {greeting_burst, greetings_per_second}})
      .first->second;
}

bool Matchmaker::Impl::is_sought_elsewhere(Time now, const PeerId& peer) const {
  const auto sought = sought_elsewhere_.find(peer);
  return sought != sought_elsewhere_.end() && now < sought->second;
}

Proposal& Matchmaker::Impl::propose(Time now, RelayId relay, Entry& entry) {
  Proposal& proposal = entry.second.proposal.emplace();
  proposal.attempt = AttemptId{std::uint64_t{options_.number} << 32 | ++last_attempt_};
  proposal.relay = relay;
  proposal.begun_at = now;
  attempts_[proposal.attempt] = entry.first;
  return proposal;
}

bool Matchmaker::Impl::begin_offer(Time now, Entry& entry) {
  auto& [peer, known] = entry;
  if (is_sought_elsewhere(now, peer)) return false;
  const auto latest =
      std::max_element(known.heard_on.begin(), known.heard_on.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (!may_begin(now, latest->first)) return false;
  Proposal& offer = propose(now, latest->first, entry);
  offer.is_offer = true;
  offer.offer_id = entropy_.id(12);
  offer.expires_at = now + offer_lifetime;
  put(BeginOffer{offer.attempt, peer});
  return true;
}

Matchmaker::Impl::Entry* Matchmaker::Impl::find(AttemptId attempt, Proposal::Stage stage) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return nullptr;
  Entry& entry = *known_.find(found->second);
  return entry.second.proposal->stage == stage ? &entry : nullptr;
}

void Matchmaker::Impl::offer_made(Time now, AttemptId attempt, const Result<std::string>& offer) {
  Entry* entry = find(attempt, Proposal::Stage::making);
  if (entry == nullptr) return;
  next_timeout_.reset();
  if (!offer) {
    drop(entry->second, false);
    entry->second.attend_at = now + busy_wait;
    return;
  }
  Proposal& proposal = *entry->second.proposal;
  proposal.description = cipher_.encrypt(*offer, entropy_);
  proposal.stage = Proposal::Stage::open;
  offer_everywhere(now, *entry);
}

bool Matchmaker::Impl::may_begin(Time now, RelayId relay) {
  if (!limits(relay).attempts.take(now)) return false;
  return attempts_.size() < max_attempts || displace_one(now);
}

bool Matchmaker::Impl::displace_one(Time now) {
  KnownPeer* loser = nullptr;
  for (const auto& [attempt, peer] : attempts_) {
    KnownPeer& known = known_.at(peer);
    const Proposal& proposal = *known.proposal;
    const bool is_open = proposal.is_offer && proposal.stage < Proposal::Stage::agreed;
    if (now < proposal.begun_at + (is_open ? answer_patience : connect_patience)) continue;
    if (loser != nullptr && loser->proposal->begun_at <= proposal.begun_at) continue;
    loser = &known;
  }
  if (loser == nullptr) return false;
  drop(*loser, true);
  loser->attend_at.reset();
  loser->sought_until = now;
  return true;
}

void Matchmaker::Impl::drop(KnownPeer& known, bool abandon) {
  attempts_.erase(known.proposal->attempt);
  if (abandon) put(Abandon{known.proposal->attempt});
  known.proposal.reset();
}

void Matchmaker::Impl::give_up(Time now, Entry& entry) {
  // The peer was there a moment ago, so it is looked for again: after 1 s, 2 s, 4 s … 30 s.
  KnownPeer& known = entry.second;
  const Duration wait = std::min<Duration>(longest_failure_wait, 1s * (1 << known.failures));
  known.failures = std::min(known.failures + 1, 5U);
  known.not_before = now + wait;
  known.sought_until = known.not_before + search_time;
  known.attend_at = known.not_before;
}

void Matchmaker::Impl::expire(Time now, Entry& entry) {
  KnownPeer& known = entry.second;
  if (!known.proposal || now < known.proposal->expires_at) return;
  const bool is_agreed = known.proposal->stage == Proposal::Stage::agreed;
  drop(known, true);
  if (is_agreed) give_up(now, entry);
}

void Matchmaker::Impl::attempt_closed(Time now, AttemptId attempt) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return;
  next_timeout_.reset();
  Entry& entry = *known_.find(found->second);
  drop(entry.second, false);
  give_up(now, entry);
  sleep_if_idle(now);
}

void Matchmaker::Impl::peer_sought(const PeerId& peer, Deadline until) {
  if (until) {
    sought_elsewhere_[peer] = *until;
  } else {
    sought_elsewhere_.erase(peer);
  }
}

void Matchmaker::Impl::peer_connected(const PeerId& peer) {
  next_timeout_.reset();
  connected_.insert(peer);
  announcer_.set_occupied(true);
  early_candidates_.forget(peer);
  held_.erase(peer);
  const auto entry = known_.find(peer);
  if (entry == known_.end()) return;
  KnownPeer& known = entry->second;
  if (known.proposal) drop(known, false);
  known.attend_at.reset();
  known.sought_until = {};
  known.failures = 0;
  known.not_before = {};
}

void Matchmaker::Impl::peer_lost(Time now, const PeerId& peer) {
  if (connected_.erase(peer) == 0) return;
  next_timeout_.reset();
  announcer_.set_occupied(!connected_.empty());
  announcer_.look_again(now);
  const auto entry = known_.find(peer);
  if (entry != known_.end()) {
    KnownPeer& known = entry->second;
    known.is_there = false;
    known.told = false;
    known.forget_hearing();
    known.greeted_at.clear();
    known.sought_until = now + search_time;
    const auto chance = std::chrono::duration_cast<Duration>(loss_spread * entropy_.unit());
    known.attend_at = now + loss_wait + chance;
  }
  handle_held(now, peer);
  sleep_if_idle(now);
}

// ---- time ----

Deadline Matchmaker::Impl::next_timeout() const {
  if (next_timeout_) return *next_timeout_;
  Deadline next = earlier(announcer_.next_timeout(), early_candidates_.next_timeout());
  for (const auto& [peer, known] : known_)
    next = earlier(next, known.next_timeout());
  if (options_.passive && active_ && connected_.empty() && attempts_.empty()) {
    next = earlier(next, awake_since_ + passive_grace);
  }
  next_timeout_ = next;
  return next;
}

void Matchmaker::Impl::handle_timeout(Time now) {
  if (const Deadline next = next_timeout(); !next || *next > now) return;
  next_timeout_.reset();
  announce(now);
  early_candidates_.handle_timeout(now);
  for (Entry& entry : known_) {
    expire(now, entry);
    if (entry.second.attend_at && *entry.second.attend_at <= now) attend(now, entry);
  }
  sleep_if_idle(now);
}

// ---- the public face ----

Matchmaker::Matchmaker(MatchmakerOptions options, Entropy& entropy)
    : impl_(std::make_unique<Impl>(std::move(options), entropy)) {}

Matchmaker::~Matchmaker() = default;
Matchmaker::Matchmaker(Matchmaker&&) noexcept = default;

std::uint32_t Matchmaker::number() const {
  return impl_->number();
}

const Topic& Matchmaker::root_topic() const {
  return impl_->root_topic();
}
const Topic& Matchmaker::self_topic() const {
  return impl_->self_topic();
}
bool Matchmaker::is_active() const {
  return impl_->is_active();
}
std::vector<HeardPeer> Matchmaker::heard(Time now) const {
  return impl_->heard(now);
}
void Matchmaker::relay_ready(Time now, RelayId relay) {
  impl_->relay_ready(now, relay);
}
void Matchmaker::relay_lost(Time, RelayId relay) {
  impl_->relay_lost(relay);
}
void Matchmaker::handle_signal(Time now, RelayId relay, const Topic& topic,
                               std::string_view payload) {
  impl_->handle_signal(now, relay, topic, payload);
}
void Matchmaker::offer_made(Time now, AttemptId attempt, const Result<std::string>& offer) {
  impl_->offer_made(now, attempt, offer);
}
void Matchmaker::answer_made(Time now, AttemptId attempt, const Result<std::string>& answer) {
  impl_->answer_made(now, attempt, answer);
}
void Matchmaker::answer_taken(Time now, AttemptId attempt, const Result<void>& taken) {
  impl_->answer_taken(now, attempt, taken);
}
void Matchmaker::local_candidate(Time, AttemptId attempt, std::string_view candidate) {
  impl_->local_candidate(attempt, candidate);
}
void Matchmaker::attempt_closed(Time now, AttemptId attempt) {
  impl_->attempt_closed(now, attempt);
}
void Matchmaker::peer_sought(Time, const PeerId& peer, Deadline until) {
  impl_->peer_sought(peer, until);
}
void Matchmaker::peer_connected(Time, const PeerId& peer) {
  impl_->peer_connected(peer);
}
void Matchmaker::peer_lost(Time now, const PeerId& peer) {
  impl_->peer_lost(now, peer);
}
Deadline Matchmaker::next_timeout() const {
  return impl_->next_timeout();
}
void Matchmaker::handle_timeout(Time now) {
  impl_->handle_timeout(now);
}
std::vector<Matchmaker::Output> Matchmaker::take_outputs() {
  return impl_->take_outputs();
}

}  // namespace roomwire::signal
