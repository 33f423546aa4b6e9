#include <gtest/gtest.h>

#include <roomwire/payload.hpp>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/entropy.hpp"
#include "base/json_value.hpp"

namespace roomwire {
namespace {

std::string compact(std::string_view text) {
  const auto json = Json::parse(text);
  return json ? json->text() : "error: " + json.error().message;
}

TEST(Json, KeepsKeyOrderRepeatedKeysAndEveryDigit) {
  EXPECT_EQ(
      compact(R"( { "b" : 1.0 , "a" : [ 12345678901234567890123, 1e400, -0 ], "b" : " x " } )"),
      R"({"b":1.0,"a":[12345678901234567890123,1e400,-0],"b":" x "})");
  EXPECT_EQ(compact(R"("a\"  b\\")"), R"("a\"  b\\")");
  EXPECT_EQ(compact("\"żółć 🎛\""), "\"żółć 🎛\"");
}

// Boost.JSON 1.81 reads some of these as the double beside.
TEST(JsonValue, ReadsNumbersAsTheNearestDouble) {
  for (const auto& [text, number] : std::initializer_list<std::pair<const char*, double>>{
           {"0.24977792341670946", 0.24977792341670946},
           {"-1.6141610237995963e-68", -1.6141610237995963e-68},
           {"-1.7976931348623157e308", -1.7976931348623157e308},
           {"2.2250738585072014E-308", 2.2250738585072014E-308},
           {"123456789012345678901234567890", 123456789012345678901234567890.0},
           {"9007199254740993.0", 9007199254740992.0}}) {
    const auto value = parse_json("[" + std::string(text) + "]");
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->at(0).as_double(), number) << text;
  }
}

TEST(JsonValue, RefusesWhatIsTooDeepOrGoesOn) {
  EXPECT_TRUE(parse_json("[[1]] ", 2));
  EXPECT_FALSE(parse_json("[[1]]", 1));
  EXPECT_FALSE(parse_json("[1] 2"));
  EXPECT_FALSE(parse_json("[1"));
  EXPECT_FALSE(parse_json("\"\xff\""));
}

// What the one takes the other takes: a message that the room passed on is read by the bridges.
TEST(Json, IsReadAndCheckedByOneRule) {
  for (const char* text :
       {R"("\ud83c")", R"(["\udf9b\ud83c","\ud83c\udf9b"])", R"({"\ud83c":"\\ud83c"})", "1e400",
        "5", R"("\u0000")", R"({"a":1,"a":2})", "\"\xff\"", "[1,]", "1 2", "\"\\u12\"", R"("\x")",
        "", "nan", "\"\xed\xa0\x80\""}) {
    EXPECT_EQ(parse_json(text).has_value(), Json::parse(text).has_value()) << text;
  }
  EXPECT_EQ(parse_json(R"("a\ud83c\\\udf9b")")->as_string(), "a\xef\xbf\xbd\\\xef\xbf\xbd");
  EXPECT_EQ(parse_json(R"("\ud83c\udf9b\ud83c")")->as_string(), "\xf0\x9f\x8e\x9b\xef\xbf\xbd");
}

TEST(Json, AcceptsHalfASurrogatePairAsJavaScriptWritesIt) {
  EXPECT_EQ(compact(R"(["\ud83c","\udf9b\ud83c","\ud83c\udf9b"])"),
            R"(["\ud83c","\udf9b\ud83c","\ud83c\udf9b"])");
}

TEST(Json, RefusesWhatIsNotOneValue) {
  for (const char* text : {"", " ", "{", "[1,]", "1 2", "nul", "'a'", "\"\xff\"", "\"a", "{a:1}"}) {
    EXPECT_FALSE(Json::parse(text)) << text;
  }
  EXPECT_TRUE(Json::parse(std::string(500, '[') + std::string(500, ']')));
  EXPECT_FALSE(Json::parse(std::string(600, '[') + std::string(600, ']')));
}

TEST(Encoding, Base64RoundTripAndPadding) {
  EXPECT_EQ(to_base64(as_bytes("fooba")), "Zm9vYmE=");
  for (const char* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(as_text(*from_base64(to_base64(as_bytes(text)))), text);
  }
  for (const char* text : {"A", "AA", "AAA", "====", "A===", "AA=A", "A!AA"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Encoding, Base36WithoutPadding) {
  const Bytes bytes{0, 35, 36, 255};
  EXPECT_EQ(to_base36(bytes), "0z1073");
}

TEST(Encoding, Utf8) {
  EXPECT_TRUE(is_utf8("żółć 🎛"));
  for (const char* text : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(text));
  }
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b\xe2\x82"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(utf16_sum("a🎛"), 97U + 0xd83c + 0xdf9b);
}

TEST(Crypto, KnownAnswers) {
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(as_bytes("")), 0U);
  const Sha1 mac = hmac_sha1(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"));
  EXPECT_EQ(to_hex(mac), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(Crypto, AesGcmRefusesATamperedText) {
  const Sha256 key = sha256(as_bytes("key"));
  const Bytes iv(16, 7);
  Bytes sealed = aes_gcm_encrypt(key, iv, as_bytes("hello"));
  EXPECT_EQ(as_text(*aes_gcm_decrypt(key, iv, sealed)), "hello");
  sealed[2] ^= 1;
  EXPECT_FALSE(aes_gcm_decrypt(key, iv, sealed));
  EXPECT_FALSE(aes_gcm_decrypt(key, iv, ByteView(sealed).first(15)));
}

TEST(Address, ParseAndPrint) {
  for (const char* text : {"1.2.3.4:5", "[::1]:80", "[fe80::1%3]:9"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
  for (const char* text :
       {"::1:80", "1.2.3:4", "1.2.3.4", "[1.2.3.4]:5", "host:1", "1.2.3.4:65536"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Address, HasOneForm) {
  EXPECT_EQ(IpAddress::parse("::ffff:1.2.3.4"), IpAddress::v4({1, 2, 3, 4}));
  EXPECT_EQ(Endpoint::parse("[::ffff:1.2.3.4]:5"), Endpoint::parse("1.2.3.4:5"));
  EXPECT_EQ(IpAddress::parse("2001:db8::1%7"), IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(IpAddress::parse("::1%1"), IpAddress::parse("::1"));
  EXPECT_EQ(IpAddress().with_scope(7), IpAddress());
  const IpAddress link = *IpAddress::parse("fe80::1%7");
  EXPECT_NE(link, *IpAddress::parse("fe80::1%8"));
  EXPECT_EQ(link.with_scope(0), *IpAddress::parse("fe80::1"));
  EXPECT_EQ(IpAddress::parse("fe80::1")->with_scope(7), link);
  EXPECT_EQ(IpAddress::parse("ff02::fb")->with_scope(7).scope(), 7U);
}

TEST(Bytes, ReaderFailsForGoodPastTheEnd) {
  const Bytes bytes{1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u16(), 0x102);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u8(), 0);
}

TEST(Entropy, DrawsFromTheWholeAlphabet) {
  SeededEntropy entropy(1);
  const std::string id = entropy.id(5000);
  for (const char c : {'0', '9', 'A', 'Z', 'a', 'z'})
    EXPECT_NE(id.find(c), std::string::npos);
}

}  // namespace
}  // namespace roomwire
