#include "rtc/stun.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace roomwire::rtc {
namespace {

// RFC 5769, test vectors for STUN.
constexpr std::string_view vector_password = "VOkJxbRl1RmTxUk/WvJxBt";
constexpr std::string_view vector_header = "2112a442b7e7a701bc34d686fa87dfae";

Bytes request_vector() {
  return *from_hex("00010058" + std::string(vector_header) +
                   "802200105354554e207465737420636c69656e74"
                   "002400046e0001ff"
                   "80290008932ff9b151263b36"
                   "000600096576746a3a68367659202020"
                   "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
                   "80280004e57a3bcf");
}

Bytes response_v4_vector() {
  return *from_hex("0101003c" + std::string(vector_header) +
                   "8022000b7465737420766563746f7220"
                   "002000080001a147e112a643"
                   "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
                   "80280004c07d4c96");
}

Bytes response_v6_vector() {
  return *from_hex("01010048" + std::string(vector_header) +
                   "8022000b7465737420766563746f7220"
                   "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
                   "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
                   "80280004c8fb0b4c");
}

/// A message with one attribute, without integrity or fingerprint.
Bytes with_attribute(std::string_view type, std::string_view hex) {
  const Bytes value = *from_hex(hex);
  Bytes packet = *from_hex("00010000" + std::string(vector_header) + std::string(type));
  ByteWriter writer(packet);
  writer.u16(static_cast<std::uint16_t>(value.size()));
  writer.bytes(value);
  writer.zeros((4 - value.size() % 4) % 4);
  packet[3] = static_cast<std::uint8_t>(packet.size() - 20);
  return packet;
}

StunMessage full_message() {
  StunMessage message;
  message.transaction = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  message.username = "abcd:efg";
  message.priority = 0x6e0001ff;
  message.use_candidate = true;
  message.controlling = 0x0102030405060708;
  message.controlled = 0xfffefdfcfbfaf9f8;
  message.mapped_address = Endpoint::parse("[2001:db8::1]:3478");
  message.error = StunError{487, "Role Conflict"};
  message.unknown_attributes = {0x0003, 0x7fff};
  message.software = "x";
  return message;
}

TEST(Stun, ReadsTheRequestOfRfc5769) {
  const Bytes packet = request_vector();
  ASSERT_TRUE(looks_like_stun(packet));
  EXPECT_EQ(stun_receiver_ufrag(packet), "evtj");
  const auto message = StunMessage::parse(packet);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, StunClass::request);
  EXPECT_EQ(to_hex(message->transaction), vector_header.substr(8));
  EXPECT_EQ(message->software, "STUN test client");
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_EQ(message->priority, 0x6e0001ffU);
  EXPECT_EQ(message->controlled, 0x932ff9b151263b36U);
  EXPECT_FALSE(message->controlling);
  EXPECT_FALSE(message->use_candidate);
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_TRUE(message->not_understood.empty());
  EXPECT_TRUE(message->has_integrity(packet, vector_password));
  EXPECT_FALSE(message->has_integrity(packet, "VOkJxbRl1RmTxUk/WvJxBu"));
}

TEST(Stun, ReadsTheResponsesOfRfc5769) {
  for (const auto& [packet, address] :
       {std::pair(response_v4_vector(), "192.0.2.1:32853"),
        std::pair(response_v6_vector(), "[2001:db8:1234:5678:11:2233:4455:6677]:32853")}) {
    const auto message = StunMessage::parse(packet);
    ASSERT_TRUE(message) << address;
    EXPECT_EQ(message->kind, StunClass::success);
    EXPECT_EQ(message->software, "test vector");
    EXPECT_EQ(message->mapped_address, Endpoint::parse(address));
    EXPECT_TRUE(message->has_integrity(packet, vector_password));
    EXPECT_EQ(stun_server_answer(packet), Endpoint::parse(address));
  }
}

TEST(Stun, EveryChangedByteIsNoticed) {
  const Bytes packet = request_vector();
  for (std::size_t i = 0; i < packet.size(); ++i) {
    Bytes changed = packet;
    changed[i] ^= 0x10;
    const auto message = StunMessage::parse(changed);
    EXPECT_FALSE(message && message->has_fingerprint) << i;
  }
  Bytes unsealed(packet.begin(), packet.end() - 8);
  unsealed[3] = static_cast<std::uint8_t>(unsealed[3] - 8);
  for (std::size_t i = 0; i < unsealed.size(); ++i) {
    Bytes changed = unsealed;
    changed[i] ^= 0x10;
    const auto message = StunMessage::parse(changed);
    EXPECT_FALSE(message && message->has_integrity(changed, vector_password)) << i;
  }
  const auto message = StunMessage::parse(unsealed);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->has_fingerprint);
  EXPECT_TRUE(message->has_integrity(unsealed, vector_password));
}

TEST(Stun, RefusesWhatIsCutOff) {
  const Bytes packet = request_vector();
  for (std::size_t size = 0; size < packet.size(); ++size) {
    Bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(StunMessage::parse(cut)) << size;
    if (size < 20) continue;
    cut[3] = static_cast<std::uint8_t>(size - 20);  // The length agrees, the attributes do not.
    const auto message = StunMessage::parse(cut);
    EXPECT_FALSE(message && message->has_integrity(cut, vector_password) && size < 100) << size;
  }
}

TEST(Stun, RoundTripOfEveryAttribute) {
  for (const StunClass kind :
       {StunClass::request, StunClass::indication, StunClass::success, StunClass::error}) {
    StunMessage message = full_message();
    message.kind = kind;
    const Bytes packet = message.serialise("password");
    auto parsed = StunMessage::parse(packet);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->has_fingerprint);
    EXPECT_TRUE(parsed->has_integrity(packet, "password"));
    parsed->has_fingerprint = false;
    parsed->integrity_offset.reset();
    EXPECT_EQ(*parsed, message);
    EXPECT_EQ(stun_class(packet), kind);
    EXPECT_EQ(stun_transaction(packet), message.transaction);
  }
}

TEST(Stun, WithoutAKeyNothingIsSigned) {
  const Bytes packet = full_message().serialise(std::nullopt);
  const auto message = StunMessage::parse(packet);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->integrity_offset);
  EXPECT_FALSE(message->has_integrity(packet, ""));
}

TEST(Stun, AttributesBehindTheIntegrityAreNotBelieved) {
  StunMessage message;
  message.username = "a:b";
  Bytes packet = message.serialise("password");
  packet.resize(packet.size() - 8);  // Off with the fingerprint, on with USE-CANDIDATE.
  ByteWriter(packet).u32(0x00250000);
  packet[3] = static_cast<std::uint8_t>(packet.size() - 20);
  const auto parsed = StunMessage::parse(packet);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->has_integrity(packet, "password"));
  EXPECT_FALSE(parsed->use_candidate);
}

TEST(Stun, ListsWhatItMustUnderstandAndDoesNot) {
  const auto required = StunMessage::parse(with_attribute("0003", "00000006"));
  ASSERT_TRUE(required);
  EXPECT_EQ(required->not_understood, std::vector<std::uint16_t>{0x0003});
  const auto optional = StunMessage::parse(with_attribute("c057", "00010032"));
  ASSERT_TRUE(optional);
  EXPECT_TRUE(optional->not_understood.empty());
}

TEST(Stun, RefusesMalformedAttributes) {
  for (const auto& [type, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"0020", "0003a147e112a643"},  // An address family that does not exist.
           {"0020", "0001a147e112a6"},    // Too short for IPv4.
           {"0020", "0002a147e112a643"},  // IPv4's size for IPv6.
           {"0024", "6e0001"},            // PRIORITY of three bytes.
           {"802a", "01020304"},          // A tie-breaker of four.
           {"0009", "00000763"},          // Error 763 has no class that exists.
           {"0008", "00112233"},          // A short MESSAGE-INTEGRITY.
           {"8028", "00112233"}}) {       // A wrong FINGERPRINT.
    EXPECT_FALSE(StunMessage::parse(with_attribute(type, value))) << type << " " << value;
  }
}

TEST(Stun, KnowsItselfFromOtherProtocolsOfTheSocket) {
  EXPECT_FALSE(looks_like_stun({}));
  Bytes packet = stun_server_request({});
  EXPECT_TRUE(looks_like_stun(packet));
  packet[0] = 22;  // A DTLS handshake record.
  EXPECT_FALSE(looks_like_stun(packet));
  EXPECT_FALSE(StunMessage::parse(*from_hex("00030000" + std::string(vector_header))));  // TURN.
}

TEST(Stun, UfragOnlyOfRequestsThatNameTwo) {
  StunMessage message;
  EXPECT_FALSE(stun_receiver_ufrag(message.serialise(std::nullopt)));
  message.username = "nocolon";
  EXPECT_FALSE(stun_receiver_ufrag(message.serialise(std::nullopt)));
  message.username = "ours:theirs";
  EXPECT_EQ(stun_receiver_ufrag(message.serialise("key")), "ours");
  message.kind = StunClass::success;
  EXPECT_FALSE(stun_receiver_ufrag(message.serialise("key")));
}

TEST(Stun, ServerAnswersWithAPlainAddressToo) {
  Bytes answer = with_attribute("0001", "00010d96c0000201");
  EXPECT_FALSE(stun_server_answer(answer));  // It is a request so far.
  answer[0] = 1;
  answer[1] = 1;
  EXPECT_EQ(stun_server_answer(answer), Endpoint::parse("192.0.2.1:3478"));
}

}  // namespace
}  // namespace roomwire::rtc
