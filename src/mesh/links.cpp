#include "mesh/links.hpp"

#include <algorithm>

#include "mesh/path.hpp"

namespace roomwire::mesh {
namespace {

/// How long several connections to one peer may race before the first that opened is taken.
constexpr Duration choose_delay = 300ms;
/// How long a connection that lost the race is kept: the peer may still take to it.
constexpr Duration prune_delay = 5s;
/// How long an offer of one room keeps the others from making theirs to the same peer. It may
/// never be answered, as when the passwords of that room differ.
constexpr Duration answer_patience = 1s;
/// One that is abandoned sooner made room for another.
constexpr Duration connect_patience = 10s;

}  // namespace

Links::~Links() {
  for (auto& [id, attempt] : attempts_)
    attempt->connection().close(now_);
}

Attempt& Links::create(signal::AttemptId id, const RoomId& room, const PeerId& peer,
                       rtc::IceRole role) {
  auto& attempt = attempts_[id] = std::make_unique<Attempt>(id, peer, room, now_, events_, hub_);
  attempt->connect(transport_, role);
  if (!receiving_) attempt->connection().set_receiving(now_, false);
  return *attempt;
}

void Links::begun(const Attempt& attempt) {
  put(SoughtChanged{attempt.peer()});
  if (is_connected(attempt.peer())) return;
  told_connecting_.insert(attempt.peer());
  put(Status(PeerConnecting{attempt.peer()}));
}

Result<std::string> Links::offer(signal::AttemptId id, const RoomId& room, const PeerId& peer) {
  if (is_full()) return failure(ErrorKind::limit, "too many connections");
  Attempt& attempt = create(id, room, peer, rtc::IceRole::controlling);
  std::string sdp = attempt.connection().create_offer(now_);
  attempt.set_local_description(sdp);
  begun(attempt);
  return sdp;
}

Result<std::string> Links::answer(signal::AttemptId id, const RoomId& room, const PeerId& peer,
                                  std::string_view offer) {
  if (is_full()) return failure(ErrorKind::limit, "too many connections");
  Attempt& attempt = create(id, room, peer, rtc::IceRole::controlled);
  Result<std::string> sdp = attempt.connection().accept_offer(now_, offer);
  if (!sdp) {
    take(id);
    return sdp;
  }
  attempt.set_local_description(*sdp);
  attempt.set_remote_description(offer);
  attempt.set_agreed();
  begun(attempt);
  return sdp;
}

Result<void> Links::accept_answer(signal::AttemptId id, std::string_view answer) {
  Attempt* attempt = find(id);
  if (attempt == nullptr) return failure(ErrorKind::closed, "the connection is gone");
  attempt->set_agreed();
  attempt->set_remote_description(answer);
  put(SoughtChanged{attempt->peer()});
  return attempt->connection().accept_answer(now_, answer);
}

void Links::add_candidate(signal::AttemptId id, const rtc::Candidate& candidate,
                          std::string_view username_fragment) {
  Attempt* attempt = find(id);
  if (attempt != nullptr) {
    attempt->connection().add_remote_candidate(now_, candidate, username_fragment);
  }
}

void Links::abandon(signal::AttemptId id) {
  Attempt* attempt = find(id);
  if (attempt == nullptr || attempt->is_open()) return;
  give_up(*attempt, attempt->is_agreed() ? "given up" : "no answer");
}

std::unique_ptr<Attempt> Links::take(signal::AttemptId id) {
  auto node = attempts_.extract(id);
  put(SoughtChanged{node.mapped()->peer()});
  return std::move(node.mapped());
}

void Links::give_up(Attempt& attempt, const std::string& reason) {
  attempt.connection().close(now_);
  const auto gone = take(attempt.id());
  const PeerId& peer = gone->peer();
  if (is_connected(peer)) return;
  if (gone->is_agreed() && now_ >= gone->begun_at() + connect_patience) {
    const auto age = std::chrono::round<std::chrono::seconds>(now_ - gone->begun_at()).count();
    const std::string why = "no connection after " + std::to_string(age) + " s";
    remember(peer, {why, tried_pairs(gone->connection())});
    tell_ended(peer, why, true);
  } else if (told_connecting_.contains(peer) && attempts_of(peer).empty()) {
    tell_ended(peer, reason, false);
  }
}

void Links::tell_ended(const PeerId& peer, const std::string& reason, bool is_failure) {
  told_connecting_.erase(peer);
  put(Status(PeerDisconnected{peer, reason, false, !is_failure}));
}

void Links::abandon_room(const RoomId& room) {
  std::vector<Attempt*> abandoned;
  for (const auto& [id, attempt] : attempts_) {
    if (attempt->room() == room && !attempt->is_open()) abandoned.push_back(attempt.get());
  }
  for (Attempt* attempt : abandoned)
    give_up(*attempt, "the room was left");
}

void Links::close_peer(const PeerId& peer, const std::string& reason) {
  auto attempts = attempts_of(peer);
  // Its link last, so that no other becomes it.
  std::stable_partition(attempts.begin(), attempts.end(),
                        [link = link(peer)](const Attempt* each) { return each != link; });
  for (Attempt* attempt : attempts) {
    attempt->connection().close(now_);
    closed(attempt->id(), reason);
  }
}

bool Links::is_connected(const PeerId& peer) const {
  return peers_.contains(peer);
}

std::set<PeerId> Links::connected_peers() const {
  std::set<PeerId> connected;
  for (const auto& [id, peer] : peers_)
    connected.insert(id);
  return connected;
}

std::set<PeerId> Links::tried_peers() const {
  std::set<PeerId> tried;
  for (const auto& [id, attempt] : attempts_)
    tried.insert(attempt->peer());
  return tried;
}

Deadline Links::sought_until(const PeerId& peer, const RoomId& other_than) const {
  Deadline until;
  for (const Attempt* attempt : attempts_of(peer)) {
    if (attempt->room() == other_than) continue;
    const Time end = attempt->is_agreed() ? Time::max() : attempt->begun_at() + answer_patience;
    until = until ? std::max(*until, end) : end;
  }
  return until;
}

std::optional<rtc::IcePair> Links::pair(const PeerId& peer) const {
  const auto entry = peers_.find(peer);
  if (entry == peers_.end() || entry->second.link == nullptr) return std::nullopt;
  return entry->second.link->pair();
}

std::string_view Links::software(const PeerId& peer) const {
  const auto entry = peers_.find(peer);
  if (entry == peers_.end() || entry->second.link == nullptr) return {};
  return entry->second.link->software();
}

Links::Trial Links::trial(const PeerId& peer) const {
  const auto failed = failed_.find(peer);
  Trial trial = failed == failed_.end() ? Trial{} : failed->second;
  for (const Attempt* attempt : attempts_of(peer)) {
    TriedPairs tried = tried_pairs(attempt->connection());
    if (tried.count > 0) trial.tried = std::move(tried);
  }
  return trial;
}

void Links::remember(const PeerId& peer, Trial trial) {
  if (failed_.size() >= max_attempts && !failed_.contains(peer)) failed_.erase(failed_.begin());
  failed_[peer] = std::move(trial);
}

Attempt* Links::link(const PeerId& peer) {
  const auto entry = peers_.find(peer);
  return entry == peers_.end() ? nullptr : entry->second.link;
}

void Links::set_receiving(bool on) {
  receiving_ = on;
  // Receiving again hands over what waits, of which the attempts only take notes.
  for (const auto& [id, attempt] : attempts_)
    attempt->connection().set_receiving(now_, on);
}

std::vector<Links::Output> Links::take_outputs() {
  while (!events_.empty()) {
    auto events = std::exchange(events_, {});
    for (AttemptEvent& event : events) {
      if (Attempt* attempt = find(event.attempt)) handle(*attempt, event);
    }
  }
  return std::exchange(outputs_, {});
}

void Links::handle(Attempt& attempt, AttemptEvent& event) {
  if (const auto* candidate = std::get_if<rtc::Candidate>(&event.what)) {
    put(LocalCandidate{attempt.id(), attempt.candidate_init(*candidate)});
  } else if (std::holds_alternative<AttemptEvent::Opened>(event.what)) {
    opened(attempt);
  } else if (const auto* frame = std::get_if<AttemptEvent::Frame>(&event.what)) {
    frame_came(attempt, frame->bytes);
  } else if (std::holds_alternative<AttemptEvent::Text>(event.what)) {
    put(FrameDropped{attempt.peer(), "a text message where frames are bytes"});
  } else if (std::holds_alternative<AttemptEvent::Writable>(event.what)) {
    if (link(attempt.peer()) == &attempt) hub_.link_writable(now_, attempt.peer());
  } else {
    closed(attempt.id(), std::get<AttemptEvent::Closed>(event.what).reason);
  }
}

/// Of one that did not carry the rooms when it came.
void Links::frame_came(Attempt& attempt, ByteView frame) {
  const auto peer = peers_.find(attempt.peer());
  if (peer == peers_.end()) return;
  const Attempt* current = peer->second.link;
  const bool peer_chose_another =
      current != &attempt && (current == nullptr || !current->is_heard());
  if (peer_chose_another) choose(attempt);
  if (peer->second.link == &attempt) attempt.set_heard();
  hub_.handle_frame(now_, attempt.peer(), frame);
}

void Links::opened(Attempt& attempt) {
  const auto [entry, is_first] = peers_.try_emplace(attempt.peer());
  if (is_first) put(PeerReached{attempt.peer()});
  Peer& peer = entry->second;
  if (peer.link != nullptr) {
    if (!peer.prune_at) peer.prune_at = now_ + prune_delay;
  } else if (attempts_of(attempt.peer()).size() == 1) {
    choose(attempt);
  } else if (!peer.choose_at) {
    peer.choose_at = now_ + choose_delay;
  }
}

void Links::choose(Attempt& attempt) {
  Peer& peer = peers_.at(attempt.peer());
  const bool is_first = peer.link == nullptr;
  if (!is_first) peer.link->set_link(false);
  peer.link = &attempt;
  attempt.set_link(true);
  peer.choose_at.reset();
  if (attempts_of(attempt.peer()).size() > 1) peer.prune_at = now_ + prune_delay;
  hub_.link_up(now_, attempt.peer(), attempt, attempt.room());
  if (!is_first) return;
  failed_.erase(attempt.peer());
  told_connecting_.erase(attempt.peer());
  put(Status(PeerConnected{attempt.peer(), path_of(*attempt.pair())}));
}

void Links::closed(signal::AttemptId id, const std::string& reason) {
  if (find(id) == nullptr) return;
  const auto gone = take(id);
  const PeerId& peer = gone->peer();
  const auto entry = peers_.find(peer);
  const bool was_open = entry != peers_.end();
  const bool was_link = was_open && entry->second.link == gone.get();
  Attempt* const spare = first_open(peer);
  if (was_link && spare != nullptr) {
    // Its outlet lives until the hub has the new one.
    return choose(*spare);
  }
  if (!was_link) put(AttemptGone{id});
  if (was_open && spare == nullptr) {
    peers_.erase(entry);
    if (was_link) hub_.link_down(now_, peer, reason);
    put(PeerLost{peer});
  }
  if (was_link) {
    put(Status(PeerDisconnected{peer, reason, true}));
  } else if (attempts_of(peer).empty()) {
    remember(peer, {reason, tried_pairs(gone->connection())});
    tell_ended(peer, reason, true);
  }
}

Deadline Links::next_timeout() const {
  Deadline next;
  for (const auto& [id, peer] : peers_)
    next = earlier(next, earlier(peer.choose_at, peer.prune_at));
  return next;
}

void Links::handle_timeout() {
  const auto due = [this](Deadline& deadline) {
    const bool is_due = deadline && *deadline <= now_;
    if (is_due) deadline.reset();
    return is_due;
  };
  std::vector<Attempt*> chosen;
  std::vector<signal::AttemptId> pruned;
  for (auto& [id, peer] : peers_) {
    if (due(peer.choose_at) && peer.link == nullptr) {
      if (Attempt* open = first_open(id)) chosen.push_back(open);
    }
    if (!due(peer.prune_at)) continue;
    for (Attempt* attempt : attempts_of(id)) {
      if (attempt != peer.link) pruned.push_back(attempt->id());
    }
  }
  for (Attempt* attempt : chosen)
    choose(*attempt);
  for (const signal::AttemptId id : pruned) {
    find(id)->connection().close(now_);
    closed(id, "another connection is used");
  }
}

Attempt* Links::find(signal::AttemptId id) const {
  const auto entry = attempts_.find(id);
  return entry == attempts_.end() ? nullptr : entry->second.get();
}

std::vector<Attempt*> Links::attempts_of(const PeerId& peer) const {
  std::vector<Attempt*> found;
  for (const auto& [id, attempt] : attempts_) {
    if (attempt->peer() == peer) found.push_back(attempt.get());
  }
  return found;
}

Attempt* Links::first_open(const PeerId& peer) const {
  for (Attempt* attempt : attempts_of(peer)) {
    if (attempt->is_open()) return attempt;
  }
  return nullptr;
}

}  // namespace roomwire::mesh
