#include "room/frame.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace roomwire::room {
namespace {

constexpr std::uint8_t data_type = 1;
constexpr std::uint8_t presence_type = 2;

}  // namespace

std::string room_token(const AppId& app, const RoomId& room) {
  return to_hex(sha256(as_bytes("Trystero:" + app.str() + ":" + room.str())));
}

std::optional<Frame> parse_frame(ByteView bytes) {
  ByteReader reader(bytes);
  Frame frame;
  const std::uint8_t type = reader.u8();
  if (type == presence_type) {
    frame.kind = Frame::Kind::presence;
    frame.present = reader.u8() == 1;
  } else if (type != data_type) {
    return std::nullopt;
  }
  frame.token = as_text(reader.take(reader.u16()));
  if (reader.failed() || frame.token.empty()) return std::nullopt;
  if (frame.kind == Frame::Kind::data) frame.chunk = reader.rest();
  return frame;
}

void append_data_header(std::string_view token, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(data_type);
  writer.u16(static_cast<std::uint16_t>(token.size()));
  writer.bytes(as_bytes(token));
}

Bytes presence_frame(std::string_view token, bool present) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(presence_type);
  writer.u8(present ? 1 : 0);
  writer.u16(static_cast<std::uint16_t>(token.size()));
  writer.bytes(as_bytes(token));
  return out;
}

}  // namespace roomwire::room
