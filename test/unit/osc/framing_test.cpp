#include "osc/framing.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.hpp"
#include "base/encoding.hpp"

namespace roomwire::osc {
namespace {

using Packets = std::vector<Bytes>;

/// Feeds the stream in pieces of `piece` bytes.
Packets fed(StreamDecoder& decoder, ByteView stream, std::size_t piece = SIZE_MAX) {
  Packets packets;
  while (!stream.empty()) {
    const ByteView part = stream.first(std::min(piece, stream.size()));
    const auto done = decoder.feed(
        part, [&](ByteView packet) { packets.emplace_back(packet.begin(), packet.end()); });
    EXPECT_TRUE(done) << done.error().message;
    stream = stream.subspan(part.size());
  }
  return packets;
}

TEST(Framing, IsThatOfTheStandards) {
  const Bytes packet{'/', 0xc0, 0xdb, 0};
  Bytes sized;
  append_frame(Framing::size_prefix, packet, sized);
  EXPECT_EQ(to_hex(sized), "000000042fc0db00");
  Bytes slip;
  append_frame(Framing::slip, packet, slip);
  EXPECT_EQ(to_hex(slip), "c02fdbdcdbdd00c0");
  EXPECT_EQ(guess_framing(sized), Framing::size_prefix);
  EXPECT_EQ(guess_framing(slip), Framing::slip);
  using namespace std::string_view_literals;
  const auto guess = [](std::string_view text) { return guess_framing(as_bytes(text)); };
  EXPECT_EQ(guess("/"sv), Framing::slip);
  EXPECT_EQ(guess("#"sv), Framing::slip);
  // END comes behind alone, as some write SLIP, and the address has no /, as that of an X32.
  EXPECT_EQ(guess("node\0\0\0\0,i\0\0\0\0\0\1\xc0"sv), Framing::slip);
  EXPECT_EQ(guess("GET / HTTP/1.1\r\n\r\n"sv), std::nullopt);
  EXPECT_EQ(guess("SSH-2.0-OpenSSH"sv), std::nullopt);
  EXPECT_EQ(guess("\x16\3\1\0"sv), std::nullopt);  // TLS
  EXPECT_EQ(guess(""sv), std::nullopt);
}

TEST(Framing, PacketsSurviveHoweverTheStreamIsCut) {
  for (const Framing framing : {Framing::size_prefix, Framing::slip}) {
    std::mt19937 random(7);
    Packets packets;
    Bytes stream;
    for (std::size_t size = 1; size < 60; ++size) {
      Bytes packet(size);
      for (auto& byte : packet)
        byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0xc0 + random() % 32 : random());
      append_frame(framing, packet, stream);
      packets.push_back(std::move(packet));
    }
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 64U, 100'000U}) {
      StreamDecoder decoder(framing, 59);
      EXPECT_EQ(fed(decoder, stream, piece), packets) << piece;
      EXPECT_EQ(decoder.dropped(), 0U);
    }
  }
}

TEST(Framing, EndsAtASizeBeyondTheBound) {
  for (const char* hex : {"00000065", "ffffffff", "c02f6100"}) {
    StreamDecoder decoder(Framing::size_prefix, 100);
    const auto done = decoder.feed(*from_hex(hex), [](ByteView) { ADD_FAILURE(); });
    ASSERT_FALSE(done) << hex;
    EXPECT_EQ(done.error().kind, ErrorKind::limit);
  }
}

TEST(Framing, SlipFindsTheNextPacketAfterABadOne) {
  const Packets good{{'g', 'o', 'o', 'd'}};
  for (const char* bad : {
           "c02fdb00616263c0",        // a wrong escape
           "c02f61dbc0",              // an escape at the end
           "c0616263646566676869c0",  // longer than 8
           "616263646566676869c0",    // the end of a packet whose beginning was missed
       }) {
    Bytes stream = *from_hex(bad);
    append_frame(Framing::slip, good[0], stream);
    for (const std::size_t piece : {1U, 1000U}) {
      StreamDecoder decoder(Framing::slip, 8);
      EXPECT_EQ(fed(decoder, stream, piece), good) << bad;
      EXPECT_EQ(decoder.dropped(), 1U) << bad;
    }
  }
}

TEST(Framing, SlipAcceptsOneEndAndMany) {
  StreamDecoder decoder(Framing::slip, 8);
  EXPECT_EQ(fed(decoder, *from_hex("61c0c0c0c062c0")), (Packets{{'a'}, {'b'}}));
}

}  // namespace
}  // namespace roomwire::osc
