// One WebRTC connection to a peer, from the first try to its end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "room/hub.hpp"
#include "rtc/peer_connection.hpp"
#include "signal/matchmaker.hpp"

namespace roomwire::mesh {

class Attempt;

/// What an attempt tells its owner, from within the connection's functions.
class AttemptOwner {
 public:
  virtual ~AttemptOwner() = default;
  virtual Time now() const = 0;
  virtual void on_attempt_candidate(Attempt& attempt, const rtc::Candidate& candidate) = 0;
  virtual void on_attempt_open(Attempt& attempt) = 0;
  virtual void on_attempt_frame(Attempt& attempt, ByteView frame) = 0;
  /// A text message: Trystero sends its frames as bytes, so it can be none.
  virtual void on_attempt_text(Attempt& attempt) = 0;
  virtual void on_attempt_writable(Attempt& attempt) = 0;
  virtual void on_attempt_closed(Attempt& attempt, const std::string& reason) = 0;
};

class Attempt final : public rtc::ConnectionObserver, public room::Outlet {
 public:
  Attempt(signal::AttemptId id, PeerId peer, RoomId room, AttemptOwner& owner)
      : id_(id),
        peer_(std::move(peer)),
        room_(std::move(room)),
        owner_(owner),
        begun_at_(owner.now()) {}

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

  bool send(ByteView frame) override { return connection_->send(owner_.now(), frame); }
  std::size_t buffered_amount() const override { return connection_->buffered_amount(); }

 private:
  void on_local_candidate(const rtc::Candidate& candidate) override {
    owner_.on_attempt_candidate(*this, candidate);
  }
  void on_open(const rtc::IcePair& pair) override {
    pair_ = pair;
    owner_.on_attempt_open(*this);
  }
  void on_pair_changed(const rtc::IcePair& pair) override { pair_ = pair; }
  void on_message(ByteView data, bool is_text) override {
    if (is_text) {
      owner_.on_attempt_text(*this);
    } else {
      owner_.on_attempt_frame(*this, data);
    }
  }
  void on_writable() override { owner_.on_attempt_writable(*this); }
  void on_closed(const std::string& reason) override {
    closed_ = true;
    owner_.on_attempt_closed(*this, reason);
  }

  signal::AttemptId id_;
  PeerId peer_;
  RoomId room_;
  AttemptOwner& owner_;
  Time begun_at_;
  bool agreed_ = false;
  std::unique_ptr<rtc::PeerConnection> connection_;
  std::optional<rtc::IcePair> pair_;
  std::string_view software_;  // one of a few constants
  std::string mid_ = "0";
  std::string ufrag_;
  bool closed_ = false;
};

}  // namespace roomwire::mesh
