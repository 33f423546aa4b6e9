// One WebRTC connection to a peer, from the first try to its end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "room/hub.hpp"
#include "rtc/peer_connection.hpp"
#include "signal/attempt_id.hpp"

namespace roomwire::mesh {

/// What came of an attempt: noted by its connection, and acted on when the turn ends.
struct AttemptEvent {
  struct Opened {};
  struct Frame {
    Bytes bytes;
  };
  /// A text message: Trystero sends its frames as bytes, so it can be none.
  struct Text {};
  struct Writable {};
  struct Closed {
    std::string reason;
  };

  signal::AttemptId attempt{};
  std::variant<rtc::Candidate, Opened, Frame, Text, Writable, Closed> what;
};

/// Makes outputs of what its connection says. The frames of the connection that carries the rooms
/// go straight to them.
class Attempt final : public rtc::ConnectionObserver, public room::Outlet {
 public:
  /// `now`, `events` and `hub` outlive it.
  Attempt(signal::AttemptId id, PeerId peer, RoomId room, const Time& now,
          std::vector<AttemptEvent>& events, room::Hub& hub)
      : id_(id),
        peer_(std::move(peer)),
        room_(std::move(room)),
        now_(now),
        events_(events),
        hub_(hub),
        begun_at_(now) {}

  void connect(rtc::Transport& transport, rtc::IceRole role) {
    connection_ = transport.connect(role, *this);
  }

  signal::AttemptId id() const { return id_; }
  const PeerId& peer() const { return peer_; }
  /// The room whose signalling made it.
  const RoomId& room() const { return room_; }
  rtc::PeerConnection& connection() { return *connection_; }
  const rtc::PeerConnection& connection() const { return *connection_; }
  bool is_open() const { return pair_.has_value() && !closed_; }
  /// Set from the moment that it opens.
  const std::optional<rtc::IcePair>& pair() const { return pair_; }

  Time begun_at() const { return begun_at_; }
  /// Both descriptions are known: an offer that nobody answers may go on for a minute.
  bool is_agreed() const { return agreed_; }
  void set_agreed() { agreed_ = true; }

  /// The description that was signalled: candidates that follow name its section and fragment.
  void set_local_description(const std::string& sdp);
  /// The other's description, by which its software is known.
  void set_remote_description(std::string_view sdp);
  /// As Room::software has it.
  std::string_view software() const { return software_; }
  /// A candidate as the JSON text that Trystero signals, an RTCIceCandidateInit.
  std::string candidate_init(const rtc::Candidate& candidate) const;

  /// Whether it carries the rooms.
  void set_link(bool is_link) {
    is_link_ = is_link;
    is_heard_ = false;
  }
  /// A frame came since it carries the rooms.
  bool is_heard() const { return is_heard_; }
  void set_heard() { is_heard_ = true; }

  bool send(ByteView frame) override { return connection_->send(now_, frame); }
  std::size_t buffered_amount() const override { return connection_->buffered_amount(); }

 private:
  void on_local_candidate(const rtc::Candidate& candidate) override { note(candidate); }
  void on_open(const rtc::IcePair& pair) override {
    pair_ = pair;
    note(AttemptEvent::Opened{});
  }
  void on_pair_changed(const rtc::IcePair& pair) override { pair_ = pair; }
  void on_message(ByteView data, bool is_text) override;
  void on_writable() override { note(AttemptEvent::Writable{}); }
  void on_closed(const std::string& reason) override {
    closed_ = true;
    note(AttemptEvent::Closed{reason});
  }
  template <class What>
  void note(What&& what) {
    events_.push_back({id_, std::forward<What>(what)});
  }

  signal::AttemptId id_;
  PeerId peer_;
  RoomId room_;
  const Time& now_;
  std::vector<AttemptEvent>& events_;
  room::Hub& hub_;
  Time begun_at_;
  bool agreed_ = false;
  std::unique_ptr<rtc::PeerConnection> connection_;
  std::optional<rtc::IcePair> pair_;
  std::string_view software_;  // one of a few constants
  std::string mid_ = "0";
  std::string ufrag_;
  bool is_link_ = false;
  bool is_heard_ = false;
  bool closed_ = false;
};

}  // namespace roomwire::mesh
