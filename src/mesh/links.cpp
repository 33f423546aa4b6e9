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

Attempt& Links::create(const RoomId& room, const PeerId& peer, rtc::IceRole role) {
  const auto id = static_cast<signal::AttemptId>(next_id_++);
  auto& attempt = attempts_[id] = std::make_unique<Attempt>(id, peer, room, *this);
  attempt->connect(transport_, role);
  if (!receiving_) attempt->connection().set_receiving(now_, false);
  defer([this, peer] { observer_.on_link_status(PeerConnecting{peer}); });
  return *attempt;
}

signal::Attempt Links::offer(const RoomId& room, const PeerId& peer) {
  Attempt& attempt = create(room, peer, rtc::IceRole::controlling);
  std::string sdp = attempt.connection().create_offer(now_);
  attempt.set_local_description(sdp);
  return {attempt.id(), std::move(sdp)};
}

Result<signal::Attempt> Links::answer(const RoomId& room, const PeerId& peer,
                                      std::string_view offer) {
  if (is_full()) return failure(ErrorKind::limit, "too many connections");
  Attempt& attempt = create(room, peer, rtc::IceRole::controlled);
  Result<std::string> sdp = attempt.connection().accept_offer(now_, offer);
  if (!sdp) {
    bury(attempt.id());
    return tl::unexpected<Error>(sdp.error());
  }
  attempt.set_local_description(*sdp);
  attempt.set_remote_description(offer);
  attempt.set_agreed();
  return signal::Attempt{attempt.id(), std::move(*sdp)};
}

Result<void> Links::accept_answer(signal::AttemptId id, std::string_view answer) {
  Attempt* attempt = find(id);
  if (attempt == nullptr) return failure(ErrorKind::closed, "the connection is gone");
  attempt->set_agreed();
  attempt->set_remote_description(answer);
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
  const bool is_failure = attempt->is_agreed() && now_ >= attempt->begun_at() + connect_patience;
  if (is_failure && !is_connected(attempt->peer())) report_failure(*attempt);
  discard(*attempt);
}

void Links::discard(Attempt& attempt) {
  attempt.connection().close(now_);
  bury(attempt.id());
}

void Links::report_failure(const Attempt& attempt) {
  const auto age = std::chrono::round<std::chrono::seconds>(now_ - attempt.begun_at()).count();
  const std::string reason = "no connection after " + std::to_string(age) + " s";
  remember(attempt.peer(), {reason, tried_pairs(attempt.connection())});
  defer([this, peer = attempt.peer(), reason] {
    observer_.on_link_status(PeerDisconnected{peer, reason});
  });
}

void Links::abandon_room(const RoomId& room) {
  std::vector<Attempt*> abandoned;
  for (const auto& [id, attempt] : attempts_) {
    if (attempt->room() == room && !attempt->is_open()) abandoned.push_back(attempt.get());
  }
  for (Attempt* attempt : abandoned)
    discard(*attempt);
}

void Links::close_peer(const PeerId& peer, const std::string& reason) {
  for (Attempt* attempt : attempts_of(peer)) {
    attempt->connection().close(now_);
    closed(attempt->id(), reason);
  }
}

bool Links::is_connected(const PeerId& peer) const {
  return first_open(peer) != nullptr;
}

bool Links::is_connecting(const PeerId& peer, const RoomId& other_than) const {
  const auto attempts = attempts_of(peer);
  return std::any_of(attempts.begin(), attempts.end(), [&](const Attempt* attempt) {
    const bool is_hopeful = attempt->is_agreed() || now_ < attempt->begun_at() + answer_patience;
    return is_hopeful && attempt->room() != other_than;
  });
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
  // Receiving again hands over what waits, which may open and close connections: walk a copy.
  std::vector<signal::AttemptId> ids;
  for (const auto& [id, attempt] : attempts_)
    ids.push_back(id);
  for (const signal::AttemptId id : ids) {
    if (Attempt* attempt = find(id)) attempt->connection().set_receiving(now_, on);
  }
}

void Links::on_attempt_candidate(Attempt& attempt, const rtc::Candidate& candidate) {
  defer([this, id = attempt.id(), candidate] {
    const Attempt* found = find(id);
    if (found != nullptr) observer_.on_candidate(id, found->candidate_init(candidate));
  });
}

void Links::on_attempt_open(Attempt& attempt) {
  defer([this, id = attempt.id()] { opened(id); });
}

void Links::on_attempt_closed(Attempt& attempt, const std::string& reason) {
  defer([this, id = attempt.id(), reason] { closed(id, reason); });
}

void Links::on_attempt_frame(Attempt& attempt, ByteView frame) {
  Peer& peer = peers_[attempt.peer()];
  const bool peer_chose_another = peer.link != &attempt && !peer.heard;
  if (peer.link == nullptr || peer_chose_another) choose(attempt);
  if (peer.link == &attempt) peer.heard = true;
  hub_.handle_frame(now_, attempt.peer(), frame);
}

void Links::on_attempt_text(Attempt& attempt) {
  observer_.on_link_dropped(attempt.peer(), "a text message where frames are bytes");
}

void Links::on_attempt_writable(Attempt& attempt) {
  const auto entry = peers_.find(attempt.peer());
  if (entry != peers_.end() && entry->second.link == &attempt) {
    hub_.link_writable(now_, attempt.peer());
  }
}

void Links::opened(signal::AttemptId id) {
  Attempt* attempt = find(id);
  if (attempt == nullptr) return;
  const bool alone = attempts_of(attempt->peer()).size() == 1;
  Peer& peer = peers_[attempt->peer()];
  if (peer.link != nullptr) return;
  if (alone) {
    choose(*attempt);
  } else if (!peer.choose_at) {
    peer.choose_at = now_ + choose_delay;
  }
}

void Links::choose(Attempt& attempt) {
  Peer& peer = peers_[attempt.peer()];
  const bool is_first = peer.link == nullptr;
  peer.link = &attempt;
  peer.heard = false;
  peer.choose_at.reset();
  if (attempts_of(attempt.peer()).size() > 1) peer.prune_at = now_ + prune_delay;
  hub_.link_up(now_, attempt.peer(), attempt, attempt.room());
  if (!is_first) return;
  failed_.erase(attempt.peer());
  defer([this, id = attempt.peer(), path = path_of(*attempt.pair())] {
    observer_.on_link_status(PeerConnected{id, path});
    observer_.on_link_up(id);
  });
}

void Links::closed(signal::AttemptId id, const std::string& reason) {
  Attempt* attempt = find(id);
  if (attempt == nullptr) return;
  const PeerId id_of_peer = attempt->peer();
  const bool was_link = peers_.count(id_of_peer) > 0 && peers_[id_of_peer].link == attempt;
  TriedPairs tried = tried_pairs(attempt->connection());
  bury(id);
  if (!was_link) {
    observer_.on_attempt_gone(id);
    if (attempts_of(id_of_peer).empty()) {
      remember(id_of_peer, {reason, std::move(tried)});
      observer_.on_link_status(PeerDisconnected{id_of_peer, reason});
    }
    return;
  }
  Peer& peer = peers_[id_of_peer];
  peer.heard = false;
  if (Attempt* spare = first_open(id_of_peer)) {
    choose(*spare);
    return;
  }
  peers_.erase(id_of_peer);
  hub_.link_down(now_, id_of_peer, reason);
  observer_.on_link_status(PeerDisconnected{id_of_peer, reason, true});
  observer_.on_link_down(id_of_peer);
}

void Links::settle() {
  while (!deferred_.empty()) {
    const auto tasks = std::exchange(deferred_, {});
    for (const auto& task : tasks)
      task();
  }
  buried_.clear();
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
  std::vector<Attempt*> pruned;
  for (auto& [id, peer] : peers_) {
    if (due(peer.choose_at) && peer.link == nullptr) {
      if (Attempt* open = first_open(id)) chosen.push_back(open);
    }
    if (!due(peer.prune_at)) continue;
    for (Attempt* attempt : attempts_of(id)) {
      if (attempt != peer.link) pruned.push_back(attempt);
    }
  }
  for (Attempt* attempt : chosen)
    choose(*attempt);
  for (Attempt* attempt : pruned) {
    attempt->connection().close(now_);
    closed(attempt->id(), "another connection is used");
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

void Links::bury(signal::AttemptId id) {
  const auto entry = attempts_.find(id);
  buried_.push_back(std::move(entry->second));
  attempts_.erase(entry);
}

}  // namespace roomwire::mesh
