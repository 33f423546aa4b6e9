#include "dmx/sacn.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

const std::string preamble = "00100000" + field("ASC-E1.17", 12);
const std::string cid_hex = "4da0c86fdc424e2ea2a332d8f3d73822";

Cid cid() {
  Cid cid{};
  const Bytes bytes = bytes_of(cid_hex);
  std::copy(bytes.begin(), bytes.end(), cid.begin());
  return cid;
}

Accepted<SacnPacket> decoded(std::string_view hex) {
  return decode_sacn(bytes_of(hex));
}

std::string refusal(std::string_view hex) {
  const auto packet = decoded(hex);
  return packet ? "taken" : packet.error().reason;
}

/// Three slots from olad 0.10.9, from the wire.
std::string data_of_ola() {
  return preamble + "7071" + "00000004" + cid_hex +                          // root
         "705b" + "00000002" + field("vm-OLA Server", 64) + "64" + "0000" +  // framing
         "01" + "00" + "0007" + "700e" + "02a1" + "00000001" + "0004" + "00" + "2c3743";
}

/// `hex` with other bytes at an offset.
std::string with(std::string hex, std::size_t offset, std::string_view bytes) {
  return hex.replace(2 * offset, bytes.size(), bytes);
}

std::string part(std::string_view hex, std::size_t offset, std::size_t count) {
  return std::string(hex.substr(2 * offset, 2 * count));
}

SacnData three_slots() {
  SacnData packet;
  packet.cid = cid();
  packet.source_name = "vm-OLA Server";
  packet.sequence = 1;
  packet.universe = sacn_universe(7);
  packet.frame.size = 3;
  packet.frame.slots[0] = 0x2c;
  packet.frame.slots[1] = 0x37;
  packet.frame.slots[2] = 0x43;
  return packet;
}

TEST(SacnData, IsWrittenAndReadAsOlaDoes) {
  EXPECT_EQ(encoded(three_slots()), data_of_ola());
  EXPECT_EQ(std::get<SacnData>(decoded(data_of_ola()).value()), three_slots());
}

TEST(SacnData, OfAWholeUniverseIs638Bytes) {
  SacnData packet = three_slots();
  packet.frame.size = 512;
  packet.priority = 200;
  packet.sync_address = 7962;
  packet.preview = packet.force_sync = true;
  const std::string hex = encoded(packet);
  EXPECT_EQ(hex.size() / 2, 638U);
  EXPECT_EQ(part(hex, 16, 2), "726e");
  EXPECT_EQ(part(hex, 38, 2), "7258");
  EXPECT_EQ(part(hex, 108, 5), "c81f1a01a0");
  EXPECT_EQ(part(hex, 115, 2), "720b");
  EXPECT_EQ(part(hex, 123, 3), "020100");
  EXPECT_EQ(std::get<SacnData>(decoded(hex).value()), packet);
}

// olad 0.10.9 ends a universe with packets that have no levels.
TEST(SacnData, EndsAUniverse) {
  const std::string hex = preamble + "706e" + "00000004" + cid_hex + "7058" + "00000002" +
                          field("vm-OLA Server", 64) + "64" + "0000" + "02" + "40" + "0007" +
                          "700b" + "02a1" + "00000001" + "0001" + "00";
  const auto packet = std::get<SacnData>(decoded(hex).value());
  EXPECT_TRUE(packet.terminated);
  EXPECT_EQ(packet.frame.size, 0);
  EXPECT_NE(refusal(with(hex, 112, "00")), "taken");
}

TEST(SacnData, IsRefusedWithTheReason) {
  const std::string good = data_of_ola();
  EXPECT_EQ(refusal(""), "not sACN: does not begin with ACN's preamble");
  EXPECT_EQ(refusal(with(good, 5, "54")), "not sACN: does not begin with ACN's preamble");
  EXPECT_EQ(refusal(with(good, 113, "0000")),
            "sACN for universe 0, which is not one of 1 to 63999");
  EXPECT_EQ(refusal(with(good, 113, "fa00")),
            "sACN for universe 64000, which is not one of 1 to 63999");
  EXPECT_EQ(refusal(with(good, 108, "c9")), "sACN with priority 201, where 200 is the highest");
  EXPECT_EQ(refusal(with(good, 125, "cc")), "sACN with start code 204 is not read here");
  EXPECT_EQ(refusal(with(good, 118, "a2")), "sACN whose DMP layer is not that of E1.31");
  EXPECT_EQ(refusal(with(good, 21, "09")), "sACN with root vector 9 is not read here");
  EXPECT_EQ(refusal(with(good, 43, "05")), "sACN with framing vector 5 is not read here");
  EXPECT_EQ(refusal(with(good, 123, "0000")), "sACN of 129 bytes is cut short");
  EXPECT_EQ(refusal(with(good, 123, "0001")), "sACN of 129 bytes is cut short");
  for (std::size_t size = 0; size <= 126; ++size) {
    EXPECT_NE(refusal(good.substr(0, 2 * size)), "taken") << size;
  }
}

TEST(SacnData, MayBePriorities) {
  SacnData packet = three_slots();
  packet.start_code = priorities_start_code;
  const std::string hex = encoded(packet);
  EXPECT_EQ(hex, with(data_of_ola(), 125, "dd"));
  EXPECT_EQ(std::get<SacnData>(decoded(hex).value()), packet);
}

TEST(SacnData, WhoseLengthsDoNotFitIsTakenAsFarAsItGoes) {
  const std::string good = data_of_ola();
  for (const std::size_t length_at : {16U, 38U, 115U}) {
    for (const char* wrong : {"7000", "7001", "7072", "7fff", "0000", "ffff"}) {
      const auto packet = decoded(with(good, length_at, wrong));
      EXPECT_EQ(std::get<SacnData>(packet.value()), three_slots()) << length_at << " " << wrong;
    }
  }
  // Of three slots that claim to be 512.
  EXPECT_EQ(std::get<SacnData>(decoded(with(good, 123, "0201")).value()), three_slots());
  const auto short_row = decoded(good.substr(0, 2 * 128));
  EXPECT_EQ(std::get<SacnData>(short_row.value()).frame.size, 2);
  // 514 slots, of which a universe has 512.
  const auto long_row = decoded(with(good, 123, "0203") + zeros(511));
  EXPECT_EQ(std::get<SacnData>(long_row.value()).frame.size, 512);
}

TEST(SacnSync, IsThatOf2018) {
  const SacnSync packet{cid(), 0x11, sacn_universe(7962)};
  const std::string hex =
      preamble + "7021" + "00000008" + cid_hex + "700b" + "00000001" + "11" + "1f1a" + "0000";
  EXPECT_EQ(encoded(packet), hex);
  EXPECT_EQ(std::get<SacnSync>(decoded(hex).value()), packet);
  EXPECT_NE(refusal(with(hex, 45, "0000")), "taken");
}

TEST(SacnDiscovery, ListsUniverses) {
  SacnDiscovery packet;
  packet.cid = cid();
  packet.source_name = "roomwire";
  packet.page = 1;
  packet.last_page = 2;
  packet.universes = {sacn_universe(1), sacn_universe(300)};
  const std::string hex = preamble + "706c" + "00000008" + cid_hex + "7056" + "00000002" +
                          field("roomwire", 64) + zeros(4) + "700c" + "00000001" + "0102" + "0001" +
                          "012c";
  EXPECT_EQ(encoded(packet), hex);
  EXPECT_EQ(std::get<SacnDiscovery>(decoded(hex).value()), packet);
  // What is no universe is left out.
  const auto rest = std::get<SacnDiscovery>(decoded(with(hex, 120, "0000")).value());
  EXPECT_EQ(rest.universes, std::vector{sacn_universe(300)});
}

// olad 0.10.9 with draft_discovery: the draft's vectors, which nobody else speaks.
TEST(SacnDiscovery, OfTheDraftIsForeign) {
  const auto packet = decoded(preamble + "7067" + "00000004" + cid_hex + "7051" + "00000004" +
                              field("vm-OLA Server", 64) + zeros(7) + "fad600000007");
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().kind, RefusalKind::foreign);
}

TEST(Sacn, HasAGroupForEachUniverse) {
  EXPECT_EQ(sacn_multicast_group(1).to_string(), "239.255.0.1");
  EXPECT_EQ(sacn_multicast_group(63'999).to_string(), "239.255.249.255");
  EXPECT_EQ(sacn_multicast_group(sacn_discovery_universe).to_string(), "239.255.250.214");
}

TEST(DiscoveryPages, AreSortedAndOf512) {
  EXPECT_TRUE(discovery_pages(cid(), "me", {}).empty());
  std::vector<SacnUniverse> universes;
  for (std::uint32_t number = 600; number > 0; --number)
    universes.push_back(sacn_universe(number));
  universes.push_back(sacn_universe(3));
  const auto pages = discovery_pages(cid(), "me", universes);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].universes.front(), sacn_universe(1));
  EXPECT_EQ(pages[0].universes.size(), 512U);
  EXPECT_EQ(pages[1].universes.back(), sacn_universe(600));
  for (std::uint8_t i = 0; i < 2; ++i) {
    EXPECT_EQ(pages[i].page, i);
    EXPECT_EQ(pages[i].last_page, 1);
    EXPECT_EQ(pages[i].cid, cid());
  }
}

}  // namespace
}  // namespace roomwire::dmx
