// What the matchmaker reads and writes: announcements, offers, answers and candidates.
#include <algorithm>
#include <utility>

#include "signal/matchmaker_impl.hpp"

namespace roomwire::signal {
namespace {

using Kind = SignalMessage::Kind;

// Trystero's lifetimes (@trystero-p2p/core: signal-handler).
constexpr Duration answered_lifetime = 23333ms;
constexpr Duration answering_lifetime = 23333ms;

/// An announcement is answered, and an answer repeated, at most once in this time on one relay.
constexpr Duration reply_interval = 1s;
/// A peer has one offer out at a time: another one means that it gave up the last, unless it was
/// overtaken on a faster relay, which this bridges.
constexpr Duration overtaking_time = 2s;
constexpr Duration wrong_password_interval = 10s;

/// What connected peers signal is kept until it is known whether they still hold the connection,
/// which takes a few seconds; for more peers than this they have to say it again.
constexpr Duration held_time = 35s;
constexpr std::size_t max_held = 64;

constexpr std::size_t max_sdp_bytes = 64U << 10;
constexpr std::size_t max_candidate_bytes = 1024;

bool is_within(const std::map<RelayId, Time>& times, RelayId relay, Time now, Duration interval) {
  const auto time = times.find(relay);
  return time != times.end() && now < time->second + interval;
}

}  // namespace

void Matchmaker::Impl::handle_signal(Time now, RelayId relay, const Topic& topic,
                                     std::string_view payload) {
  if (topic != root_topic_ && topic != self_topic_) return;
  const auto message = parse_signal(payload);
  if (!message) return port_.on_signal_dropped(relay, "a signal that makes no sense");
  if (message->from == options_.self) return;  // Relays send us our own announcements.
  if (options_.passive && message->passive) return;
  next_timeout_.reset();
  if (!active_) {
    if (message->kind == Kind::answer || message->kind == Kind::candidate) return;
    wake(now);
  }
  if (port_.is_connected(message->from)) {
    if (topic == self_topic_) handle_connected(now, relay, *message);
    return;
  }
  Entry& entry = meet(now, relay, message->from);
  judge_hearing(now, entry, topic == self_topic_);
  handle_stranger(now, relay, entry, *message);
}

void Matchmaker::Impl::handle_stranger(Time now, RelayId relay, Entry& entry,
                                       const SignalMessage& message) {
  switch (message.kind) {
    case Kind::announcement:
      return handle_announcement(now, relay, entry);
    case Kind::offer:
      return handle_offer(now, relay, entry, message);
    case Kind::answer:
      return handle_answer(now, relay, entry, message);
    case Kind::candidate:
      return handle_candidate(now, relay, entry, message);
  }
}

// A peer that holds the connection neither offers to us nor greets us, but for what was on its way
// when it opened. Trystero drops one that stood still for 10 s and leaves it open (peer.mjs:
// emitClose; shared-peer.mjs: destroyPeer false).
void Matchmaker::Impl::handle_connected(Time now, RelayId relay, const SignalMessage& message) {
  const auto held = held_.find(message.from);
  if (message.kind == Kind::candidate) {
    const bool belongs = held != held_.end() && held->second.message.offer_id == message.offer_id;
    const auto candidate = belongs ? cipher_.decrypt(message.body) : Result<std::string>();
    if (!belongs || !candidate || candidate->size() > max_candidate_bytes) return;
    early_candidates_.keep(now, message.from, message.offer_id.value_or(""), *candidate);
    return;
  }
  if (message.kind == Kind::answer) return;
  if (message.kind == Kind::offer && !cipher_.decrypt(message.body)) return;
  std::erase_if(held_, [&](const auto& entry) { return now > entry.second.since + held_time; });
  if (held_.size() < max_held || held_.contains(message.from)) {
    held_.insert_or_assign(message.from, Held{relay, message, now});
  }
  port_.on_doubt(message.from);
}

void Matchmaker::Impl::handle_held(Time now, const PeerId& peer) {
  const auto node = held_.extract(peer);
  if (node.empty() || now > node.mapped().since + held_time) return;
  const auto& [relay, message, since] = node.mapped();
  handle_stranger(now, relay, meet(now, relay, peer), message);
}

void Matchmaker::Impl::handle_announcement(Time now, RelayId relay, Entry& entry) {
  auto& [peer, stranger] = entry;
  if (stranger.answer || (stranger.offer && stranger.offer->answered)) return;
  stranger.is_there = true;
  stranger.sought_until = now + search_time;
  // Those who lead offer when they hear of us. 0.25 answers every announcement for that reason;
  // with 0.23 nobody did, and a peer that announces seldom stayed unseen.
  if (!we_lead(peer) && !is_within(stranger.greeted_at, relay, now, reply_interval)) {
    greet(now, relay, entry);
  }
  attend(now, entry);
}

void Matchmaker::Impl::judge_hearing(Time now, Entry& entry, bool to_us) {
  auto& [peer, stranger] = entry;
  if (to_us) {
    stranger.forget_hearing();
    stranger.answers = true;
  }
  if (stranger.answers || stranger.is_said_deaf || !stranger.unanswered_since) return;
  if (now < *stranger.unanswered_since + longest_deliberation) return;
  stranger.is_said_deaf = true;
  port_.on_deaf(peer);
}

void Matchmaker::Impl::handle_offer(Time now, RelayId relay, Entry& entry,
                                    const SignalMessage& message) {
  auto& [peer, stranger] = entry;
  if (stranger.offer && (stranger.offer->answered || we_lead(peer))) return;  // Glare: it yields.
  if (stranger.answer) {
    Proposal& given = *stranger.answer;
    if (given.offer_id == message.offer_id) {
      // The answer was lost, or the offer came through another relay too, as may the answer.
      if (!is_within(given.sent_at, relay, now, reply_interval)) {
        send_proposal(now, relay, entry, given);
      }
      return;
    }
    if (now < given.begun_at + overtaking_time) return;
  }
  const auto sdp = decrypt(now, relay, entry, message);
  if (!sdp) return;
  if (stranger.answer) drop(now, stranger.answer, true);
  if (!may_begin(now, relay)) {
    return port_.on_signal_dropped(relay, "an offer while too many connections are tried");
  }
  answer(now, relay, entry, message, *sdp);
}

void Matchmaker::Impl::answer(Time now, RelayId relay, Entry& entry, const SignalMessage& message,
                              const std::string& sdp) {
  auto& [peer, stranger] = entry;
  Result<Attempt> attempt = port_.begin_answer(now, peer, sdp);
  if (!attempt) {
    return port_.on_signal_dropped(relay,
                                   "an offer that makes no sense: " + attempt.error().message);
  }
  if (stranger.offer) drop(now, stranger.offer, true);
  Proposal& given = stranger.answer.emplace();
  given.attempt = attempt->id;
  given.offer_id = message.offer_id;
  given.description = cipher_.encrypt(attempt->sdp, entropy_);
  given.begun_at = now;
  given.expires_at = now + answering_lifetime;
  attempts_[attempt->id] = peer;
  stranger.is_there = true;
  stranger.sought_until = now + search_time;
  stranger.attend_at = now + search_interval;
  send_proposal(now, relay, entry, given);
  add_early_candidates(now, peer, given);
}

void Matchmaker::Impl::handle_answer(Time now, RelayId relay, Entry& entry,
                                     const SignalMessage& message) {
  auto& [peer, stranger] = entry;
  if (!stranger.offer || stranger.offer->answered) return;
  if (message.offer_id && message.offer_id != stranger.offer->offer_id) return;
  const auto sdp = decrypt(now, relay, entry, message);
  if (!sdp) return;
  Proposal& offer = *stranger.offer;
  const Result<void> accepted = port_.accept_answer(now, offer.attempt, *sdp);
  if (!accepted) {
    return port_.on_signal_dropped(relay,
                                   "an answer that makes no sense: " + accepted.error().message);
  }
  offer.answered = true;
  offer.expires_at = now + answered_lifetime;
  stranger.attend_at.reset();
  add_early_candidates(now, peer, offer);
}

void Matchmaker::Impl::handle_candidate(Time now, RelayId relay, Entry& entry,
                                        const SignalMessage& message) {
  auto& [peer, stranger] = entry;
  const auto candidate = decrypt(now, relay, entry, message);
  if (!candidate) return;
  const auto belongs_to = [&](const std::optional<Proposal>& proposal) {
    return proposal && (!message.offer_id || message.offer_id == proposal->offer_id);
  };
  Proposal* proposal = nullptr;
  if (belongs_to(stranger.answer)) {
    proposal = &*stranger.answer;
  } else if (belongs_to(stranger.offer) && stranger.offer->answered) {
    proposal = &*stranger.offer;
  }
  if (proposal == nullptr) {
    early_candidates_.keep(now, peer, message.offer_id.value_or(""), *candidate);
  } else if (proposal->remote_candidates.add(*candidate)) {
    port_.add_candidate(now, proposal->attempt, *candidate);
  }
}

std::optional<std::string> Matchmaker::Impl::decrypt(Time now, RelayId relay, Entry& entry,
                                                     const SignalMessage& message) {
  auto& [peer, stranger] = entry;
  const bool is_candidate = message.kind == Kind::candidate;
  auto plain = cipher_.decrypt(message.body);
  if (!plain) {
    const bool is_wrong_password = plain.error().kind == ErrorKind::rejected;
    const bool is_said = stranger.wrong_password_until && now < *stranger.wrong_password_until;
    if (!is_wrong_password) {
      port_.on_signal_dropped(relay, "a signal that does not decrypt");
    } else if (!is_candidate && !is_said) {
      // Its candidates tell nothing that its offer or answer does not, and are refused with it.
      stranger.wrong_password_until = now + wrong_password_interval;
      port_.on_wrong_password(peer);
    }
    return std::nullopt;
  }
  if (plain->size() > (is_candidate ? max_candidate_bytes : max_sdp_bytes)) {
    port_.on_signal_dropped(relay, "a signal that is too long");
    return std::nullopt;
  }
  stranger.wrong_password_until.reset();
  return std::move(*plain);
}

void Matchmaker::Impl::add_early_candidates(Time now, const PeerId& peer, Proposal& proposal) {
  std::vector<std::string> ids{""};
  if (proposal.offer_id) ids.push_back(*proposal.offer_id);
  for (const std::string& id : ids) {
    for (const std::string& candidate : early_candidates_.take(peer, id)) {
      if (!proposal.remote_candidates.add(candidate)) continue;
      port_.add_candidate(now, proposal.attempt, candidate);
    }
  }
}

void Matchmaker::Impl::local_candidate(Time now, AttemptId attempt, std::string_view candidate) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return;
  Entry& entry = *strangers_.find(found->second);
  Stranger& stranger = entry.second;
  const bool is_offer = stranger.offer && stranger.offer->attempt == attempt;
  Proposal& proposal = is_offer ? *stranger.offer : *stranger.answer;
  if (proposal.candidates.size() >= CandidateSet::max_size) return;
  const std::string& text = proposal.candidates.emplace_back(cipher_.encrypt(candidate, entropy_));
  for (const auto& [relay, sent_at] : proposal.sent_at) {
    send(now, relay, stranger.topic, Kind::candidate, text, proposal.offer_id);
  }
}

bool Matchmaker::Impl::greet(Time now, RelayId relay, Entry& entry) {
  Stranger& stranger = entry.second;
  if (!limits(relay).greetings.take(now)) return false;
  if (!send(now, relay, stranger.topic, Kind::announcement, {}, {})) return false;
  stranger.greeted_at[relay] = now;
  if (!stranger.unanswered_since) stranger.unanswered_since = now;
  return true;
}

void Matchmaker::Impl::send_proposal(Time now, RelayId relay, Entry& entry, Proposal& proposal) {
  Stranger& stranger = entry.second;
  const bool is_offer = &proposal == (stranger.offer ? &*stranger.offer : nullptr);
  const Kind kind = is_offer ? Kind::offer : Kind::answer;
  if (!send(now, relay, stranger.topic, kind, proposal.description, proposal.offer_id)) return;
  proposal.sent_at[relay] = now;
  if (!stranger.unanswered_since) stranger.unanswered_since = now;
  for (const std::string& candidate : proposal.candidates) {
    send(now, relay, stranger.topic, Kind::candidate, candidate, proposal.offer_id);
  }
}

bool Matchmaker::Impl::send(Time now, RelayId relay, const Topic& topic, Kind kind,
                            const std::string& body, const std::optional<std::string>& offer_id) {
  SignalMessage message;
  message.from = options_.self;
  message.kind = kind;
  message.body = body;
  message.offer_id = offer_id;
  message.passive = options_.passive;
  return port_.publish(now, relay, topic, to_json(message));
}

}  // namespace roomwire::signal
