#include "dmx/artnet.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

const std::string name = "4172742d4e657400";  // "Art-Net\0"

Accepted<ArtNetPacket> decoded(std::string_view hex) {
  return decode_artnet(bytes_of(hex));
}

std::string refusal(std::string_view hex) {
  const auto packet = decoded(hex);
  return packet ? "taken" : packet.error().reason;
}

RefusalKind refusal_kind(std::string_view hex) {
  return decoded(hex).error().kind;
}

Frame frame(std::initializer_list<std::uint8_t> levels) {
  Frame frame;
  std::copy(levels.begin(), levels.end(), frame.slots.begin());
  frame.size = static_cast<std::uint16_t>(levels.size());
  return frame;
}

TEST(ArtDmx, IsWrittenAsTheStandardHasIt) {
  EXPECT_EQ(encoded(ArtDmx{7, 2, port_address("5.6.7"), frame({1, 2, 3, 255})}),
            name + "0050000e" + "07026705" + "0004" + "010203ff");
  // Even always: one more is 0.
  EXPECT_EQ(encoded(ArtDmx{1, 0, port_address("0"), frame({9})}),
            name + "0050000e" + "01000000" + "0002" + "0900");
  EXPECT_EQ(encoded(ArtDmx{1, 0, port_address("0"), Frame{}}).size() / 2, 18U + 512U);
}

// From the wire: dmxnet 0.9.0 with channels 0 and 511 set, olad 0.10.9 with three.
TEST(ArtDmx, OfDmxnetAndOlaIsRead) {
  const auto dmxnet = decoded(name + "0050000e" + "02000100" + "0200" + "ff" + zeros(510) + "07");
  Frame full;
  full.slots[0] = 255;
  full.slots[511] = 7;
  EXPECT_EQ(std::get<ArtDmx>(dmxnet.value()), (ArtDmx{2, 0, port_address("0.0.1"), full}));
  const auto ola = decoded(name + "0050000e" + "00000300" + "0004" + "0b162100");
  EXPECT_EQ(std::get<ArtDmx>(ola.value()),
            (ArtDmx{0, 0, port_address("0.0.3"), frame({11, 22, 33, 0})}));
}

TEST(ArtDmx, WhoseLengthDoesNotFitIsTakenAsFarAsItGoes) {
  const auto frame_of = [](const std::string& hex) {
    return std::get<ArtDmx>(decoded(name + "0050000e" + "01000000" + hex).value()).frame;
  };
  EXPECT_EQ(frame_of("0004" + std::string("010203")), frame({1, 2, 3}));
  EXPECT_EQ(frame_of("0200" + std::string("09") + zeros(169)).size, 170);
  // 514 slots, of which a universe has 512, and more behind a row than it says.
  EXPECT_EQ(frame_of("0202" + zeros(511) + "070809"), frame_of("0200" + zeros(511) + "07"));
  EXPECT_EQ(frame_of("0002" + std::string("01020304")), frame({1, 2}));
}

TEST(ArtDmx, IsRefusedWithTheReason) {
  EXPECT_EQ(refusal(name + "0050000e" + "01000000" + "0004"), "ArtDmx of 18 bytes is cut short");
  EXPECT_EQ(refusal(name + "0050000e" + "010000"), "ArtDmx of 15 bytes is cut short");
  EXPECT_EQ(refusal(name + "0050000e" + "01000000" + "0000"), "ArtDmx with a length of 0");
  EXPECT_EQ(refusal(name + "0050000e" + "01000080" + "0002" + "0000"),
            "ArtDmx for Net 128, where 127 is the last");
  EXPECT_EQ(refusal(name + "0050000d" + "01000000" + "0002" + "0000"),
            "Art-Net protocol version 13 is before 14");
}

TEST(ArtNet, RefusesWhatIsForeign) {
  EXPECT_EQ(refusal(""), "not Art-Net: does not begin with its name");
  EXPECT_EQ(refusal("4172742d4e6574200050"), "not Art-Net: does not begin with its name");
  EXPECT_EQ(refusal(name + "00"), "an Art-Net packet of 9 bytes is cut short");
  // ArtTimeCode, which consoles broadcast.
  EXPECT_EQ(refusal(name + "0097000e" + zeros(7)), "Art-Net opcode 0x9700 is not read here");
  EXPECT_EQ(refusal_kind(name + "0097000e" + zeros(7)), RefusalKind::foreign);
  EXPECT_EQ(refusal_kind(name + "00"), RefusalKind::malformed);
}

TEST(ArtPoll, OfAnyRevisionIsRead) {
  // olad 0.10.9 sends the first revision's 14 bytes.
  EXPECT_EQ(std::get<ArtPoll>(decoded(name + "0020000e" + "0200").value()), ArtPoll{});
  const ArtPoll targeted{ArtPoll::targeted, 0x10, 0x0123, 0x0120, 0x7ff0, 0x00ff};
  const std::string hex = name + "0020000e" + "2010" + "0123" + "0120" + "7ff0" + "00ff";
  EXPECT_EQ(encoded(targeted), hex);
  EXPECT_EQ(std::get<ArtPoll>(decoded(hex).value()), targeted);
  EXPECT_EQ(refusal(name + "0020000e" + "02"), "ArtPoll of 13 bytes is cut short");
}

TEST(ArtSync, IsFourteenBytes) {
  EXPECT_EQ(encoded(ArtSync{}), name + "0052000e" + "0000");
  EXPECT_TRUE(std::holds_alternative<ArtSync>(decoded(name + "0052000e" + "0000").value()));
}

// olad 0.10.9: four ports in and four out, of which 0.0.1 in and 0.0.3 out are in use.
TEST(ArtPollReply, OfOlaIsRead) {
  const std::string hex = name + "0021" + "0a090002" + "3619" + "0000" + "00" + "00" + "0431" +
                          "00" + "d2" + "707a" + field("OLA - ArtNet node", 18) +
                          field("OLA - ArtNet node", 64) + field("#0001 [2] OLA", 64) + "0004" +
                          "c0c0c0c0" + "00008080" + "88000000" + "03000000" + "01000000" +
                          zeros(7) + "76290bbffc51" + "0a090002" + "00" + "08" + zeros(26);
  const auto reply = std::get<ArtPollReply>(decoded(hex).value());
  EXPECT_EQ(reply.ip, (std::array<std::uint8_t, 4>{10, 9, 0, 2}));
  EXPECT_EQ(reply.short_name, "OLA - ArtNet node");
  EXPECT_EQ(reply.long_name, "OLA - ArtNet node");
  EXPECT_EQ(reply.report, "#0001 [2] OLA");
  EXPECT_EQ(reply.esta_manufacturer, 0x7a70);
  EXPECT_EQ(reply.outputs(), (std::vector{port_address("0.0.1"), port_address("0.0.0"),
                                          port_address("0.0.0"), port_address("0.0.0")}));
  EXPECT_EQ(reply.inputs()[0], port_address("0.0.3"));
  EXPECT_EQ(reply.mac, (std::array<std::uint8_t, 6>{0x76, 0x29, 0x0b, 0xbf, 0xfc, 0x51}));
  EXPECT_EQ(reply.bind_ip, reply.ip);
  EXPECT_EQ(reply.bind_index, 0);
  EXPECT_EQ(reply.status2, 8);
}

// dmxnet 0.9.0: 213 bytes, one port, and the UDP port in the other order of bytes.
TEST(ArtPollReply, OfDmxnetIsRead) {
  const std::string hex = name + "0021" + "0a090001" + "1936" + "0001" + "07" + "05" + "2908" +
                          "00" + "d0" + "0000" + field("dmxnet", 18) + field("dmxnet long", 64) +
                          field("#0001 [0001] dmxnet ArtNet-Transceiver running", 64) + "0001" +
                          "80000000" + "00000000" + "80000000" + "00000000" + "06000000" +
                          zeros(6) + "01" + "ae347d2d8b9f" + "0a090001" + "02" + "0e";
  const auto reply = std::get<ArtPollReply>(decoded(hex).value());
  EXPECT_EQ(reply.outputs(), std::vector{port_address("7.5.6")});
  EXPECT_TRUE(reply.inputs().empty());
  EXPECT_EQ(reply.bind_index, 2);
  EXPECT_EQ(reply.style, 1);
  EXPECT_EQ(reply.refresh_rate, 0);
  EXPECT_EQ(refusal(hex.substr(0, std::size_t{2} * 197)), "ArtPollReply of 197 bytes is cut short");
}

TEST(ArtPollReply, IsWrittenAndReadTheSame) {
  ArtPollReply reply;
  reply.ip = {10, 0, 0, 1};
  reply.net = 1;
  reply.sub_net = 2;
  reply.esta_manufacturer = 0x7ff0;
  reply.short_name = "short";
  reply.port_count = 1;
  reply.port_types = {0x80, 0, 0, 0};
  reply.output_universes = {3, 0, 0, 0};
  reply.bind_index = 4;
  reply.status3 = 5;
  reply.refresh_rate = 44;
  const std::string hex = encoded(reply);
  EXPECT_EQ(hex.size() / 2, 239U);
  EXPECT_EQ(std::get<ArtPollReply>(decoded(hex).value()), reply);
  // Names are cut to leave their NUL, and no port beyond the four is made of a wrong count.
  reply.short_name.assign(40, 'n');
  reply.port_count = 999;
  const auto read = std::get<ArtPollReply>(decoded(encoded(reply)).value());
  EXPECT_EQ(read.short_name, std::string(17, 'n'));
  EXPECT_EQ(read.outputs(), std::vector{port_address("1.2.3")});
}

TEST(ArtNetSequence, CountsFrom1To255) {
  EXPECT_EQ(next_artnet_sequence(1), 2);
  EXPECT_EQ(next_artnet_sequence(255), 1);
  EXPECT_EQ(next_artnet_sequence(0), 1);
}

}  // namespace
}  // namespace roomwire::dmx
