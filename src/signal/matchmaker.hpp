// Who is in the room, who offers and who answers: Trystero's signalling for one room. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/ids.hpp"
#include "signal/names.hpp"
#include "signal/relay_pool.hpp"

namespace roomwire::signal {

/// One connection that is being tried, drawn by the owner of the connections; never reused.
enum class AttemptId : std::uint64_t {};

/// A new connection and the description to send for it.
struct Attempt {
  AttemptId id{};
  std::string sdp;
};

/// What the matchmaker asks of the owner of the connections. Called from within its functions:
/// do not call back into it.
class MatchmakerPort {
 public:
  virtual ~MatchmakerPort() = default;
  /// As RelayPool::publish, whose messages must not be handed to a matchmaker from within it.
  virtual bool publish(Time now, RelayId relay, const Topic& topic, const std::string& payload) = 0;
  /// Whether a connection to the peer is open, whichever room it was made for.
  virtual bool is_connected(const PeerId& peer) const = 0;
  /// Whether another room is just trying to connect to the peer.
  virtual bool is_connecting_elsewhere(const PeerId& peer) const = 0;

  virtual Attempt begin_offer(Time now, const PeerId& peer) = 0;
  virtual Result<Attempt> begin_answer(Time now, const PeerId& peer, std::string_view offer) = 0;
  virtual Result<void> accept_answer(Time now, AttemptId attempt, std::string_view answer) = 0;
  /// `candidate` is the JSON text of an RTCIceCandidateInit.
  virtual void add_candidate(Time now, AttemptId attempt, std::string_view candidate) = 0;
  /// Closes an attempt that has not connected. Nothing more is said of it.
  virtual void abandon(Time now, AttemptId attempt) = 0;

  /// The first sign of a peer, or the first since it was lost.
  virtual void on_peer_heard(const PeerId& peer) = 0;
  virtual void on_wrong_password(const PeerId& peer) = 0;
  /// It is connected, and signals to us as one who is not. Anybody can write its name: ask the peer
  /// itself, and when it has given the connection up, close it and call peer_lost, which goes on
  /// with what it signalled.
  virtual void on_doubt(const PeerId& peer) = 0;
  /// It announces itself and has answered nothing of ours for 10 s or more. Once, until it answers.
  virtual void on_deaf(const PeerId& peer) = 0;
  virtual void on_signal_dropped(RelayId relay, const std::string& reason) = 0;
};

/// A peer that was heard lately, is not connected, and has no other password that we know of.
struct HeardPeer {
  PeerId peer;
  Time since{};
  bool answers = false;  ///< It sent something to us, not just to all.
  bool is_deaf = false;  ///< As on_deaf said.
};

struct MatchmakerOptions {
  AppId app;
  RoomId room;
  std::string password;
  PeerId self;
  bool passive = false;
};

class Matchmaker {
 public:
  Matchmaker(MatchmakerOptions options, MatchmakerPort& port, Entropy& entropy);
  /// Abandons nothing: the owner closes the room's attempts itself.
  ~Matchmaker();

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

  /// Of an attempt made here; others are ignored, so that one owner can tell all its rooms.
  void local_candidate(Time now, AttemptId attempt, std::string_view candidate);
  void attempt_closed(Time now, AttemptId attempt);
  /// A connection to the peer is open: attempts of ours to it that are another are abandoned by
  /// the owner, and forgotten here.
  void peer_connected(Time now, const PeerId& peer);
  /// It is gone: the peer may be met anew, and is looked for.
  void peer_lost(Time now, const PeerId& peer);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::signal
