// Action chunks: a message of an action, cut into pieces of at most 16 KiB (action-wire.mjs of
// @trystero-p2p/core; room.mjs in 0.23).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "roomwire/payload.hpp"

namespace roomwire::room {

inline constexpr std::size_t action_name_limit = 32;
inline constexpr std::size_t chunk_header_size = 36;
inline constexpr std::size_t chunk_payload_limit = 16384 - chunk_header_size;

/// The tag byte of a chunk.
struct ChunkTag {
  bool last = false;
  bool metadata = false;
  bool binary = false;  ///< Bytes; decides over `json`, which is then set too.
  bool json = false;    ///< Neither: a plain string.
  bool operator==(const ChunkTag&) const = default;
};

struct Chunk {
  std::string_view action;
  std::uint16_t nonce = 0;
  ChunkTag tag;
  std::uint8_t progress = 0;  ///< progress_byte of this chunk.
  ByteView payload;
};

/// Views into `bytes`; nothing when they are too short, or the action's name is empty, not UTF-8,
/// or goes on after a zero byte.
std::optional<Chunk> parse_chunk(ByteView bytes);
/// `chunk.action` has at most 32 bytes.
void append_chunk(const Chunk& chunk, Bytes& out);

/// How much has gone with chunk `index` of `count`, 255 for all of it: Math.round((index + 1) /
/// count * 255), in the same floating-point steps.
std::uint8_t progress_byte(std::size_t index, std::size_t count);

/// What a complete message's bytes mean. Fails with invalid_input on a string that is not UTF-8
/// and on what is not JSON.
Result<Payload> decode_payload(ChunkTag tag, ByteView bytes);
Result<Payload> decode_payload(ChunkTag tag, Bytes&& bytes);

/// A message cut into chunks on demand, so that nothing is copied before it can go.
class ChunkedMessage {
 public:
  /// `action` has at most 32 bytes.
  ChunkedMessage(std::string_view action, std::uint16_t nonce, Payload payload,
                 std::optional<Json> metadata);

  const std::string& action() const { return action_; }
  std::size_t chunk_count() const { return count_; }
  /// `index` is below chunk_count().
  void append_chunk(std::size_t index, Bytes& out) const;
  /// Of payload and metadata.
  std::size_t size() const;

 private:
  std::string action_;
  std::uint16_t nonce_;
  Payload payload_;
  std::optional<Json> metadata_;
  std::size_t count_;
};

}  // namespace roomwire::room
