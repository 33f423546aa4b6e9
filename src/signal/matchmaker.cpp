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
constexpr std::size_t max_strangers = 512;
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

Matchmaker::Impl::Impl(MatchmakerOptions options, MatchmakerPort& port, Entropy& entropy)
    : options_(std::move(options)),
      port_(port),
      entropy_(entropy),
      cipher_(options_.password, options_.app, options_.room),
      root_topic_(signal::root_topic(options_.app, options_.room)),
      self_topic_(signal::self_topic(options_.app, options_.room, options_.self)),
      active_(!options_.passive),
      announcer_(entropy) {
  if (!active_) announcer_.pause();
}

// ---- announcing, waking and sleeping ----

void Matchmaker::Impl::relay_ready(Time now, RelayId relay) {
  next_timeout_.reset();
  announcer_.relay_ready(now, relay);
  announce(now);
}

void Matchmaker::Impl::relay_lost(RelayId relay) {
  next_timeout_.reset();
  announcer_.relay_lost(relay);
  // What was sent there last may not have arrived.
  for (auto& [peer, stranger] : strangers_) {
    if (stranger.offer) stranger.offer->sent_at.erase(relay);
    stranger.greeted_at.erase(relay);
    stranger.forget_hearing();
  }
}

void Matchmaker::Impl::announce(Time now) {
  for (const RelayId relay : announcer_.take_due(now)) {
    send(now, relay, root_topic_, SignalMessage::Kind::announcement, {}, {});
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
  for (auto& [peer, stranger] : strangers_)
    stranger.attend_at.reset();
}

// ---- peers ----

Matchmaker::Impl::Entry& Matchmaker::Impl::meet(Time now, RelayId relay, const PeerId& peer) {
  auto entry = strangers_.find(peer);
  if (entry == strangers_.end()) {
    if (strangers_.size() >= max_strangers) evict_one();
    entry = strangers_.emplace(peer, Stranger{}).first;
    entry->second.topic = signal::self_topic(options_.app, options_.room, peer);
    entry->second.heard_since = entry->second.heard_at = now;
  }
  if (now - entry->second.heard_at > heard_time) {
    entry->second.heard_since = now;
    entry->second.forget_hearing();
  }
  entry->second.heard_at = now;
  entry->second.heard_on[relay] = now;
  if (!std::exchange(entry->second.told, true)) port_.on_peer_heard(peer);
  return *entry;
}

std::vector<HeardPeer> Matchmaker::Impl::heard(Time now) const {
  std::vector<HeardPeer> found;
  for (const auto& [peer, stranger] : strangers_) {
    const bool is_there = stranger.is_there && now - stranger.heard_at <= heard_time;
    if (!is_there || stranger.wrong_password_until || port_.is_connected(peer)) continue;
    found.push_back({peer, stranger.heard_since, stranger.answers, stranger.is_said_deaf});
  }
  std::sort(found.begin(), found.end(),
            [](const HeardPeer& a, const HeardPeer& b) { return a.since < b.since; });
  return found;
}

void Matchmaker::Impl::evict_one() {
  auto oldest = strangers_.end();
  for (auto entry = strangers_.begin(); entry != strangers_.end(); ++entry) {
    if (entry->second.offer || entry->second.answer) continue;
    if (oldest == strangers_.end() || entry->second.heard_at < oldest->second.heard_at) {
      oldest = entry;
    }
  }
  // There is one: attempts are fewer than strangers.
  early_candidates_.forget(oldest->first);
  strangers_.erase(oldest);
}

void Matchmaker::Impl::attend(Time now, Entry& entry) {
  auto& [peer, stranger] = entry;
  stranger.attend_at.reset();
  if (!active_ || now >= stranger.sought_until || port_.is_connected(peer)) return;
  if (stranger.offer && stranger.offer->answered) return;
  if (now < stranger.not_before) {
    stranger.attend_at = stranger.not_before;
  } else if (we_lead(peer) && stranger.is_there && !stranger.answer) {
    offer_everywhere(now, entry);
  } else {
    // Also while answering, should the answer be lost: Trystero repeats its offer when it hears
    // of us.
    greet_everywhere(now, entry);
  }
}

void Matchmaker::Impl::offer_everywhere(Time now, Entry& entry) {
  Stranger& stranger = entry.second;
  if (!stranger.offer && !begin_offer(now, entry)) {
    stranger.attend_at = now + busy_wait;
    return;
  }
  Proposal& offer = *stranger.offer;
  for (const auto& [relay, heard_at] : stranger.heard_on) {
    if (now - heard_at > search_time) continue;
    const auto sent = offer.sent_at.find(relay);
    if (sent != offer.sent_at.end() && now < sent->second + offer_interval) continue;
    send_proposal(now, relay, entry, offer);
  }
  stranger.attend_at = now + offer_interval;
}

void Matchmaker::Impl::greet_everywhere(Time now, Entry& entry) {
  Stranger& stranger = entry.second;
  for (const auto& [relay, heard_at] : stranger.heard_on) {
    const auto greeted = stranger.greeted_at.find(relay);
    if (greeted != stranger.greeted_at.end() && now < greeted->second + search_interval) continue;
    greet(now, relay, entry);
  }
  stranger.attend_at = now + search_interval;
}

// ---- attempts ----

Matchmaker::Impl::RelayLimits& Matchmaker::Impl::limits(RelayId relay) {
  return limits_
      .try_emplace(relay, RelayLimits{{attempt_burst, attempts_per_second},
                                      {greeting_burst, greetings_per_second}})
      .first->second;
}

bool Matchmaker::Impl::begin_offer(Time now, Entry& entry) {
  auto& [peer, stranger] = entry;
  if (port_.is_connecting_elsewhere(peer)) return false;
  const auto latest =
      std::max_element(stranger.heard_on.begin(), stranger.heard_on.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (!may_begin(now, latest->first)) return false;
  const Attempt attempt = port_.begin_offer(now, peer);
  Proposal& offer = stranger.offer.emplace();
  offer.attempt = attempt.id;
  offer.offer_id = entropy_.id(12);
  offer.description = cipher_.encrypt(attempt.sdp, entropy_);
  offer.begun_at = now;
  offer.expires_at = now + offer_lifetime;
  attempts_[attempt.id] = peer;
  return true;
}

bool Matchmaker::Impl::may_begin(Time now, RelayId relay) {
  if (!limits(relay).attempts.take(now)) return false;
  return attempts_.size() < max_attempts || displace_one(now);
}

bool Matchmaker::Impl::displace_one(Time now) {
  std::optional<Proposal>* oldest = nullptr;
  Stranger* loser = nullptr;
  for (const auto& [attempt, peer] : attempts_) {
    Stranger& stranger = strangers_.at(peer);
    auto& proposal = stranger.offer ? stranger.offer : stranger.answer;
    const bool is_open = stranger.offer && !stranger.offer->answered;
    const Duration patience = is_open ? answer_patience : connect_patience;
    if (now < proposal->begun_at + patience) continue;
    if (oldest != nullptr && (*oldest)->begun_at <= proposal->begun_at) continue;
    oldest = &proposal;
    loser = &stranger;
  }
  if (oldest == nullptr) return false;
  drop(now, *oldest, true);
  loser->attend_at.reset();
  loser->sought_until = now;
  return true;
}

void Matchmaker::Impl::drop(Time now, std::optional<Proposal>& proposal, bool abandon) {
  attempts_.erase(proposal->attempt);
  if (abandon) port_.abandon(now, proposal->attempt);
  proposal.reset();
}

void Matchmaker::Impl::give_up(Time now, Entry& entry) {
  // The peer was there a moment ago, so it is looked for again: after 1 s, 2 s, 4 s … 30 s.
  Stranger& stranger = entry.second;
  const Duration wait = std::min<Duration>(longest_failure_wait, 1s * (1 << stranger.failures));
  stranger.failures = std::min(stranger.failures + 1, 5U);
  stranger.not_before = now + wait;
  stranger.sought_until = stranger.not_before + search_time;
  stranger.attend_at = stranger.not_before;
}

void Matchmaker::Impl::expire(Time now, Entry& entry) {
  Stranger& stranger = entry.second;
  for (auto* proposal : {&stranger.offer, &stranger.answer}) {
    if (!*proposal || now < (*proposal)->expires_at) continue;
    const bool nobody_answered = proposal == &stranger.offer && !(*proposal)->answered;
    drop(now, *proposal, true);
    if (!nobody_answered) give_up(now, entry);
  }
}

void Matchmaker::Impl::attempt_closed(Time now, AttemptId attempt) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return;
  next_timeout_.reset();
  Entry& entry = *strangers_.find(found->second);
  Stranger& stranger = entry.second;
  const bool is_offer = stranger.offer && stranger.offer->attempt == attempt;
  drop(now, is_offer ? stranger.offer : stranger.answer, false);
  give_up(now, entry);
  sleep_if_idle(now);
}

void Matchmaker::Impl::peer_connected(const PeerId& peer) {
  next_timeout_.reset();
  connected_.insert(peer);
  announcer_.set_occupied(true);
  early_candidates_.forget(peer);
  held_.erase(peer);
  const auto entry = strangers_.find(peer);
  if (entry == strangers_.end()) return;
  Stranger& stranger = entry->second;
  for (auto* proposal : {&stranger.offer, &stranger.answer}) {
    if (!*proposal) continue;
    attempts_.erase((*proposal)->attempt);
    proposal->reset();
  }
  stranger.attend_at.reset();
  stranger.sought_until = {};
  stranger.failures = 0;
  stranger.not_before = {};
}

void Matchmaker::Impl::peer_lost(Time now, const PeerId& peer) {
  if (connected_.erase(peer) == 0) return;
  next_timeout_.reset();
  announcer_.set_occupied(!connected_.empty());
  announcer_.look_again(now);
  const auto entry = strangers_.find(peer);
  if (entry != strangers_.end()) {
    Stranger& stranger = entry->second;
    stranger.is_there = false;
    stranger.told = false;
    stranger.forget_hearing();
    stranger.greeted_at.clear();
    stranger.sought_until = now + search_time;
    const auto chance = std::chrono::duration_cast<Duration>(loss_spread * entropy_.unit());
    stranger.attend_at = now + loss_wait + chance;
  }
  handle_held(now, peer);
  sleep_if_idle(now);
}

// ---- time ----

Deadline Matchmaker::Impl::next_timeout() const {
  if (next_timeout_) return *next_timeout_;
  Deadline next = earlier(announcer_.next_timeout(), early_candidates_.next_timeout());
  for (const auto& [peer, stranger] : strangers_)
    next = earlier(next, stranger.next_timeout());
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
  for (Entry& entry : strangers_) {
    expire(now, entry);
    if (entry.second.attend_at && *entry.second.attend_at <= now) attend(now, entry);
  }
  sleep_if_idle(now);
}

// ---- the public face ----

Matchmaker::Matchmaker(MatchmakerOptions options, MatchmakerPort& port, Entropy& entropy)
    : impl_(std::make_unique<Impl>(std::move(options), port, entropy)) {}

Matchmaker::~Matchmaker() = default;

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
void Matchmaker::local_candidate(Time now, AttemptId attempt, std::string_view candidate) {
  impl_->local_candidate(now, attempt, candidate);
}
void Matchmaker::attempt_closed(Time now, AttemptId attempt) {
  impl_->attempt_closed(now, attempt);
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

}  // namespace roomwire::signal
