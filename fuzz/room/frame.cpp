// Frames and chunks: any bytes may come, and what parses is written back as it was.
#include "room/frame.hpp"

#include <cstdlib>

#include "room/chunk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  using namespace roomwire::room;
  const ByteView bytes(data, size);
  const auto frame = parse_frame(bytes);
  if (!frame) return 0;
  if (frame->kind == Frame::Kind::presence) {
    const Bytes again = presence_frame(frame->token, frame->present);
    const auto read = parse_frame(again);
    if (!read || read->token != frame->token || read->present != frame->present) std::abort();
    return 0;
  }
  const auto chunk = parse_chunk(frame->chunk);
  if (!chunk) return 0;
  Bytes again;
  append_data_header(frame->token, again);
  append_chunk(*chunk, again);
  // The upper bits of the tag have no meaning and are not kept.
  Bytes expected(bytes.begin(), bytes.end());
  expected[3 + frame->token.size() + 34] &= 15;
  if (again != expected) std::abort();
  static_cast<void>(decode_payload(chunk->tag, chunk->payload));
  return 0;
}
