#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "osc/json.hpp"
#include "support.hpp"

namespace roomwire::osc {
namespace {

std::string to_text(const Packet& packet, JsonForm form) {
  std::string out;
  append_json(packet, form, out);
  return out;
}

TEST(ToJson, PlainValuesAreWhatAPatchCanUse) {
  const Message message{"/x",
                        {7,
                         440.0F,
                         0.1F,
                         -0.0F,
                         0.1,
                         "a\"\\\n\x01ż",
                         Symbol{"sym"},
                         Character{'c'},
                         Character{7},
                         true,
                         false,
                         Nil{},
                         Infinitum{},
                         std::int64_t{5'000'000'000},
                         TimeTag{1},
                         Bytes{1, 2, 255},
                         Color{255, 128, 0, 255},
                         Midi{0, 144, 60, 127},
                         Array{{1, Array{{"y"}}}},
                         std::numeric_limits<float>::quiet_NaN()}};
  EXPECT_EQ(
      to_text(message, JsonForm::plain),
      R"({"address":"/x","args":[7,440,0.1,-0.0,0.1,"a\"\\\u000a\u0001ż","sym","c",7,true,false,)"
      R"(null,{"type":"I"},{"type":"h","value":"5000000000"},{"type":"t","value":"1"},)"
      R"({"type":"b","value":"AQL/"},{"type":"r","value":{"r":255,"g":128,"b":0,"a":1}},)"
      R"({"type":"m","value":[0,144,60,127]},[1,["y"]],{"type":"f","value":"NaN"}],)"
      R"("types":",ifffdsSccTFNIhtbrm[i[s]]f"})");
  EXPECT_EQ(to_text(Bundle{TimeTag{42}, {Message{"/a", {1}}, Bundle{}}}, JsonForm::plain),
            R"({"timeTag":"42","packets":[{"address":"/a","args":[1]},)"
            R"({"timeTag":"1","packets":[]}]})");
  EXPECT_EQ(to_text(Message{"/\xff", {"\xff"}}, JsonForm::plain),
            "{\"address\":\"/\xef\xbf\xbd\",\"args\":[\"\xef\xbf\xbd\"]}");
}

TEST(ToJson, TypedGivesTheSamePacketBack) {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    const Packet packet = RandomPackets(seed).packet();
    const std::string text = to_text(packet, JsonForm::typed);
    const FromJson back = from_json(text);
    ASSERT_EQ(back.packets.size(), 1U) << "seed " << seed << ": " << text;
    // Compared as bytes, which tell -0 from 0.
    ASSERT_EQ(encoded(back.packets[0]), encoded(packet)) << "seed " << seed << ": " << text;
  }
}

TEST(ToJson, EveryFloatOfASampleSurvives) {
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    const auto number = std::bit_cast<float>(bits);
    if (!std::isfinite(number)) continue;
    const Message message{"/x", {number}};
    const FromJson back = from_json(to_text(message, JsonForm::typed));
    ASSERT_EQ(encoded(back.packets.at(0)), encoded(message)) << "bits " << bits;
  }
}

// Beside the plain values stand the tags that keep the arrays.
TEST(ToJson, AMessageWithArraysComesBackAsItWas) {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    Packet packet = RandomPackets(seed).packet();
    auto* message = std::get_if<Message>(&packet);
    if (message == nullptr) continue;
    message->args.emplace_back(Array{{1, Array{}, 440.0F}});
    const FromJson back = from_json(to_text(packet, JsonForm::plain));
    ASSERT_EQ(back.packets.size(), 1U) << "seed " << seed;
    ASSERT_EQ(encoded(back.packets[0]), encoded(packet)) << "seed " << seed;
  }
}

TEST(ToJson, PlainKeepsTheValuesWhenTheyAreSentBack) {
  const std::string plain =
      R"({"address":"/x","args":[7,440,0.1,"s",true,false,null,{"type":"I"},)"
      R"({"type":"h","value":"5"},{"type":"t","value":"1"},{"type":"b","value":"AQL/"},)"
      R"({"type":"r","value":{"r":1,"g":2,"b":3,"a":1}},{"type":"m","value":[1,2,3,4]},)"
      R"({"type":"f","value":"NaN"}]})";
  EXPECT_EQ(to_text(from_json(plain).packets.at(0), JsonForm::plain), plain);
}

}  // namespace
}  // namespace roomwire::osc
