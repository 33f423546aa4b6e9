// Who is in the room, who offers and who answers: Trystero's signalling for one room. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "roomwire/ids.hpp"
#include "signal/attempt_id.hpp"
#include "signal/names.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::signal {

/// A peer that was heard lately, is not connected, and has no other password that we know of.
struct HeardPeer {
  PeerId peer;
  Time since{};
  bool answers = false;  ///< It sent something to us, not just to all.
  bool is_deaf = false;  ///< As PeerDeaf said.
};

struct MatchmakerOptions {
  AppId app;
  RoomId room;
  std::string password;
  PeerId self;
  bool passive = false;
  std::uint32_t number = 0;  ///< Of this room among those of the owner; part of its attempts' ids.
  std::set<PeerId> connected{};  ///< Those to whom a connection is open already.
};

class Matchmaker {
 public:
  // What it wants sent, and done by the owner of the connections.
  /// As RelayPool::publish does.
  struct Publish {
    RelayId relay{};
    Topic topic;
    std::string payload;
  };
  /// A new connection, whose offer goes to offer_made().
  struct BeginOffer {
    AttemptId attempt{};
    PeerId peer;
  };
  /// A new connection, whose answer goes to answer_made().
  struct BeginAnswer {
    AttemptId attempt{};
    PeerId peer;
    std::string offer;
  };
  /// How it went goes to answer_taken().
  struct TakeAnswer {
    AttemptId attempt{};
    std::string answer;
  };
  struct AddCandidate {
    AttemptId attempt{};
    std::string candidate;  ///< The JSON text of an RTCIceCandidateInit.
  };
  /// Closes an attempt that has not connected. Nothing more is to be said of it.
  struct Abandon {
    AttemptId attempt{};
  };

  // What it has to tell.
  /// The first sign of a peer, or the first since it was lost.
  struct PeerHeard {
    PeerId peer;
  };
  struct WrongPassword {
    PeerId peer;
  };
  /// It is connected, and signals to us as one who is not. Anybody can write its name: ask the peer
  /// itself, and when it has given the connection up, close it and call peer_lost, which goes on
  /// with what it signalled.
  struct PeerDoubted {
    PeerId peer;
  };
  /// It announces itself and has answered nothing of ours for 10 s or more. Once, until it answers.
  struct PeerDeaf {
    PeerId peer;
  };
  struct SignalDropped {
    RelayId relay{};
    std::string reason;
  };
  using Output = std::variant<Publish, BeginOffer, BeginAnswer, TakeAnswer, AddCandidate, Abandon,
                              PeerHeard, WrongPassword, PeerDoubted, PeerDeaf, SignalDropped>;

  Matchmaker(MatchmakerOptions options, Entropy& entropy);
  /// Abandons nothing: the owner closes the room's attempts itself.
  ~Matchmaker();
  Matchmaker(Matchmaker&&) noexcept;

  std::uint32_t number() const;
  /// The two topics that the owner subscribes to for as long as this lives.
  const Topic& root_topic() const;
  const Topic& self_topic() const;
  /// A passive matchmaker that has not been woken is silent, to relays and on connections.
  bool is_active() const;
  /// Those heard within the last 75 s (Trystero announces every 60 s or sooner), longest first.
  std::vector<HeardPeer> heard(Time now) const;

  void relay_ready(Time now, RelayId relay);
  void relay_lost(Time now, RelayId relay);
  void handle_signal(Time now, RelayId relay, const Topic& topic, std::string_view payload);

  // What came of an attempt that was wanted here; one that was abandoned meanwhile is ignored.
  /// A failure means that there is no attempt: it is tried again a little later.
  void offer_made(Time now, AttemptId attempt, const Result<std::string>& offer);
  /// Of a failure its message is told; there is no attempt then.
  void answer_made(Time now, AttemptId attempt, const Result<std::string>& answer);
  /// After a failure the attempt still waits for an answer.
  void answer_taken(Time now, AttemptId attempt, const Result<void>& taken);
  void local_candidate(Time now, AttemptId attempt, std::string_view candidate);
  void attempt_closed(Time now, AttemptId attempt);

  /// Another room tries to connect to the peer, and until then no offer is made here. Nothing: it
  /// does not, or not any more.
  void peer_sought(Time now, const PeerId& peer, Deadline until);
  /// A connection to the peer is open, whichever room it was made for: attempts of ours to it that
  /// are another are abandoned by the owner, and forgotten here.
  void peer_connected(Time now, const PeerId& peer);
  /// It is gone: the peer may be met anew, and is looked for.
  void peer_lost(Time now, const PeerId& peer);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

  /// What the functions above want done and have to tell, in that order.
  std::vector<Output> take_outputs();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::signal
