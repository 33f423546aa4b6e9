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
  if (!message) return put(SignalDropped{relay, "a signal that makes no sense"});
  if (message->from == options_.self) return;  // Relays send us our own announcements.
  if (options_.passive && message->passive) return;
  next_timeout_.reset();
  if (!active_) {
    if (message->kind == Kind::answer || message->kind == Kind::candidate) return;
    wake(now);
  }
  if (connected_.contains(message->from)) {
    if (topic == self_topic_) handle_connected(now, relay, *message);
    return;
  }
  Entry& entry = meet(now, relay, message->from);
  judge_hearing(now, entry, topic == self_topic_);
  handle_unconnected(now, relay, entry, *message);
}

void Matchmaker::Impl::handle_unconnected(Time now, RelayId relay, Entry& entry,
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
  put(PeerDoubted{message.from});
}

void Matchmaker::Impl::handle_held(Time now, const PeerId& peer) {
  const auto node = held_.extract(peer);
  if (node.empty() || now > node.mapped().since + held_time) return;
  const auto& [relay, message, since] = node.mapped();
  handle_unconnected(now, relay, meet(now, relay, peer), message);
}

void Matchmaker::Impl::handle_announcement(Time now, RelayId relay, Entry& entry) {
  auto& [peer, known] = entry;
  const auto& proposal = known.proposal;
  if (proposal && (!proposal->is_offer || proposal->stage > Proposal::Stage::open)) return;
  known.is_there = true;
  known.sought_until = now + search_time;
  // Those who lead offer when they hear of us. 0.25 answers every announcement for that reason;
  // with 0.23 nobody did, and a peer that announces seldom stayed unseen.
  if (!we_lead(peer) && !is_within(known.greeted_at, relay, now, reply_interval)) {
    greet(now, relay, entry);
  }
  attend(now, entry);
}

void Matchmaker::Impl::judge_hearing(Time now, Entry& entry, bool to_us) {
  auto& [peer, known] = entry;
  if (to_us) {
    known.forget_hearing();
    known.answers = true;
  }
  if (known.answers || known.is_said_deaf || !known.unanswered_since) return;
  if (now < *known.unanswered_since + longest_deliberation) return;
  known.is_said_deaf = true;
  put(PeerDeaf{peer});
}

void Matchmaker::Impl::handle_offer(Time now, RelayId relay, Entry& entry,
                                    const SignalMessage& message) {
  auto& [peer, known] = entry;
  // Glare: as the one who offers has the smaller id, the other's offer yields.
  if (known.proposal && known.proposal->is_offer) return;
  if (known.proposal) {
    Proposal& given = *known.proposal;
    if (given.offer_id == message.offer_id) {
      // The answer was lost, or the offer came through another relay too, as may the answer.
      if (!is_within(given.sent_at, relay, now, reply_interval)) {
        send_proposal(now, relay, entry, given);
      }
      return;
    }
    if (now < given.begun_at + overtaking_time) return;
  }
  auto sdp = decrypt(now, relay, entry, message);
  if (!sdp) return;
  if (known.proposal) drop(known, true);
  if (!may_begin(now, relay)) {
    return put(SignalDropped{relay, "an offer while too many connections are tried"});
  }
  Proposal& given = propose(now, relay, entry);
  given.offer_id = message.offer_id;
  given.expires_at = now + answering_lifetime;
  put(BeginAnswer{given.attempt, peer, std::move(*sdp)});
}

void Matchmaker::Impl::answer_made(Time now, AttemptId attempt, const Result<std::string>& answer) {
  Entry* entry = find(attempt, Proposal::Stage::making);
  if (entry == nullptr) return;
  next_timeout_.reset();
  auto& [peer, known] = *entry;
  Proposal& given = *known.proposal;
  if (!answer) {
    put(SignalDropped{given.relay, "an offer that makes no sense: " + answer.error().message});
    return drop(known, false);
  }
  given.description = cipher_.encrypt(*answer, entropy_);
  given.stage = Proposal::Stage::agreed;
  known.is_there = true;
  known.sought_until = now + search_time;
  known.attend_at = now + search_interval;
  send_proposal(now, given.relay, *entry, given);
  add_early_candidates(peer, given);
}

void Matchmaker::Impl::handle_answer(Time now, RelayId relay, Entry& entry,
                                     const SignalMessage& message) {
  auto& [peer, known] = entry;
  if (!known.proposal || !known.proposal->is_own(Proposal::Stage::open)) return;
  Proposal& offer = *known.proposal;
  if (message.offer_id && message.offer_id != offer.offer_id) return;
  auto sdp = decrypt(now, relay, entry, message);
  if (!sdp) return;
  offer.stage = Proposal::Stage::taking;
  offer.relay = relay;
  put(TakeAnswer{offer.attempt, std::move(*sdp)});
}

void Matchmaker::Impl::answer_taken(Time now, AttemptId attempt, const Result<void>& taken) {
  Entry* entry = find(attempt, Proposal::Stage::taking);
  if (entry == nullptr) return;
  next_timeout_.reset();
  auto& [peer, known] = *entry;
  Proposal& offer = *known.proposal;
  if (!taken) {
    offer.stage = Proposal::Stage::open;
    return put(
        SignalDropped{offer.relay, "an answer that makes no sense: " + taken.error().message});
  }
  offer.stage = Proposal::Stage::agreed;
  offer.expires_at = now + answered_lifetime;
  known.attend_at.reset();
  add_early_candidates(peer, offer);
}

void Matchmaker::Impl::handle_candidate(Time now, RelayId relay, Entry& entry,
                                        const SignalMessage& message) {
  auto& [peer, known] = entry;
  const auto candidate = decrypt(now, relay, entry, message);
  if (!candidate) return;
  const auto& proposal = known.proposal;
  const bool belongs = proposal && proposal->stage == Proposal::Stage::agreed &&
                       (!message.offer_id || message.offer_id == proposal->offer_id);
  if (!belongs) {
    early_candidates_.keep(now, peer, message.offer_id.value_or(""), *candidate);
  } else if (known.proposal->remote_candidates.add(*candidate)) {
    put(AddCandidate{proposal->attempt, *candidate});
  }
}

std::optional<std::string> Matchmaker::Impl::decrypt(Time now, RelayId relay, Entry& entry,
                                                     const SignalMessage& message) {
  auto& [peer, known] = entry;
  const bool is_candidate = message.kind == Kind::candidate;
  auto plain = cipher_.decrypt(message.body);
  if (!plain) {
    const bool is_wrong_password = plain.error().kind == ErrorKind::rejected;
    const bool is_said = known.wrong_password_until && now < *known.wrong_password_until;
    if (!is_wrong_password) {
      put(SignalDropped{relay, "a signal that does not decrypt"});
    } else if (!is_candidate && !is_said) {
      // Its candidates tell nothing that its offer or answer does not, and are refused with it.
      known.wrong_password_until = now + wrong_password_interval;
      put(WrongPassword{peer});
    }
    return std::nullopt;
  }
  if (plain->size() > (is_candidate ? max_candidate_bytes : max_sdp_bytes)) {
    put(SignalDropped{relay, "a signal that is too long"});
    return std::nullopt;
  }
  known.wrong_password_until.reset();
  return std::move(*plain);
}

void Matchmaker::Impl::add_early_candidates(const PeerId& peer, Proposal& proposal) {
  std::vector<std::string> ids{""};
  if (proposal.offer_id) ids.push_back(*proposal.offer_id);
  for (const std::string& id : ids) {
    for (const std::string& candidate : early_candidates_.take(peer, id)) {
      if (!proposal.remote_candidates.add(candidate)) continue;
      put(AddCandidate{proposal.attempt, candidate});
    }
  }
}

void Matchmaker::Impl::local_candidate(AttemptId attempt, std::string_view candidate) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return;
  KnownPeer& known = known_.at(found->second);
  Proposal& proposal = *known.proposal;
  if (proposal.candidates.size() >= CandidateSet::max_size) return;
  const std::string& text = proposal.candidates.emplace_back(cipher_.encrypt(candidate, entropy_));
  for (const auto& [relay, sent_at] : proposal.sent_at) {
    send(relay, known.topic, Kind::candidate, text, proposal.offer_id);
  }
}

bool Matchmaker::Impl::greet(Time now, RelayId relay, Entry& entry) {
  KnownPeer& known = entry.second;
  if (!limits(relay).greetings.take(now)) return false;
  if (!send(relay, known.topic, Kind::announcement, {}, {})) return false;
  known.greeted_at[relay] = now;
  if (!known.unanswered_since) known.unanswered_since = now;
  return true;
}

void Matchmaker::Impl::send_proposal(Time now, RelayId relay, Entry& entry, Proposal& proposal) {
  KnownPeer& known = entry.second;
  if (proposal.stage == Proposal::Stage::making) return;
  const Kind kind = proposal.is_offer ? Kind::offer : Kind::answer;
  if (!send(relay, known.topic, kind, proposal.description, proposal.offer_id)) return;
  proposal.sent_at[relay] = now;
  if (!known.unanswered_since) known.unanswered_since = now;
  for (const std::string& candidate : proposal.candidates) {
    send(relay, known.topic, Kind::candidate, candidate, proposal.offer_id);
  }
}

bool Matchmaker::Impl::send(RelayId relay, const Topic& topic, Kind kind, const std::string& body,
                            const std::optional<std::string>& offer_id) {
  if (lost_.contains(relay)) return false;
  SignalMessage message;
  message.from = options_.self;
  message.kind = kind;
  message.body = body;
  message.offer_id = offer_id;
  message.passive = options_.passive;
  put(Publish{relay, topic, to_json(message)});
  return true;
}

}  // namespace roomwire::signal
