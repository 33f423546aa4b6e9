// What the cores of an app put out, given to each other, to the edge and to the program.
#include "mesh/app.hpp"

namespace roomwire::mesh {

// ---- relays ----

bool App::drain_relays() {
  auto outputs = pool_.take_outputs();
  for (auto& output : outputs)
    std::visit([this](auto& each) { apply(each); }, output);
  return !outputs.empty();
}

void App::apply(signal::RelayPool::Ready& ready) {
  const RelayUrl& place = relay_url(ready.relay);
  if (!guesses_.contains(ready.relay)) {
    events_.emplace_back(Status(RelayConnected{place.url(), place.kind()}));
  }
  for (auto& [id, room] : rooms_)
    room.matchmaker.relay_ready(now_, ready.relay);
}

void App::apply(signal::RelayPool::Failed& failed) {
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(failed.retry_in);
  const RelayUrl& place = relay_url(failed.relay);
  events_.emplace_back(Status(RelayFailed{place.url(), std::move(failed.why.message), wait,
                                          failed.was_connected, place.kind(), failed.why.code}));
  relay_lost(failed.relay);
}

void App::apply(signal::RelayPool::Notice& notice) {
  const RelayUrl& place = relay_url(notice.relay);
  events_.emplace_back(Status(RelayNotice{place.url(), std::move(notice.text), place.kind()}));
}

void App::apply(signal::RelayPool::Refused& refused) {
  const RelayUrl& place = relay_url(refused.relay);
  events_.emplace_back(
      Status(RelayRefused{place.url(), std::move(refused.reason), refused.silently, place.kind()}));
}

void App::apply(signal::RelayPool::Passes& passes) {
  const RelayUrl& place = relay_url(passes.relay);
  if (guesses_.erase(passes.relay) > 0) {
    events_.emplace_back(Status(RelayConnected{place.url(), place.kind()}));
  } else {
    events_.emplace_back(Status(RelayPasses{place.url(), place.kind()}));
  }
}

void App::apply(signal::RelayPool::Message& message) {
  const auto room = topics_.find(message.topic);
  if (room == topics_.end()) return;  // It was left.
  room->second->matchmaker.handle_signal(now_, message.relay, message.topic, message.payload);
}

void App::relay_lost(signal::RelayId relay) {
  for (auto& [id, room] : rooms_)
    room.matchmaker.relay_lost(now_, relay);
}

void App::drop_signal(signal::RelayId relay, const std::string& reason) {
  ++stats_.signals_dropped;
  drops_.add(now_, relay_url(relay).url(), reason);
}

// ---- matchmakers ----

bool App::drain_matchmakers() {
  bool any = false;
  for (auto& [id, room] : rooms_) {
    for (auto& output : room.matchmaker.take_outputs()) {
      any = true;
      std::visit([this, &joined = room](auto& each) { apply(joined, each); }, output);
    }
  }
  return any;
}

void App::apply(JoinedRoom&, const signal::Matchmaker::Publish& publish) {
  pool_.publish(now_, publish.relay, publish.topic, publish.payload);
}

void App::apply(JoinedRoom& room, const signal::Matchmaker::BeginOffer& begin) {
  room.matchmaker.offer_made(now_, begin.attempt, links_.offer(begin.attempt, room.id, begin.peer));
}

void App::apply(JoinedRoom& room, const signal::Matchmaker::BeginAnswer& begin) {
  const auto answer = links_.answer(begin.attempt, room.id, begin.peer, begin.offer);
  if (answer) resolve_described(begin.attempt, begin.offer);
  room.matchmaker.answer_made(now_, begin.attempt, answer);
}

void App::apply(JoinedRoom& room, const signal::Matchmaker::TakeAnswer& take) {
  resolve_described(take.attempt, take.answer);
  room.matchmaker.answer_taken(now_, take.attempt, links_.accept_answer(take.attempt, take.answer));
}

void App::apply(JoinedRoom&, const signal::Matchmaker::AddCandidate& add) {
  add_candidate_init(add.attempt, add.candidate);
}

void App::apply(JoinedRoom&, const signal::Matchmaker::Abandon& abandon) {
  links_.abandon(abandon.attempt);
}

void App::apply(JoinedRoom& room, const signal::Matchmaker::PeerHeard& heard) {
  events_.emplace_back(Status(PeerHeard{heard.peer, room.id}));
}

void App::apply(JoinedRoom& room, const signal::Matchmaker::WrongPassword& wrong) {
  events_.emplace_back(Status(WrongPassword{wrong.peer, room.id}));
}

void App::apply(JoinedRoom&, const signal::Matchmaker::PeerDoubted& doubted) {
  if (links_.is_receiving()) hub_.probe(now_, doubted.peer);
}

void App::apply(JoinedRoom&, const signal::Matchmaker::PeerDeaf& deaf) {
  events_.emplace_back(Status(PeerDeaf{deaf.peer}));
}

void App::apply(JoinedRoom&, const signal::Matchmaker::SignalDropped& dropped) {
  drop_signal(dropped.relay, dropped.reason);
}

// ---- connections ----

bool App::drain_links() {
  auto outputs = links_.take_outputs();
  for (auto& output : outputs)
    std::visit([this](auto& each) { apply(each); }, output);
  return !outputs.empty();
}

void App::apply(Status& status) {
  // A peer leaves its rooms before its connection is told to be gone.
  if (std::holds_alternative<PeerDisconnected>(status)) drain_hub();
  events_.emplace_back(std::move(status));
}

void App::apply(Links::LocalCandidate& candidate) {
  JoinedRoom* room = room_of(candidate.attempt);
  if (room != nullptr) {
    room->matchmaker.local_candidate(now_, candidate.attempt, candidate.init);
  }
}

void App::apply(Links::AttemptGone& gone) {
  JoinedRoom* room = room_of(gone.attempt);
  if (room != nullptr) room->matchmaker.attempt_closed(now_, gone.attempt);
}

void App::apply(Links::SoughtChanged& changed) {
  for (auto& [id, room] : rooms_)
    room.matchmaker.peer_sought(now_, changed.peer, links_.sought_until(changed.peer, id));
}

void App::apply(Links::PeerReached& reached) {
  for (auto& [id, room] : rooms_)
    room.matchmaker.peer_connected(now_, reached.peer);
}

void App::apply(Links::PeerLost& lost) {
  for (auto& [id, room] : rooms_)
    room.matchmaker.peer_lost(now_, lost.peer);
}

void App::apply(Links::FrameDropped& dropped) {
  drop_frame(dropped.peer, std::string(dropped.reason));
}

}  // namespace roomwire::mesh
