// How two peers of a room make sure that both hold its password (handshake.mjs of
// @trystero-p2p/core), each side seen alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "roomwire/ids.hpp"
#include "roomwire/payload.hpp"

namespace roomwire::room {

/// What a handshake wants done, in this order.
struct HandshakeStep {
  std::optional<Json> data;     ///< To send as `@_hsdata`.
  bool ready = false;           ///< `@_hsready` is to be sent.
  bool activate = false;        ///< Both sides passed: the peer is in the room.
  bool wrong_password = false;  ///< It is over.
};

/// The peer with the smaller id challenges; the other answers with a hash of the challenge and
/// the password. A side that has passed says that it is ready; without a password it passes at
/// once. The peer is in the room once both are ready.
class Handshake {
 public:
  struct Options {
    AppId app;
    RoomId room;
    std::string password;
    bool challenger = false;
    std::string challenge;  ///< 36 random characters; only for the challenger of a password.
  };
  explicit Handshake(Options options) : options_(std::move(options)) {}

  HandshakeStep start();
  HandshakeStep receive_data(const Payload& data);
  HandshakeStep receive_ready();
  bool is_active() const { return passed_ && peer_ready_; }
  /// Of a handshake that came to nothing: the peer was there, and one side wanted a password that
  /// the other did not show.
  bool smells_of_password() const;

 private:
  HandshakeStep answer(const Json& data);
  HandshakeStep check(const Json& data);
  std::string hash_of(const std::string& challenge) const;
  HandshakeStep pass(HandshakeStep step);

  Options options_;
  bool passed_ = false;
  bool peer_ready_ = false;
  bool peer_sent_data_ = false;
  std::uint8_t answers_ = 0;
};

}  // namespace roomwire::room
