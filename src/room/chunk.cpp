#include "room/chunk.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/encoding.hpp"

namespace roomwire::room {
namespace {

constexpr std::uint8_t last_bit = 1;
constexpr std::uint8_t metadata_bit = 2;
constexpr std::uint8_t binary_bit = 4;
constexpr std::uint8_t json_bit = 8;

ChunkTag tag_of(std::uint8_t bits) {
  return {(bits & last_bit) != 0, (bits & metadata_bit) != 0, (bits & binary_bit) != 0,
          (bits & json_bit) != 0};
}

std::uint8_t bits_of(ChunkTag tag) {
  return static_cast<std::uint8_t>((tag.last ? last_bit : 0) | (tag.metadata ? metadata_bit : 0) |
                                   (tag.binary ? binary_bit : 0) | (tag.json ? json_bit : 0));
}

/// The name in front of the zeros; empty when it is not one.
std::string_view padded_name(ByteView field) {
  const auto end = std::find(field.begin(), field.end(), std::uint8_t{0});
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if (!std::all_of(end, field.end(), is_zero)) return {};
  const auto name = as_text(field.first(static_cast<std::size_t>(end - field.begin())));
  return is_utf8(name) ? name : std::string_view();
}

ByteView view_of(const Payload& payload) {
  if (const auto* json = std::get_if<Json>(&payload)) return as_bytes(json->text());
  if (const auto* bytes = std::get_if<Bytes>(&payload)) return *bytes;
  return as_bytes(std::get<std::string>(payload));
}

}  // namespace

std::optional<Chunk> parse_chunk(ByteView bytes) {
  ByteReader reader(bytes);
  Chunk chunk;
  chunk.action = padded_name(reader.take(action_name_limit));
  chunk.nonce = reader.u16();
  chunk.tag = tag_of(reader.u8());
  chunk.progress = reader.u8();
  chunk.payload = reader.rest();
  if (reader.failed() || chunk.action.empty()) return std::nullopt;
  return chunk;
}

void append_chunk(const Chunk& chunk, Bytes& out) {
  assert(chunk.action.size() <= action_name_limit);
  ByteWriter writer(out);
  writer.bytes(as_bytes(chunk.action));
  writer.zeros(action_name_limit - chunk.action.size());
  writer.u16(chunk.nonce);
  writer.u8(bits_of(chunk.tag));
  writer.u8(chunk.progress);
  writer.bytes(chunk.payload);
}

std::uint8_t progress_byte(std::size_t index, std::size_t count) {
  const double share = static_cast<double>(index + 1) / static_cast<double>(count);
  return static_cast<std::uint8_t>(std::floor(share * 255 + 0.5));
}

Result<Payload> decode_payload(ChunkTag tag, ByteView bytes) {
  if (tag.binary) return Bytes(bytes.begin(), bytes.end());
  const std::string_view text = as_text(bytes);
  if (!tag.json) {
    if (!is_utf8(text)) return failure(ErrorKind::invalid_input, "not UTF-8");
    return std::string(text);
  }
  auto json = Json::parse(text);
  if (!json) return tl::unexpected(std::move(json.error()));
  return Payload(std::move(*json));
}

Result<Payload> decode_payload(ChunkTag tag, Bytes&& bytes) {
  if (tag.binary) return std::move(bytes);
  return decode_payload(tag, ByteView(bytes));
}

ChunkedMessage::ChunkedMessage(std::string_view action, std::uint16_t nonce, Payload payload,
                               std::optional<Json> metadata)
    : action_(action), nonce_(nonce), payload_(std::move(payload)), metadata_(std::move(metadata)) {
  const std::size_t pieces = (size_of(payload_) + chunk_payload_limit - 1) / chunk_payload_limit;
  count_ = std::max<std::size_t>(1, pieces + (metadata_ ? 1 : 0));
}

void ChunkedMessage::append_chunk(std::size_t index, Bytes& out) const {
  assert(index < count_);
  const ByteView payload = view_of(payload_);
  Chunk chunk;
  chunk.action = action_;
  chunk.nonce = nonce_;
  chunk.tag.last = index + 1 == count_;
  chunk.tag.metadata = metadata_ && index == 0;
  chunk.tag.binary = std::holds_alternative<Bytes>(payload_);
  chunk.tag.json = !std::holds_alternative<std::string>(payload_);
  chunk.progress = progress_byte(index, count_);
  if (chunk.tag.metadata) {
    chunk.payload = as_bytes(metadata_->text());
  } else {
    const std::size_t start = (index - (metadata_ ? 1 : 0)) * chunk_payload_limit;
    chunk.payload = payload.subspan(start, std::min(chunk_payload_limit, payload.size() - start));
  }
  room::append_chunk(chunk, out);
}

std::size_t ChunkedMessage::size() const {
  return size_of(payload_) + (metadata_ ? metadata_->text().size() : 0);
}

}  // namespace roomwire::room
