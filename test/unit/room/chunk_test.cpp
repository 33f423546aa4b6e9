#include "room/chunk.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace roomwire::room {
namespace {

std::vector<Bytes> chunks_of(const ChunkedMessage& message) {
  std::vector<Bytes> chunks(message.chunk_count());
  for (std::size_t i = 0; i < chunks.size(); ++i)
    message.append_chunk(i, chunks[i]);
  return chunks;
}

TEST(Chunk, ASmallStringIsOneChunk) {
  const ChunkedMessage message("chat", 0x1234, std::string("hi"), std::nullopt);
  ASSERT_EQ(message.chunk_count(), 1U);
  EXPECT_EQ(to_hex(chunks_of(message)[0]), "63686174" + std::string(56, '0') +
                                               "1234"
                                               "01"
                                               "ff"
                                               "6869");
}

TEST(Chunk, KindsCarryTheBitsOfTrystero) {
  const auto bits = [](Payload payload) {
    return chunks_of({"a", 0, std::move(payload), std::nullopt})[0][34];
  };
  EXPECT_EQ(bits(std::string()), 1);
  EXPECT_EQ(bits(Json()), 9);
  EXPECT_EQ(bits(Bytes()), 13);
}

TEST(Chunk, MetadataGoesFirstAndAloneWhenThereIsNothingElse) {
  const auto both = chunks_of({"a", 0, std::string("x"), Json()});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0][34], 2);
  EXPECT_EQ(as_text(ByteView(both[0]).subspan(36)), "null");
  EXPECT_EQ(both[1][34], 1);

  const auto alone = chunks_of({"a", 0, Bytes(), Json()});
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0][34], 15);
  EXPECT_EQ(as_text(ByteView(alone[0]).subspan(36)), "null");
}

TEST(Chunk, CutsAt16348Bytes) {
  EXPECT_EQ(ChunkedMessage("a", 0, Bytes(16348), std::nullopt).chunk_count(), 1U);
  Bytes payload(16349);
  payload[16348] = 9;
  const auto chunks = chunks_of({"a", 0, payload, std::nullopt});
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0].size(), 16384U);
  EXPECT_EQ(chunks[0][34], 12);
  EXPECT_EQ(chunks[1].size(), 37U);
  EXPECT_EQ(chunks[1].back(), 9);
}

// Values of Node 20: Math.round((i + 1) / n * 255).
TEST(Chunk, ProgressRoundsAsJavaScriptDoes) {
  EXPECT_EQ(progress_byte(0, 1), 255);
  EXPECT_EQ(progress_byte(0, 2), 128);
  EXPECT_EQ(progress_byte(0, 3), 85);
  EXPECT_EQ(progress_byte(0, 6), 43);
  EXPECT_EQ(progress_byte(2, 10), 77);
  EXPECT_EQ(progress_byte(6, 10), 179);
  EXPECT_EQ(progress_byte(0, 600), 0);
  EXPECT_EQ(progress_byte(599, 600), 255);
}

TEST(Chunk, WhatIsWrittenIsReadBack) {
  const std::string payload = "payload";
  const Chunk chunk{"file ✓", 65535, {true, false, true, true}, 255, as_bytes(payload)};
  Bytes bytes;
  append_chunk(chunk, bytes);
  const auto read = parse_chunk(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->action, "file ✓");
  EXPECT_EQ(read->nonce, 65535);
  EXPECT_EQ(read->tag, chunk.tag);
  EXPECT_EQ(read->progress, 255);
  EXPECT_EQ(as_text(read->payload), payload);
}

TEST(Chunk, RefusesShortOnesAndBadNames) {
  Bytes bytes;
  append_chunk({"name", 0, {true, false, false, false}, 255, {}}, bytes);
  ASSERT_EQ(bytes.size(), 36U);
  EXPECT_TRUE(parse_chunk(bytes));
  EXPECT_FALSE(parse_chunk(ByteView(bytes).first(35)));
  Bytes gap = bytes;
  gap[6] = 'x';
  EXPECT_FALSE(parse_chunk(gap));
  Bytes nameless = bytes;
  std::fill_n(nameless.begin(), 4, std::uint8_t{0});
  EXPECT_FALSE(parse_chunk(nameless));
  Bytes latin1 = bytes;
  latin1[3] = 0xfc;
  EXPECT_FALSE(parse_chunk(latin1));
}

TEST(Chunk, DecodesByTagAndRefusesBadText) {
  EXPECT_EQ(decode_payload({true, false, true, true}, as_bytes("\xff")), Payload(Bytes{0xff}));
  EXPECT_EQ(decode_payload({true, false, false, false}, as_bytes("{")), Payload("{"));
  const auto value = decode_payload({true, false, false, true}, as_bytes(R"({"b":1.0,"a":2})"));
  ASSERT_TRUE(value);
  EXPECT_EQ(std::get<Json>(*value).text(), R"({"b":1.0,"a":2})");
  EXPECT_FALSE(decode_payload({true, false, false, false}, as_bytes("\xff")));
  EXPECT_FALSE(decode_payload({true, false, false, true}, as_bytes("")));
  EXPECT_FALSE(decode_payload({true, false, false, true}, as_bytes("{")));
}

}  // namespace
}  // namespace roomwire::room
