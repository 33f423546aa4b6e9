#include "room/frame.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace roomwire::room {
namespace {

Bytes bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

TEST(Frame, TokenIsTheHashThatTrysteroMakes) {
  EXPECT_EQ(room_token(AppId("patchies"), RoomId("vector room ü 23")),
            "90ee0f5b2f74db627f1b2c3afd658f35ec118c6b07c43f32c1d21412968d7304");
}

TEST(Frame, DataHeaderIsReadBack) {
  Bytes bytes;
  append_data_header("token", bytes);
  EXPECT_EQ(to_hex(bytes), "010005746f6b656e");
  bytes.push_back(7);
  const auto frame = parse_frame(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->kind, Frame::Kind::data);
  EXPECT_EQ(frame->token, "token");
  ASSERT_EQ(frame->chunk.size(), 1U);
  EXPECT_EQ(frame->chunk[0], 7);
}

TEST(Frame, PresenceIsReadBack) {
  for (const bool present : {true, false}) {
    const Bytes bytes = presence_frame("ab", present);
    EXPECT_EQ(to_hex(bytes), present ? "020100026162" : "020000026162");
    const auto frame = parse_frame(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->kind, Frame::Kind::presence);
    EXPECT_EQ(frame->token, "ab");
    EXPECT_EQ(frame->present, present);
  }
}

TEST(Frame, TakesWhatTrysteroTakes) {
  const Bytes bytes = bytes_of("02070001610000");
  const auto odd = parse_frame(bytes);
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->present);
  EXPECT_EQ(odd->token, "a");
  EXPECT_TRUE(parse_frame(bytes_of("01000161")));
}

TEST(Frame, RefusesTheRest) {
  for (const char* hex : {"", "01", "0100", "010000", "01000261", "02", "0201", "020100",
                          "02010000", "0201000261", "03000161", "00000161"}) {
    EXPECT_FALSE(parse_frame(bytes_of(hex))) << hex;
  }
}

}  // namespace
}  // namespace roomwire::room
