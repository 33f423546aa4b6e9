// Matchmakers that meet in virtual time over relays that lose, delay, reorder and repeat.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "signal/matchmaker.hpp"

namespace roomwire::signal {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::size_t relays = 1;
  double loss = 0;        ///< Of each delivery.
  double repetition = 0;  ///< As likely it arrives twice.
  Duration delay = 20ms;  ///< Each delivery takes up to this: so they overtake each other.
};

/// Connections here open when both sides know each other's description and a candidate.
class World {
 public:
  class Peer;

  explicit World(WorldOptions options) : options_(options), entropy_(options.seed) {
    relay_up_.assign(options.relays, true);
  }

  Peer& add(const std::string& id, const std::string& password = "", bool passive = false);
  void remove(const std::string& id);
  Peer& at(const std::string& id) { return *peers_.at(id); }

  void run(Duration duration) {
    const Time end = now_ + duration;
    while (true) {
      Time next = events_.empty() ? end : events_.top().at;
      for (const auto& [id, peer] : peers_)
        next = std::min(next, wanted(*peer, end));
      if (next >= end) break;
      now_ = std::max(now_, next);
      step();
    }
    now_ = end;
  }
  /// Runs until `done`, at most so long; how long it took.
  template <class Done>
  Duration run_until(Done done, Duration limit) {
    const Time begun = now_;
    while (!done() && now_ - begun < limit)
      run(1ms);
    return now_ - begun;
  }

  void relay_down(std::size_t relay);
  void relay_up(std::size_t relay);
  void disconnect(const std::string& a, const std::string& b);
  bool all_connected() const;

  Time now() const { return now_; }
  /// How many connections opened between two peers, ever.
  std::map<std::pair<std::string, std::string>, int> opened;
  std::vector<std::string> wrong_passwords;
  std::size_t published = 0;

 private:
  struct Event {
    Time at;
    std::uint64_t number;
    std::function<void()> run;
    bool operator>(const Event& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };
  struct Attempt {
    std::string owner;
    std::string peer;
    std::uint64_t remote = 0;  ///< The attempt whose description it was given.
    bool candidate = false;
    bool open = false;
  };

  void after(Duration delay, std::function<void()> task) {
    events_.push({now_ + delay, ++number_, std::move(task)});
  }
  Duration chance(Duration most) {
    return std::chrono::duration_cast<Duration>(most * entropy_.unit());
  }
  Time wanted(Peer& peer, Time otherwise) const;
  void step();
  void deliver(RelayId relay, const Topic& topic, const std::string& payload);
  void begin(AttemptId attempt, const std::string& owner, const std::string& peer,
             std::uint64_t remote);
  /// Ends the turn of every peer.
  void settle();
  void try_open(std::uint64_t id);
  void close(std::uint64_t id);

  WorldOptions options_;
  SeededEntropy entropy_;
  Time now_{};
  std::uint64_t number_ = 0;
  std::vector<bool> relay_up_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::map<std::string, std::unique_ptr<Peer>> peers_;
  std::map<std::uint64_t, Attempt> attempts_;
  std::uint32_t joined_ = 0;  ///< Peers, ever.
};

class World::Peer {
 public:
  Peer(World& world, std::string id, const std::string& password, bool passive)
      : world_(world),
        id_(std::move(id)),
        entropy_(world.entropy_.below(1U << 30)),
        matchmaker_({AppId("app"), RoomId("room"), password, PeerId(id_), passive, ++world.joined_},
                    entropy_) {}

  Matchmaker& matchmaker() { return matchmaker_; }
  const std::set<std::string>& connected() const { return connected_; }

 private:
  friend class World;

  /// Does what the matchmaker wants done; true when there was something.
  bool settle() {
    auto outputs = matchmaker_.take_outputs();
    for (auto& output : outputs)
      std::visit([this](auto& each) { apply(each); }, output);
    return !outputs.empty();
  }
  void apply(Matchmaker::Publish& each) {
    if (!world_.relay_up_.at(static_cast<std::size_t>(each.relay))) return;
    ++world_.published;
    world_.deliver(each.relay, each.topic, each.payload);
  }
  void apply(Matchmaker::BeginOffer& each) {
    world_.begin(each.attempt, id_, each.peer.str(), 0);
    matchmaker_.offer_made(world_.now_, each.attempt, description(each.attempt));
  }
  void apply(Matchmaker::BeginAnswer& each) {
    world_.begin(each.attempt, id_, each.peer.str(), std::stoull(each.offer));
    matchmaker_.answer_made(world_.now_, each.attempt, description(each.attempt));
  }
  void apply(Matchmaker::TakeAnswer& each) {
    world_.attempts_.at(number(each.attempt)).remote = std::stoull(each.answer);
    matchmaker_.answer_taken(world_.now_, each.attempt, {});
  }
  void apply(Matchmaker::AddCandidate& each) {
    auto& mine = world_.attempts_.at(number(each.attempt));
    if (std::to_string(mine.remote) != each.candidate) return;
    mine.candidate = true;
    world_.after(20ms,
                 [&world = world_, attempt = each.attempt] { world.try_open(number(attempt)); });
  }
  void apply(Matchmaker::Abandon& each) {
    if (!world_.attempts_.at(number(each.attempt)).open) {
      world_.attempts_.erase(number(each.attempt));
    }
  }
  void apply(Matchmaker::WrongPassword& each) { world_.wrong_passwords.push_back(each.peer.str()); }
  template <class Other>
  void apply(Other&) {}

  static std::uint64_t number(AttemptId attempt) { return static_cast<std::uint64_t>(attempt); }
  static std::string description(AttemptId attempt) { return std::to_string(number(attempt)); }

  World& world_;
  std::string id_;
  SeededEntropy entropy_;
  Matchmaker matchmaker_;
  std::set<std::string> connected_;
};

inline World::Peer& World::add(const std::string& id, const std::string& password, bool passive) {
  auto& peer = peers_[id] = std::make_unique<Peer>(*this, id, password, passive);
  for (std::size_t i = 0; i < relay_up_.size(); ++i) {
    after(chance(options_.delay), [this, id, i] {
      if (peers_.count(id) > 0 && relay_up_[i]) {
        at(id).matchmaker().relay_ready(now_, static_cast<RelayId>(i));
      }
    });
  }
  return *peer;
}

inline void World::remove(const std::string& id) {
  const auto connected = at(id).connected();
  for (const std::string& other : connected)
    disconnect(id, other);
  peers_.erase(id);
  for (auto entry = attempts_.begin(); entry != attempts_.end();) {
    entry = entry->second.owner == id ? attempts_.erase(entry) : std::next(entry);
  }
}

inline void World::disconnect(const std::string& a, const std::string& b) {
  for (const auto& [mine, other] : {std::pair(a, b), std::pair(b, a)}) {
    if (peers_.count(mine) == 0) continue;
    at(mine).connected_.erase(other);
    after(chance(1s), [this, self = mine, lost = other] {
      if (peers_.count(self) > 0) at(self).matchmaker().peer_lost(now_, PeerId(lost));
    });
  }
}

inline void World::relay_down(std::size_t relay) {
  relay_up_[relay] = false;
  for (const auto& [id, peer] : peers_) {
    peer->matchmaker().relay_lost(now_, static_cast<RelayId>(relay));
  }
}

inline void World::relay_up(std::size_t relay) {
  relay_up_[relay] = true;
  for (const auto& [id, peer] : peers_) {
    after(chance(1s), [this, name = id, relay] {
      if (peers_.count(name) > 0) {
        at(name).matchmaker().relay_ready(now_, static_cast<RelayId>(relay));
      }
    });
  }
}

inline bool World::all_connected() const {
  return std::all_of(peers_.begin(), peers_.end(), [this](const auto& entry) {
    return entry.second->connected().size() == peers_.size() - 1;
  });
}

inline Time World::wanted(Peer& peer, Time otherwise) const {
  return peer.matchmaker().next_timeout().value_or(otherwise);
}

inline void World::step() {
  while (!events_.empty() && events_.top().at <= now_) {
    const auto task = events_.top().run;
    events_.pop();
    task();
    settle();
  }
  for (const auto& [id, peer] : peers_) {
    if (wanted(*peer, Time::max()) > now_) continue;
    peer->matchmaker().handle_timeout(now_);
    settle();
    EXPECT_GT(wanted(*peer, Time::max()), now_) << "a timeout that is not handled";
  }
}

inline void World::deliver(RelayId relay, const Topic& topic, const std::string& payload) {
  for (const auto& [id, peer] : peers_) {
    Matchmaker& matchmaker = peer->matchmaker();
    if (topic != matchmaker.root_topic() && topic != matchmaker.self_topic()) continue;
    const int copies =
        (entropy_.unit() < options_.loss ? 0 : 1) + (entropy_.unit() < options_.repetition ? 1 : 0);
    for (int i = 0; i < copies; ++i) {
      after(chance(options_.delay), [this, name = id, relay, topic, payload] {
        if (peers_.count(name) > 0 && relay_up_.at(static_cast<std::size_t>(relay))) {
          at(name).matchmaker().handle_signal(now_, relay, topic, payload);
        }
      });
    }
  }
}

inline void World::begin(AttemptId attempt, const std::string& owner, const std::string& peer,
                         std::uint64_t remote) {
  const auto id = static_cast<std::uint64_t>(attempt);
  attempts_[id] = {owner, peer, remote};
  for (int i = 0; i < 2; ++i) {
    after(chance(30ms), [this, owner, id] {
      if (attempts_.count(id) == 0 || peers_.count(owner) == 0) return;
      at(owner).matchmaker().local_candidate(now_, AttemptId{id}, std::to_string(id));
    });
  }
  after(15s, [this, id] {
    if (attempts_.count(id) > 0 && attempts_.at(id).remote != 0) close(id);
  });
}

inline void World::settle() {
  for (const auto& [id, peer] : peers_) {
    while (peer->settle()) {
    }
  }
}

inline void World::try_open(std::uint64_t id) {
  const auto mine = attempts_.find(id);
  if (mine == attempts_.end() || mine->second.open) return;
  const auto other = attempts_.find(mine->second.remote);
  if (other == attempts_.end() || other->second.remote != id) return;
  if (!mine->second.candidate || !other->second.candidate) return;
  mine->second.open = other->second.open = true;
  ++opened[std::minmax(mine->second.owner, other->second.owner)];
  for (const Attempt& each : {mine->second, other->second}) {
    at(each.owner).connected_.insert(each.peer);
    // As the owner of the connections does it.
    for (auto entry = attempts_.begin(); entry != attempts_.end();) {
      const bool spare = !entry->second.open && entry->second.owner == each.owner &&
                         entry->second.peer == each.peer;
      entry = spare ? attempts_.erase(entry) : std::next(entry);
    }
    at(each.owner).matchmaker().peer_connected(now_, PeerId(each.peer));
  }
}

inline void World::close(std::uint64_t id) {
  const auto attempt = attempts_.find(id);
  if (attempt->second.open) return;
  const std::string owner = attempt->second.owner;
  attempts_.erase(attempt);
  at(owner).matchmaker().attempt_closed(now_, AttemptId{id});
}

}  // namespace roomwire::signal
