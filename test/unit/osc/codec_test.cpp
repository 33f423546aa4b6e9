#include "osc/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support.hpp"

namespace roomwire::osc {
namespace {

struct Vector {
  const char* name;
  const char* hex;
  Packet packet;
};

std::vector<Vector> vectors() {
  const Midi note{0, 0x90, 60, 127};
  return {
      {"OSC 1.0 examples, /oscillator/4/frequency; oscsend of liblo 0.31 sends the same",
       "2f6f7363696c6c61746f722f342f6672657175656e6379002c66000043dc0000",
       Message{"/oscillator/4/frequency", {440.0F}}},
      {"OSC 1.0 examples, /foo; oscsend of liblo 0.31 sends the same",
       "2f666f6f000000002c69697366660000000003e8ffffffff68656c6c6f0000003f9df3b640b5b22d",
       Message{"/foo", {1000, -1, "hello", 1.234F, 5.678F}}},
      {"oscsend of liblo 0.31: all its types",
       "2f616c6c000000002c696673"
       "54464e49686463536d000000000000073f00000068690000000000012a05f2003fb999999999999a0000007873"
       "796d0000903c7f",
       Message{"/all",
               {7, 0.5F, "hi", true, false, Nil{}, Infinitum{}, std::int64_t{5'000'000'000}, 0.1,
                Character{'x'}, Symbol{"sym"}, note}}},
      {"oscsend of liblo 0.31: no arguments", "2f656d70747900002c000000", Message{"/empty", {}}},
      {"node-osc 11.7.1: plain arguments",
       "2f73796e74682f66726571002c69736654464e6966730000000001b8780000003f000000000000014020000079"
       "000000",
       Message{"/synth/freq", {440, "x", 0.5F, true, false, Nil{}, 1, 2.5F, "y"}}},
      {"node-osc 11.7.1: typed arguments",
       "2f7400002c66626d6946660043dc0000000000030102030000903c7f000000033dcccccd",
       Message{"/t", {440.0F, Bytes{1, 2, 3}, note, 3, false, 0.1F}}},
      {"node-osc 11.7.1: nested bundles",
       "2362756e646c650083aa7e8a80000000000000102f6f6e65000000002c69000000000001000000102f74776f00"
       "0000002c73000062000000000000242362756e646c65000000000000000001000000102f746872656500002c66"
       "000040600000",
       Bundle{*TimeTag::from_unix_seconds(10.5),
              {Message{"/one", {1}}, Message{"/two", {"b"}},
               Bundle{immediately, {Message{"/three", {3.5F}}}}}}},
      {"osc.js 2.4.5: all its types",
       "2f7800002c696673626874645363726d54464e4900000000000000013fc0000061000000000000030102ff0000"
       "000001ffffffffeb1f0400800000003fb999999999999a737900000000005aff80008000903c7f",
       Message{"/x",
               {1, 1.5F, "a", Bytes{1, 2, 255}, std::int64_t{0x1'ffff'ffff},
                TimeTag{3944678400ULL << 32 | 0x8000'0000}, 0.1, Symbol{"sy"}, Character{'Z'},
                Color{255, 128, 0, 128}, note, true, false, Nil{}, Infinitum{}}}},
      {"osc.js 2.4.5: an array", "2f617272000000002c695b66735d000000000001402000006e000000",
       Message{"/arr", {1, Array{{2.5F, "n"}}}}},
      {"node-osc 11.7.1: UTF-8", "2fc3bc002c730000c5bcc3b3c582c48700000000",
       Message{"/ü", {"żółć"}}},
      {"arrays in arrays, and empty ones", "2f6100002c5b5b695d5d5b5d0000000000000005",
       Message{"/a", {Array{{Array{{5}}}}, Array{}}}},
      {"an empty bundle", "2362756e646c65000000000000000001", Bundle{}},
  };
}

TEST(Codec, ReadsAndWritesWhatOthersWrite) {
  for (const auto& [name, hex, packet] : vectors()) {
    const auto read = decoded(hex);
    EXPECT_EQ(read.refused.count, 0U) << name;
    EXPECT_TRUE(read.packet == packet) << name;
    EXPECT_EQ(encoded(packet), hex) << name;
  }
}

/// The same in words: "a bundle …; an address …".
std::string sloppy(const Decoded& read) {
  std::string words;
  for (std::size_t i = 0; i < sloppy_count; ++i) {
    if (!read.sloppy[i]) continue;
    words += (words.empty() ? "" : "; ") + std::string(in_words(static_cast<Sloppy>(i)));
  }
  return words;
}

TEST(Codec, AVectorThatIsCutShortIsRefusedOrNothingIsMissing) {
  for (const auto& [name, hex, packet] : vectors()) {
    const Bytes whole = *from_hex(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy, so that a sanitizer notices a read past the end.
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto read = decode(part);
      EXPECT_TRUE(read.packet || read.refused.count > 0) << name << ", " << size << " bytes";
      // Without its type tags, a message without arguments is the same.
      const bool untagged = std::string_view(hex) == "2f656d70747900002c000000" && size <= 8;
      if (read.packet != packet || untagged) continue;
      // Up to three zeros that only fill up.
      EXPECT_EQ(sloppy(read), "no padding at the end") << name << ", " << size << " bytes";
      EXPECT_LT(whole.size() - size, 4U) << name << ", " << size << " bytes";
    }
  }
}

TEST(Codec, ReadsAllThatHasOneMeaning) {
  const Packet blob = Message{"/a", {Bytes{1, 2, 3}}};
  const Packet one = Message{"/a", {1}};
  const std::string one_hex = "2f6100002c69000000000001";
  struct Case {
    std::string hex;
    Packet packet;
    const char* sloppy;
  };
  for (const auto& [hex, packet, why] : std::vector<Case>{
           {"2f6100002c620000000000030102036e", blob, "padding that is not zero"},  // sclang 3.13
           {"2f6100002c6200000000000301020300", blob, ""},
           {"2f6100002c62000000000003010203", blob, "no padding at the end"},
           {one_hex + "00000000", one, "bytes that belong to nothing"},
           {one_hex + "00", one, "bytes that belong to nothing"},
           {one_hex + "2f6f6c64", one, "bytes that belong to nothing"},
           {"2f6100782c69007800000001", one, "padding that is not zero"},
           {"2f6100002c730000616200ff", Message{"/a", {"ab"}}, "padding that is not zero"},
           {"2f6100002c730000616200", Message{"/a", {"ab"}}, "no padding at the end"},
           {"2f6100002c00", Message{"/a", {}}, "no padding at the end"},
           {"2f61000000000000", Message{"/a", {}}, "bytes that belong to nothing"},
           // The X32's answer to /node.
           {"6e6f6465000000002c69000000000001", Message{"node", {1}},
            "an address that does not begin with /"},
           {"612062002c000000", Message{"a b", {}}, "an address that does not begin with /"},
           {"2f6120230a0000002c000000", Message{"/a #\n", {}}, ""},
       }) {
    const auto read = decoded(hex);
    EXPECT_EQ(read.refused.count, 0U) << hex;
    EXPECT_TRUE(read.packet == packet) << hex;
    EXPECT_EQ(sloppy(read), why) << hex;
  }
  EXPECT_EQ(encoded(Message{"node", {1}}), "6e6f6465000000002c69000000000001");
  EXPECT_EQ(encoded(Message{"/a #\n", {}}), "2f6120230a0000002c000000");
}

// "/a" with "hi", and a good "/b" with 2 behind it.
TEST(Codec, AnElementOfAnOddSizeLeavesItsNeighboursAlone) {
  const std::string start = "2362756e646c65000000000000000001";
  const std::string end = "0000000c2f6200002c69000000000002";
  const Message hi{"/a", {"hi"}};
  const Message two{"/b", {2}};
  const char* odd = "an element of a bundle whose size is no multiple of 4";
  struct Case {
    std::string hex;
    std::vector<Packet> elements;
  };
  for (const auto& [hex, elements] : std::vector<Case>{
           // The size counts no padding, and there is none.
           {start + "0000000b2f6100002c730000686900" + end, {hi, two}},
           // The size counts no padding, but it is there.
           {start + "0000000b2f6100002c73000068690000" + end, {hi, two}},
           {start + end + "0000000b2f6100002c73000068690000", {two, hi}},
           {start + end + "0000000b2f6100002c730000686900", {two, hi}},
           // One too many.
           {start + "0000000d2f6100002c7300006869000000" + end, {hi, two}},
       }) {
    const auto read = decoded(hex);
    EXPECT_EQ(read.refused.count, 0U) << hex;
    EXPECT_TRUE(read.packet == Packet(Bundle{immediately, elements})) << hex;
    EXPECT_THAT(sloppy(read), testing::HasSubstr(odd)) << hex;
  }
  // An odd element that means nothing.
  for (const char* bad : {"0000000b2f6100002c690000000000", "0000000568656c6c6f"}) {
    const auto read = decoded(start + end + bad + end);
    EXPECT_EQ(read.refused.count, 1U) << bad;
    EXPECT_TRUE(read.packet == Packet(Bundle{immediately, {two, two}})) << bad;
  }
  for (const char* nothing : {"00", "000000", "00000000", "0000000000000000"}) {
    const auto read = decoded(start + end + nothing);
    EXPECT_EQ(read.refused.count, 0U) << nothing;
    EXPECT_TRUE(read.packet == Packet(Bundle{immediately, {two}})) << nothing;
    EXPECT_EQ(sloppy(read), "bytes that belong to nothing") << nothing;
  }
  EXPECT_EQ(decoded(start + end + "01").refused.count, 1U);
}

TEST(Codec, GivesBackWhatWasEncoded) {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    const Packet packet = RandomPackets(seed).packet();
    Bytes bytes;
    ASSERT_TRUE(encode(packet, bytes)) << "seed " << seed;
    const auto read = decode(bytes);
    ASSERT_EQ(read.refused.count, 0U) << "seed " << seed;
    ASSERT_TRUE(read.packet == packet) << "seed " << seed;
  }
}

TEST(Codec, AcceptsAMessageWithoutTypeTags) {
  const auto bare = decoded("2f6f6c6400000000");
  EXPECT_TRUE(bare.packet == Packet(Message{"/old", {}}));
  EXPECT_EQ(bare.refused.count, 0U);
  const auto untyped = decoded("2f6f6c640000000000000001");
  EXPECT_TRUE(untyped.packet == Packet(Message{"/old", {}}));
  ASSERT_EQ(untyped.refused.count, 1U);
  EXPECT_EQ(untyped.refused.kept[0].reason, "the arguments of '/old' have no type tags");
}

TEST(Codec, TellsWhatIsWrong) {
  struct Case {
    const char* hex;
    RefusalKind kind;
    const char* reason;
  };
  for (const auto& [hex, kind, reason] : std::initializer_list<Case>{
           {"", RefusalKind::malformed, "a packet begins with neither / nor #bundle"},
           {"616263", RefusalKind::malformed, "a packet begins with neither / nor #bundle"},
           {"616263002c", RefusalKind::malformed, "the type tags of 'abc' do not end with NUL"},
           // Without tags it could be any text.
           {"6162630000000000", RefusalKind::malformed,
            "a packet begins with neither / nor #bundle"},
           {"000000002c000000", RefusalKind::malformed,
            "a packet begins with neither / nor #bundle"},
           {"160301002c000000", RefusalKind::malformed,
            "a packet begins with neither / nor #bundle"},
           {"2f616263", RefusalKind::malformed, "a message's address does not end with NUL"},
           // No padding at all: what stands where is a guess.
           {"2f61002c690000000001", RefusalKind::malformed,
            "the address '/a' is not padded with NUL"},
           {"2f6100002c696969", RefusalKind::malformed,
            "the type tags of '/a' do not end with NUL"},
           {"2f6100002c78000000000001", RefusalKind::type, "the unknown type tag 'x' of '/a'"},
           {"2f6100002c690000", RefusalKind::malformed, "a cut argument 'i' of '/a'"},
           {"2f6100002c73000061626364", RefusalKind::malformed, "a cut argument 's' of '/a'"},
           {"2f6100002c620000ffffffff", RefusalKind::malformed, "a cut argument 'b' of '/a'"},
           {"2f6100002c5d0000", RefusalKind::malformed, "a ] without [ in the tags of '/a'"},
           {"2f6100002c5b0000", RefusalKind::malformed, "a [ without ] in the tags of '/a'"},
           {"2362756e646c650000000000", RefusalKind::malformed,
            "a bundle ends before its time tag"},
       }) {
    const auto read = decoded(hex);
    EXPECT_FALSE(read.packet) << hex;
    ASSERT_EQ(read.refused.count, 1U) << hex;
    EXPECT_EQ(read.refused.kept[0].reason, reason) << hex;
    EXPECT_EQ(read.refused.kept[0].kind, kind) << hex;
  }
}

// "/a" with 1, then one element that is bad, then "/b" with 2.
TEST(Codec, KeepsTheGoodElementsOfABundle) {
  const std::string start = "2362756e646c650000000000000000010000000c2f6100002c69000000000001";
  const std::string end = "0000000c2f6200002c69000000000002";
  const Packet expected = Bundle{immediately, {Message{"/a", {1}}, Message{"/b", {2}}}};
  const std::string unknown_tag = "0000000c2f7800002c78000000000001";
  for (const std::string& bad : std::vector<std::string>{
           unknown_tag,
           "000000046a756e6b",          // no message
           "000000082362756e646c6500",  // a bundle without its time tag
           // a bundle with nothing else in it
           "000000202362756e646c65000000000000000001" + unknown_tag,
       }) {
    const auto read = decoded(std::string(start).append(bad).append(end));
    EXPECT_TRUE(read.packet == expected) << bad;
    EXPECT_EQ(read.refused.count, 1U) << bad;
  }
  const auto cut = decoded(start + "000000fc2f780000");
  EXPECT_TRUE(cut.packet == Packet(Bundle{immediately, {Message{"/a", {1}}}}));
  EXPECT_EQ(cut.refused.kept.at(0).reason, "a bundle ends before its element of 252 bytes does");
}

Packet nested_bundles(std::size_t depth) {
  Packet packet = Message{"/a", {}};
  for (std::size_t i = 0; i < depth; ++i) {
    Bundle bundle;
    bundle.elements.push_back(std::move(packet));
    packet = std::move(bundle);
  }
  return packet;
}

Packet nested_arrays(std::size_t depth) {
  Argument argument = 1;
  for (std::size_t i = 0; i < depth; ++i) {
    Array array;
    array.items.push_back(std::move(argument));
    argument = std::move(array);
  }
  return Message{"/a", {std::move(argument)}};
}

TEST(Codec, BoundsDepth) {
  EXPECT_TRUE(decoded(encoded(nested_bundles(max_depth))).packet == nested_bundles(max_depth));
  EXPECT_EQ(encoded(nested_bundles(max_depth + 1)), "error: bundles are nested too deeply");
  EXPECT_TRUE(decoded(encoded(nested_arrays(max_depth))).packet == nested_arrays(max_depth));
  EXPECT_EQ(encoded(nested_arrays(max_depth + 1)), "error: arrays are nested too deeply (in '/a')");
  // Bytes that no encoder of ours makes.
  Bytes bytes = *from_hex("2f61000000000000");
  const std::string tags = "," + std::string(40, '[') + std::string(40, ']');
  bytes.resize(4);
  bytes.insert(bytes.end(), tags.begin(), tags.end());
  bytes.resize(4 + 84);
  EXPECT_EQ(decode(bytes).refused.kept.at(0).reason, "too deeply nested arrays of '/a'");
  bytes = *from_hex("2f61000000000000");
  for (int i = 0; i < 40; ++i) {
    Bytes outer = *from_hex("2362756e646c650000000000000000010000");
    outer.push_back(static_cast<std::uint8_t>(bytes.size() >> 8));
    outer.push_back(static_cast<std::uint8_t>(bytes.size()));
    outer.insert(outer.end(), bytes.begin(), bytes.end());
    bytes = std::move(outer);
  }
  EXPECT_EQ(decode(bytes).refused.kept.at(0).reason, "bundles are nested too deeply");
}

TEST(Codec, BoundsNumbersAndSizes) {
  Message message{"/a", std::vector<Argument>(max_arguments, Argument(true))};
  EXPECT_TRUE(decoded(encoded(message)).packet == Packet(message));
  message.args.emplace_back(true);
  EXPECT_EQ(encoded(message), "error: there are too many arguments (in '/a')");

  // "/" without tags, as often as a datagram has room for.
  Bytes bytes = *from_hex("2362756e646c65000000000000000001");
  for (std::size_t i = 0; i <= max_elements; ++i) {
    for (const char c : std::string_view("\0\0\0\4/\0\0\0", 8))
      bytes.push_back(static_cast<std::uint8_t>(c));
  }
  const auto read = decode(bytes, 1 << 20);
  EXPECT_EQ(std::get<Bundle>(*read.packet).elements.size(), max_elements);
  EXPECT_EQ(read.refused.kept.at(0).reason, "a bundle has more than 8192 elements");
  EXPECT_EQ(decode(bytes).refused.kept.at(0).reason,
            "a packet of 65560 bytes is longer than 65507");

  // Tags alone are in an odd place of the limit: 12 bytes of frame, and a blob to fill it.
  Bytes out{1, 2, 3};
  const Message blob{"/b", {Bytes(65'492 - 4)}};
  EXPECT_TRUE(encode(blob, out));
  EXPECT_EQ(out.size(), 3 + 65'500U);
  out.resize(3);
  const auto big = encode(Message{"/b", {Bytes(65'500)}}, out);
  ASSERT_FALSE(big);
  EXPECT_EQ(big.error().kind, ErrorKind::limit);
  EXPECT_EQ(big.error().message, "the packet of 65512 bytes is longer than 65507");
  EXPECT_EQ(out, (Bytes{1, 2, 3}));
  EXPECT_TRUE(encode(Message{"/b", {Bytes(65'500)}}, out, 1 << 20));
}

TEST(Codec, WritesNothingThatCannotBeRead) {
  EXPECT_EQ(encoded(Message{"#bundle", {}}),
            "error: address '#bundle' does not begin with / and is the head of a bundle");
  EXPECT_EQ(encoded(Message{"", {}}), "error: the address is empty");
  EXPECT_EQ(encoded(Message{std::string("/a\0b", 4), {}}), "error: address '/a?b' contains NUL");
  EXPECT_EQ(encoded(Message{"/a", {std::string("x\0", 2)}}),
            "error: the text 'x?' contains NUL (in '/a')");
  EXPECT_EQ(encoded(Bundle{immediately, {Message{"/a", {}}, Message{"", {}}}}),
            "error: the address is empty");
}

TEST(Codec, KeepsOnlyTheFirstReasons) {
  Bytes bytes = *from_hex("2362756e646c65000000000000000001");
  for (int i = 0; i < 100; ++i) {
    for (const char c : std::string_view("\0\0\0\4"
                                         "junk",
                                         8))
      bytes.push_back(static_cast<std::uint8_t>(c));
  }
  const auto read = decode(bytes);
  EXPECT_FALSE(read.packet);
  EXPECT_EQ(read.refused.count, 100U);
  EXPECT_EQ(read.refused.kept.size(), Refusals::max_kept);
}

}  // namespace
}  // namespace roomwire::osc
