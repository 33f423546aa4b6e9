#include "rtc/ice_agent.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "rtc/ice_consent.hpp"
#include "rtc/ice_pairs.hpp"
#include "rtc/stun.hpp"

namespace roomwire::rtc {
namespace {

/// Without a selected pair this long after the credentials: failed.
constexpr Duration connect_limit = 30s;
/// RFC 8445 section 14.2 (Ta): between two checks, once the first few have left at once.
constexpr Duration pace = 5ms;
constexpr int burst = 5;
/// A check is repeated after this time, the next time after twice as much, up to the longest.
/// Shorter than RFC 8445's 500 ms: a lost packet should not be felt.
constexpr Duration first_repeat = 100ms;
constexpr Duration longest_repeat = 2s;
/// How long the first valid pair waits for a better one, as a multiple of its round trip.
constexpr int patience = 2;
constexpr Duration least_wait = 20ms;
constexpr Duration longest_wait = 150ms;
/// Nominating a pair is given up after so many unanswered checks: 3.1 s.
constexpr int nominating_checks = 5;
/// A peer that nominates aggressively means the best of the pairs that it nominates; one that
/// repeats itself on another pair and is silent on the selected one has moved.
constexpr Duration nomination_age = 1s;

IceRole opposite(IceRole role) {
  return role == IceRole::controlling ? IceRole::controlled : IceRole::controlling;
}

std::uint64_t draw_u64(Entropy& entropy) {
  std::array<std::uint8_t, 8> bytes{};
  entropy.fill(bytes);
  return ByteReader(bytes).u64();
}

/// What the check that teaches the peer this address says of it (RFC 8445 section 7.1.1).
std::uint32_t peer_reflexive_priority(std::uint32_t host_priority) {
  return candidate_priority(CandidateType::peer_reflexive,
                            static_cast<std::uint16_t>(host_priority >> 8));
}

}  // namespace

class IceAgent::Impl {
 public:
  Impl(IceRole role, IceCredentials local, Entropy& entropy, IceSink& sink)
      : role_(role),
        tie_breaker_(draw_u64(entropy)),
        local_(std::move(local)),
        entropy_(entropy),
        sink_(sink),
        pairs_(role) {}

  const IceCredentials& local_credentials() const { return local_; }
  IceState state() const { return state_; }
  Deadline next_timeout() const { return deadline_; }
  std::optional<IcePair> selected() const {
    return selected_ != nullptr ? std::optional(selected_->addresses()) : std::nullopt;
  }

  std::vector<IcePair> checked_pairs() const { return pairs_.checked(); }

  void add_local_candidate(Time now, const Candidate& candidate) {
    pairs_.add_local(now, candidate);
    proceed(now);
  }
  void add_remote_candidate(Time now, const Candidate& candidate) {
    pairs_.add_remote(now, candidate);
    proceed(now);
  }
  void set_remote_credentials(Time now, const IceCredentials& remote) {
    if (!remote_) give_up_ = now + connect_limit;
    remote_ = remote;
    proceed(now);
  }
  void note_traffic(Time now) {
    consent_.heard(now);
    if (state_ == IceState::disconnected) proceed(now);
  }

  bool awaits(const Endpoint& local, const Endpoint& remote, const StunTransactionId& transaction) {
    CheckedPair* pair = pairs_.find(local, remote);
    return pair != nullptr && pair->find_check(transaction) != nullptr;
  }
  bool handle_stun(Time now, const Endpoint& local, const Endpoint& remote, ByteView packet);
  void proceed(Time now);

 private:
  using State = CheckedPair::State;

  bool on_request(Time now, const Endpoint& local, const Endpoint& remote, ByteView packet,
                  const StunMessage& request);
  bool is_for_us(ByteView packet, const StunMessage& request) const;
  bool settle_conflict(Time now, const StunMessage& request);
  void on_check_of_peer(Time now, CheckedPair& pair, bool use_candidate);
  bool on_success(Time now, CheckedPair& pair, const IceCheck& check, const StunMessage& response);
  bool on_error(Time now, CheckedPair& pair, const IceCheck& check, const StunMessage& response);

  void reply(const Endpoint& local, const Endpoint& remote, const StunMessage& message, bool sign);
  void refuse(const Endpoint& local, const Endpoint& remote, const StunMessage& request,
              std::uint16_t code, bool sign);
  void send_check(Time now, CheckedPair& pair, bool use_candidate);

  void switch_role(Time now);
  void trigger(Time now, CheckedPair& pair);
  void follow_nomination(Time now, CheckedPair& pair);
  void select(Time now, CheckedPair& pair);
  void nominate(Time now);
  void watch_consent(Time now);
  void send_checks(Time now);
  void look_for_others(Time now);
  bool wants_check(const CheckedPair& pair) const;
  bool is_searching() const { return state_ != IceState::connected; }
  CheckedPair* best_valid();
  void set_state(IceState state);
  Deadline earliest(Time now);

  IceRole role_;
  std::uint64_t tie_breaker_;
  IceCredentials local_;
  std::optional<IceCredentials> remote_;
  Entropy& entropy_;
  IceSink& sink_;
  IcePairs pairs_;

  IceState state_ = IceState::waiting;
  Deadline deadline_;
  Deadline give_up_;      ///< While there is no selected pair.
  Time pace_;             ///< Where the next check belongs if they were evenly spaced.
  Deadline nominate_at_;  ///< Set with the first valid pair.
  // Both are pairs in State::succeeded, which IcePairs keeps.
  CheckedPair* nominating_ = nullptr;
  CheckedPair* selected_ = nullptr;
  IceConsent consent_;
};

// ── What arrives ────────────────────────────────────────────────────────────────────────────────

bool IceAgent::Impl::handle_stun(Time now, const Endpoint& local, const Endpoint& remote,
                                 ByteView packet) {
  if (state_ == IceState::failed) return false;
  const auto message = StunMessage::parse(packet);
  if (!message) return false;
  if (message->kind == StunClass::request) {
    const bool accepted = on_request(now, local, remote, packet, *message);
    if (accepted) proceed(now);
    return accepted;
  }
  // A response must come back the way the request went (RFC 8445 section 7.2.5.2.1).
  CheckedPair* pair = pairs_.find(local, remote);
  if (pair == nullptr) return false;
  if (message->kind == StunClass::indication) return true;  // A keepalive: proves nothing.
  IceCheck* check = pair->find_check(message->transaction);
  if (check == nullptr || !remote_ || !message->not_understood.empty()) return false;
  // Errors 400 and 401 are not signed: they count as no answer, as forged ones would.
  if (!message->has_integrity(packet, remote_->password)) return false;
  check->open = false;
  const bool accepted = message->kind == StunClass::success
                            ? on_success(now, *pair, *check, *message)
                            : on_error(now, *pair, *check, *message);
  if (accepted) proceed(now);
  return accepted;
}

bool IceAgent::Impl::on_request(Time now, const Endpoint& local, const Endpoint& remote,
                                ByteView packet, const StunMessage& request) {
  if (!request.username || !request.integrity_offset) {
    refuse(local, remote, request, stun_bad_request, false);
    return false;
  }
  if (!is_for_us(packet, request)) {
    refuse(local, remote, request, stun_unauthenticated, false);
    return false;
  }
  if (!request.not_understood.empty()) {
    refuse(local, remote, request, stun_unknown_attribute, true);
    return true;
  }
  if (!settle_conflict(now, request)) {
    refuse(local, remote, request, stun_role_conflict, true);
    return true;
  }
  StunMessage response;
  response.kind = StunClass::success;
  response.transaction = request.transaction;
  response.mapped_address = remote;
  reply(local, remote, response, true);
  CheckedPair* pair = pairs_.learn(now, local, remote, request.priority.value_or(0));
  if (pair != nullptr) on_check_of_peer(now, *pair, request.use_candidate);
  return true;
}

bool IceAgent::Impl::is_for_us(ByteView packet, const StunMessage& request) const {
  const std::string_view username = *request.username;
  return username.substr(0, username.find(':')) == local_.ufrag &&
         request.has_integrity(packet, local_.password);
}

/// RFC 8445 section 7.3.1.1. False when the peer has to switch.
bool IceAgent::Impl::settle_conflict(Time now, const StunMessage& request) {
  if (role_ == IceRole::controlling && request.controlling) {
    if (tie_breaker_ >= *request.controlling) return false;
    switch_role(now);
  } else if (role_ == IceRole::controlled && request.controlled) {
    if (tie_breaker_ < *request.controlled) return false;
    switch_role(now);
  }
  return true;
}

void IceAgent::Impl::on_check_of_peer(Time now, CheckedPair& pair, bool use_candidate) {
  if (&pair == selected_) consent_.heard(now);
  if (use_candidate && role_ == IceRole::controlled) {
    pair.nominated = now;
    follow_nomination(now, pair);
  }
  trigger(now, pair);
}

bool IceAgent::Impl::on_success(Time now, CheckedPair& pair, const IceCheck& check,
                                const StunMessage& response) {
  if (!response.mapped_address) return false;
  pair.state = State::succeeded;
  pair.triggered = false;
  pair.round_trip = now - check.sent;
  pair.local_type = pairs_.local_type(pair, *response.mapped_address);
  if (&pair == selected_) consent_.answered(now, entropy_);
  if (!nominate_at_) {
    nominate_at_ = now + std::clamp(pair.round_trip * patience, least_wait, longest_wait);
  }
  if (role_ == IceRole::controlled) {
    follow_nomination(now, pair);
  } else if (check.use_candidate && &pair == nominating_) {
    select(now, pair);
  }
  return true;
}

bool IceAgent::Impl::on_error(Time now, CheckedPair& pair, const IceCheck& check,
                              const StunMessage& response) {
  if (!response.error) return false;
  if (response.error->code == stun_role_conflict) {
    if (check.role == role_) switch_role(now);
    trigger(now, pair);
    return true;
  }
  if (&pair == selected_) return true;  // Consent will tell.
  if (&pair == nominating_) nominating_ = nullptr;
  pair.state = State::failed;
  return true;
}

// ── What leaves ─────────────────────────────────────────────────────────────────────────────────

void IceAgent::Impl::reply(const Endpoint& local, const Endpoint& remote,
                           const StunMessage& message, bool sign) {
  const auto key = sign ? std::optional<std::string_view>(local_.password) : std::nullopt;
  sink_.send_stun(local, remote, message.serialise(key));
}

void IceAgent::Impl::refuse(const Endpoint& local, const Endpoint& remote,
                            const StunMessage& request, std::uint16_t code, bool sign) {
  StunMessage response;
  response.kind = StunClass::error;
  response.transaction = request.transaction;
  response.error = StunError{code, {}};  // No phrase: a reply should not outgrow what it answers.
  if (code == stun_unknown_attribute) response.unknown_attributes = request.not_understood;
  reply(local, remote, response, sign);
}

/// Every transmission is a transaction of its own, so that its round trip can be told.
void IceAgent::Impl::send_check(Time now, CheckedPair& pair, bool use_candidate) {
  StunMessage request;
  request.transaction = draw_transaction_id(entropy_);
  request.username = remote_->ufrag + ":" + local_.ufrag;
  request.priority = peer_reflexive_priority(pair.local_priority);
  request.use_candidate = use_candidate;
  (role_ == IceRole::controlling ? request.controlling : request.controlled) = tie_breaker_;
  pair.note_check({request.transaction, now, role_, use_candidate, true});
  const int doublings = std::min(pair.transmissions++, 5);
  pair.due = now + std::min<Duration>(first_repeat * (1 << doublings), longest_repeat);
  pair.triggered = false;
  sink_.send_stun(pair.local, pair.remote, request.serialise(remote_->password));
}

// ── What is decided ─────────────────────────────────────────────────────────────────────────────

/// Does all that is due, and finds out when there is more.
void IceAgent::Impl::proceed(Time now) {
  if (state_ == IceState::failed) return;
  if (selected_ == nullptr && give_up_ && now >= *give_up_) set_state(IceState::failed);
  if (remote_ && state_ != IceState::failed) {
    watch_consent(now);
    nominate(now);
    send_checks(now);
  }
  deadline_ = earliest(now);
}

void IceAgent::Impl::switch_role(Time now) {
  role_ = opposite(role_);
  pairs_.set_role(role_);
  nominating_ = nullptr;
  if (nominate_at_) nominate_at_ = now;
}

/// RFC 8445 section 7.3.1.4: the peer can be heard over this pair, so it may be able to hear us.
void IceAgent::Impl::trigger(Time now, CheckedPair& pair) {
  if (pair.state == State::succeeded) return;
  if (pair.state == State::failed) pair.transmissions = 0;
  pair.state = State::waiting;
  pair.triggered = true;
  pair.due = now;
}

/// As the controlled one: takes the pair if the peer nominated it and it works.
void IceAgent::Impl::follow_nomination(Time now, CheckedPair& pair) {
  if (!pair.nominated || pair.state != State::succeeded || &pair == selected_) return;
  if (selected_ != nullptr && selected_->nominated) {
    const bool better = pair.priority > selected_->priority;
    const bool moved = *pair.nominated >= *selected_->nominated + nomination_age;
    if (!better && !moved) return;
  }
  select(now, pair);
}

void IceAgent::Impl::select(Time now, CheckedPair& pair) {
  selected_ = &pair;
  nominating_ = nullptr;
  consent_.start(now, entropy_);
  state_ = IceState::connected;
  sink_.on_ice_state(state_, selected());
}

CheckedPair* IceAgent::Impl::best_valid() {
  return pairs_.best([this](const CheckedPair& pair) {
    return pair.state == State::succeeded && &pair != selected_;
  });
}

/// Regular nomination, as the controlling one.
void IceAgent::Impl::nominate(Time now) {
  if (role_ != IceRole::controlling || !is_searching()) return;
  if (nominating_ != nullptr) {
    if (nominating_->transmissions < nominating_checks || now < nominating_->due) return;
    nominating_->state = State::failed;
    nominating_ = nullptr;
  }
  CheckedPair* valid = best_valid();
  if (valid == nullptr) return;
  const CheckedPair* better = pairs_.best([&](const CheckedPair& pair) {
    return pair.priority > valid->priority && pair.state != State::failed && &pair != selected_;
  });
  if (better != nullptr && now < *nominate_at_) return;
  nominating_ = valid;
  nominating_->transmissions = 0;
  nominating_->due = now;
}

void IceAgent::Impl::watch_consent(Time now) {
  if (selected_ == nullptr) return;
  if (consent_.check_due(now)) {
    consent_.check_sent(now);
    // Saying it again costs nothing and brings a peer along that has chosen another pair.
    send_check(now, *selected_, role_ == IceRole::controlling);
  }
  if (consent_.is_lost(now)) {
    set_state(IceState::failed);
  } else if (consent_.is_silent(now)) {
    if (state_ == IceState::connected) look_for_others(now);
    set_state(IceState::disconnected);
  } else {
    if (state_ == IceState::disconnected) nominating_ = nullptr;
    set_state(IceState::connected);
  }
}

/// Tries all other pairs anew: both sides may still have another way to each other.
void IceAgent::Impl::look_for_others(Time now) {
  for (const auto& pair : pairs_.all()) {
    if (pair.get() == selected_) continue;
    pair->state = State::waiting;
    pair->transmissions = 0;
    pair->due = now;
  }
  nominate_at_ = now;
}

/// While connected, only what the peer asks for is checked: it may be about to nominate it.
bool IceAgent::Impl::wants_check(const CheckedPair& pair) const {
  if (pair.state == State::succeeded || pair.state == State::failed) return false;
  return pair.triggered || is_searching();
}

void IceAgent::Impl::send_checks(Time now) {
  if (state_ == IceState::failed) return;
  if (nominating_ != nullptr && nominating_->due <= now) send_check(now, *nominating_, true);
  while (pace_ <= now + burst * pace) {
    CheckedPair* next = nullptr;
    for (const auto& pair : pairs_.all()) {
      if (!wants_check(*pair) || pair->due > now) continue;
      // Those that the peer asks for, then those tried least, then the best.
      const auto rank = [](const CheckedPair& p) {
        return std::make_tuple(p.triggered, -p.transmissions, p.priority);
      };
      if (next == nullptr || rank(*pair) > rank(*next)) next = pair.get();
    }
    if (next == nullptr) return;
    pace_ = std::max(pace_, now) + pace;
    next->state = State::in_progress;
    send_check(now, *next, false);
  }
}

void IceAgent::Impl::set_state(IceState state) {
  if (state == state_) return;
  state_ = state;
  sink_.on_ice_state(state_, selected());
}

Deadline IceAgent::Impl::earliest(Time now) {
  if (state_ == IceState::failed || !remote_) return std::nullopt;
  Deadline next = selected_ != nullptr ? consent_.next(now) : give_up_;
  if (nominating_ != nullptr) {
    next = earlier(next, nominating_->due);
  } else if (nominate_at_ && *nominate_at_ > now && role_ == IceRole::controlling) {
    next = earlier(next, nominate_at_);
  }
  for (const auto& pair : pairs_.all()) {
    if (wants_check(*pair)) next = earlier(next, std::max(pair->due, pace_ - burst * pace));
  }
  return next;
}

// ── The agent ───────────────────────────────────────────────────────────────────────────────────

IceAgent::IceAgent(IceRole role, IceCredentials local, Entropy& entropy, IceSink& sink)
    : impl_(std::make_unique<Impl>(role, std::move(local), entropy, sink)) {}
IceAgent::~IceAgent() = default;

const IceCredentials& IceAgent::local_credentials() const {
  return impl_->local_credentials();
}
void IceAgent::add_local_candidate(Time now, const Candidate& candidate) {
  impl_->add_local_candidate(now, candidate);
}
void IceAgent::set_remote_credentials(Time now, const IceCredentials& remote) {
  impl_->set_remote_credentials(now, remote);
}
void IceAgent::add_remote_candidate(Time now, const Candidate& candidate) {
  impl_->add_remote_candidate(now, candidate);
}
bool IceAgent::handle_stun(Time now, const Endpoint& local, const Endpoint& remote,
                           ByteView packet) {
  return impl_->handle_stun(now, local, remote, packet);
}
bool IceAgent::awaits(const Endpoint& local, const Endpoint& remote,
                      const StunTransactionId& transaction) const {
  return impl_->awaits(local, remote, transaction);
}
void IceAgent::note_traffic(Time now) {
  impl_->note_traffic(now);
}
Deadline IceAgent::next_timeout() const {
  return impl_->next_timeout();
}
void IceAgent::handle_timeout(Time now) {
  impl_->proceed(now);
}
IceState IceAgent::state() const {
  return impl_->state();
}
std::optional<IcePair> IceAgent::selected() const {
  return impl_->selected();
}

std::vector<IcePair> IceAgent::checked_pairs() const {
  return impl_->checked_pairs();
}

}  // namespace roomwire::rtc
