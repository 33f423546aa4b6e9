#include "dmx/universe.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

TEST(PortAddress, IsReadAsThreePartsOrOneNumber) {
  EXPECT_EQ(port_address("0.0.1"), port_address("1"));
  EXPECT_EQ(port_address("1.2.3").number(), 0x123);
  EXPECT_EQ(port_address("127.15.15").number(), 32767);
  EXPECT_EQ(port_address("32767").to_string(), "127.15.15");
  EXPECT_EQ(port_address("5.6.7").net(), 5);
  EXPECT_EQ(port_address("5.6.7").sub_net(), 6);
  EXPECT_EQ(port_address("5.6.7").universe(), 7);
}

TEST(PortAddress, SaysWhatToWriteInstead) {
  for (const char* text : {"", "32768", "128.0.0", "0.16.0", "0.0.16", "0.1", "0.0.0.1", "0.0.",
                           ".0.0", "-1", "1 ", "0x1", "99999999999"}) {
    const auto read = PortAddress::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("0.0.0 to 127.15.15"), std::string::npos);
  }
}

TEST(SacnUniverse, IsOneTo63999) {
  EXPECT_EQ(SacnUniverse::parse("1")->number(), 1);
  EXPECT_EQ(SacnUniverse::parse("63999")->number(), 63999);
  for (const char* text : {"0", "64000", "64214", "", "1.0", "0.0.1"}) {
    EXPECT_FALSE(SacnUniverse::parse(text)) << text;
  }
}

TEST(RoomUniverse, IsAPortAddressOrAnSacnUniverse) {
  EXPECT_EQ(RoomUniverse::parse("0.1.0").value(), RoomUniverse(port_address("16")));
  EXPECT_EQ(RoomUniverse::parse("16").value(), RoomUniverse(sacn_universe(16)));
  EXPECT_EQ(RoomUniverse::parse("63999")->number(), 63999);
  EXPECT_FALSE(RoomUniverse::parse("64000"));
}

}  // namespace
}  // namespace roomwire::dmx
