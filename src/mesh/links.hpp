// The connections to the peers of one app: many may be tried, one carries the rooms.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mesh/attempt.hpp"
#include "roomwire/status.hpp"

namespace roomwire::mesh {

/// Called from Links::settle and Links::handle_timeout only, where everything may be called; only
/// on_link_dropped comes from within a connection's function and may do no more than take a note.
class LinksObserver {
 public:
  virtual ~LinksObserver() = default;
  virtual void on_candidate(signal::AttemptId attempt, const std::string& candidate_init) = 0;
  /// Never opened, or a spare that closed.
  virtual void on_attempt_gone(signal::AttemptId attempt) = 0;
  virtual void on_link_up(const PeerId& peer) = 0;
  virtual void on_link_down(const PeerId& peer) = 0;
  virtual void on_link_status(Status status) = 0;
  virtual void on_link_dropped(const PeerId& peer, const std::string& reason) = 0;
};

/// When both ends begin at once, or two rooms meet the same peer, several connections to it may
/// open. Trystero keeps the one that it saw open first and speaks on that at once; so the link is
/// the connection on which the peer is first heard, and the others are closed after a while.
class Links final : public AttemptOwner {
 public:
  Links(rtc::Transport& transport, room::Hub& hub, LinksObserver& observer)
      : transport_(transport), hub_(hub), observer_(observer) {}
  ~Links() override;

  void set_time(Time now) { now_ = now; }
  Time now() const override { return now_; }

  signal::Attempt offer(const RoomId& room, const PeerId& peer);
  Result<signal::Attempt> answer(const RoomId& room, const PeerId& peer, std::string_view offer);
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
  bool is_connecting(const PeerId& peer, const RoomId& other_than) const;
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

  /// Acts on what connections said since the last call.
  void settle();
  Deadline next_timeout() const;
  void handle_timeout();

 private:
  struct Peer {
    Attempt* link = nullptr;
    bool heard = false;  ///< A frame came over the link.
    Deadline choose_at;  ///< Several may open: the first is taken at this time.
    Deadline prune_at;   ///< The others are closed at this time.
  };

  void on_attempt_candidate(Attempt& attempt, const rtc::Candidate& candidate) override;
  void on_attempt_open(Attempt& attempt) override;
  void on_attempt_frame(Attempt& attempt, ByteView frame) override;
  void on_attempt_text(Attempt& attempt) override;
  void on_attempt_writable(Attempt& attempt) override;
  void on_attempt_closed(Attempt& attempt, const std::string& reason) override;

  Attempt& create(const RoomId& room, const PeerId& peer, rtc::IceRole role);
  Attempt* find(signal::AttemptId id) const;
  std::vector<Attempt*> attempts_of(const PeerId& peer) const;
  Attempt* first_open(const PeerId& peer) const;
  void discard(Attempt& attempt);
  void remember(const PeerId& peer, Trial trial);
  /// Of one that its room gave up.
  void report_failure(const Attempt& attempt);
  void opened(signal::AttemptId id);
  void closed(signal::AttemptId id, const std::string& reason);
  void choose(Attempt& attempt);
  void bury(signal::AttemptId id);
  void defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }

  rtc::Transport& transport_;
  room::Hub& hub_;
  LinksObserver& observer_;
  Time now_{};
  std::uint64_t next_id_ = 1;
  bool receiving_ = true;
  std::map<signal::AttemptId, std::unique_ptr<Attempt>> attempts_;
  std::map<PeerId, Peer> peers_;
  std::map<PeerId, Trial> failed_;  ///< At most max_attempts: for one more any goes.
  std::vector<std::function<void()>> deferred_;
  std::vector<std::unique_ptr<Attempt>> buried_;
};

}  // namespace roomwire::mesh
