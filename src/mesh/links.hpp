// The connections to the peers of one app: many may be tried, one carries the rooms.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mesh/attempt.hpp"
#include "roomwire/status.hpp"

namespace roomwire::mesh {

/// When both ends begin at once, or two rooms meet the same peer, several connections to it may
/// open. Trystero keeps the one that it saw open first and speaks on that at once; so the link is
/// the connection on which the peer is first heard, and the others are closed after a while.
class Links {
 public:
  struct LocalCandidate {
    signal::AttemptId attempt{};
    std::string init;  ///< The JSON text of an RTCIceCandidateInit.
  };
  /// Never opened, or a spare that closed.
  struct AttemptGone {
    signal::AttemptId attempt{};
  };
  /// What rooms other than one that tries to connect to the peer must know: see sought_until().
  struct SoughtChanged {
    PeerId peer;
  };
  /// A connection to the peer is open, the first.
  struct PeerReached {
    PeerId peer;
  };
  /// The last one is gone.
  struct PeerLost {
    PeerId peer;
  };
  struct FrameDropped {
    PeerId peer;
    std::string_view reason;  ///< A constant.
  };
  using Output = std::variant<LocalCandidate, AttemptGone, SoughtChanged, PeerReached, PeerLost,
                              FrameDropped, Status>;

  Links(rtc::Transport& transport, room::Hub& hub) : transport_(transport), hub_(hub) {}
  ~Links();

  void set_time(Time now) { now_ = now; }

  /// Gives the description to signal. Fails with limit when there are max_attempts.
  Result<std::string> offer(signal::AttemptId id, const RoomId& room, const PeerId& peer);
  /// As offer(), and with invalid_input when the offer makes no sense.
  Result<std::string> answer(signal::AttemptId id, const RoomId& room, const PeerId& peer,
                             std::string_view offer);
  Result<void> accept_answer(signal::AttemptId id, std::string_view answer);
  /// A candidate with its address, for the attempt if it is still there.
  void add_candidate(signal::AttemptId id, const rtc::Candidate& candidate,
                     std::string_view username_fragment);
  void abandon(signal::AttemptId id);
  /// Those of a room that are not open yet.
  void abandon_room(const RoomId& room);
  void close_peer(const PeerId& peer, const std::string& reason);

  /// As many connections as one app may have, so that strangers with ever new ids, who need only
  /// know the room, cannot fill memory. More offers are refused, and made none.
  static constexpr std::size_t max_attempts = 512;
  bool is_full() const { return attempts_.size() >= max_attempts; }
  bool is_connected(const PeerId& peer) const;
  std::set<PeerId> connected_peers() const;
  /// Those with an attempt, connected ones too.
  std::set<PeerId> tried_peers() const;
  /// For how long no other room than those that try to connect to the peer is to begin that too.
  Deadline sought_until(const PeerId& peer, const RoomId& other_than) const;
  std::optional<rtc::IcePair> pair(const PeerId& peer) const;
  std::string_view software(const PeerId& peer) const;
  /// What was tried to reach a peer that is not connected.
  struct Trial {
    std::string reason;  ///< Why it failed; of one that goes on the last one's.
    TriedPairs tried;
  };
  Trial trial(const PeerId& peer) const;
  /// The connection that carries the rooms, or nullptr.
  Attempt* link(const PeerId& peer);
  void set_receiving(bool on);
  bool is_receiving() const { return receiving_; }

  /// Acts on what connections said, and gives what came of all that since the last call.
  std::vector<Output> take_outputs();
  Deadline next_timeout() const;
  void handle_timeout();

 private:
  struct Peer {
    Attempt* link = nullptr;
    Deadline choose_at;  ///< Several may open: the first is taken at this time.
    Deadline prune_at;   ///< The others are closed at this time.
  };

  Attempt& create(signal::AttemptId id, const RoomId& room, const PeerId& peer, rtc::IceRole role);
  void begun(const Attempt& attempt);
  Attempt* find(signal::AttemptId id) const;
  std::vector<Attempt*> attempts_of(const PeerId& peer) const;
  Attempt* first_open(const PeerId& peer) const;
  /// Takes it out; it lives as long as what is returned.
  std::unique_ptr<Attempt> take(signal::AttemptId id);
  void remember(const PeerId& peer, Trial trial);
  /// Closes one that is not open.
  void give_up(Attempt& attempt, const std::string& reason);
  /// The peer is not tried any more, and not connected.
  void tell_ended(const PeerId& peer, const std::string& reason, bool is_failure);
  void handle(Attempt& attempt, AttemptEvent& event);
  void frame_came(Attempt& attempt, ByteView frame);
  void opened(Attempt& attempt);
  void closed(signal::AttemptId id, const std::string& reason);
  void choose(Attempt& attempt);
  void put(Output output) { outputs_.push_back(std::move(output)); }

  rtc::Transport& transport_;
  room::Hub& hub_;
  Time now_{};
  bool receiving_ = true;
  std::vector<AttemptEvent> events_;
  std::vector<Output> outputs_;
  std::map<signal::AttemptId, std::unique_ptr<Attempt>> attempts_;
  std::map<PeerId, Peer> peers_;      ///< Those with an open connection.
  std::set<PeerId> told_connecting_;  ///< And nothing since. Each has an attempt.
  std::map<PeerId, Trial> failed_;    ///< At most max_attempts: for one more any goes.
};

}  // namespace roomwire::mesh
