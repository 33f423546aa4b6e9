// The outermost layer of a data-channel message: which room it is for (shared-peer.mjs of
// @trystero-p2p/core: wrapRoomFrame, wrapRoomPresenceFrame).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "roomwire/ids.hpp"

namespace roomwire::room {

/// A room's name on the wire: lower-case hex SHA-256 of `Trystero:<appId>:<roomId>`
/// (deriveRoomNamespace in crypto.mjs).
std::string room_token(const AppId& app, const RoomId& room);
inline constexpr std::size_t room_token_size = 64;

struct Frame {
  enum class Kind { data, presence };
  Kind kind = Kind::data;
  std::string_view token;
  bool present = false;  ///< Of a presence frame.
  ByteView chunk;        ///< Of a data frame: what follows the token.
};

/// Views into `bytes`; nothing when they are no frame. Like Trystero it takes any second byte but
/// 1 of a presence frame for "left", and bears bytes after its token.
std::optional<Frame> parse_frame(ByteView bytes);

/// `token` is shorter than 65536 bytes.
void append_data_header(std::string_view token, Bytes& out);
Bytes presence_frame(std::string_view token, bool present);

}  // namespace roomwire::room
