#include "osc/json.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::osc {
namespace {

constexpr const char* bundle_start = "2362756e646c6500";

/// The packets in the typed form, one after the other, and behind them what was refused.
std::string read(std::string_view json, const TypeOptions& types = {},
                 FloatMemory* memory = nullptr) {
  const FromJson read = from_json(json, types, memory);
  std::string out;
  for (const Packet& packet : read.packets)
    append_json(packet, JsonForm::typed, out);
  for (const Refusal& refusal : read.refused.kept)
    out += "refused: " + refusal.reason;
  return out;
}

/// The arguments of one message to /x, in the typed form without its frame.
std::string arguments(std::string_view args, const TypeOptions& types = {}) {
  std::string out = read(R"({"address":"/x","args":)" + std::string(args) + "}", types);
  constexpr std::string_view start = R"({"address":"/x","args":[)";
  if (!out.starts_with(start)) return out;
  return out.substr(start.size(), out.size() - start.size() - 2);
}

std::string typed(std::string_view tag, std::string_view value) {
  return R"({"type":")" + std::string(tag) + R"(","value":)" + std::string(value) + "}";
}

/// The bytes of what was read as one packet.
std::string bytes_of(std::string_view json) {
  const FromJson read = from_json(json);
  return read.packets.size() == 1 ? encoded(read.packets[0]) : "not one packet";
}

// The JSON is what JSON.stringify makes of the arguments of send() or writePacket(), the bytes are
// what the package sent.
TEST(FromJson, GivesTheBytesOfNodeOscAndOscJs) {
  // node-osc 11.7.1
  EXPECT_EQ(
      bytes_of(R"({"address":"/synth/freq","args":[440,"x",0.5,true,false,null,[1,[2.5,"y"]]]})"),
      "2f73796e74682f66726571002c69736654464e6966730000000001b8780000003f000000000000014020000079"
      "000000");
  EXPECT_EQ(bytes_of(R"({"address":"/t","args":[{"type":"float","value":440},{"type":"blob",
                "value":{"type":"Buffer","data":[1,2,3]}},{"type":"midi","value":{"port":0,
                "status":144,"data1":60,"data2":127}},{"type":"integer","value":3},
                {"type":"boolean","value":false}]})"),
            "2f7400002c66626d6946000043dc0000000000030102030000903c7f00000003");
  EXPECT_EQ(bytes_of(R"(["/arr",1,"z"])"), "2f617272000000002c697300000000017a000000");
  EXPECT_EQ(bytes_of(R"({"address":"/ü","args":["żółć"]})"),
            "2fc3bc002c730000c5bcc3b3c582c48700000000");
  const std::string bundle = std::string(bundle_start) +
                             "83aa7e8a80000000000000102f6f6e65000000002c69000000000001"
                             "000000102f74776f000000002c73000062000000"
                             "000000242362756e646c65000000000000000001000000102f746872656500002c66"
                             "000040600000";
  EXPECT_EQ(bytes_of(R"({"oscType":"bundle","timetag":10.5,"elements":[
                {"oscType":"message","address":"/one","args":[1]},["/two","b"],
                {"oscType":"bundle","timetag":0,"elements":[["/three",3.5]]}]})"),
            bundle);
  // osc.js 2.4.5
  EXPECT_EQ(
      bytes_of(R"({"address":"/x","args":[{"type":"i","value":1},{"type":"f","value":1.5},
      {"type":"s","value":"a"},{"type":"b","value":{"0":1,"1":2,"2":255}},
      {"type":"h","value":{"high":1,"low":-1,"unsigned":false}},
      {"type":"t","value":{"raw":[3944678400,2147483648],"native":0}},{"type":"d","value":0.1},
      {"type":"S","value":"sy"},{"type":"c","value":"Z"},
      {"type":"r","value":{"r":255,"g":128,"b":0,"a":0.5}},
      {"type":"m","value":{"0":0,"1":144,"2":60,"3":127}},{"type":"T","value":true},
      {"type":"F","value":false},{"type":"N","value":null},{"type":"I","value":1}]})"),
      "2f7800002c696673626874645363726d54464e4900000000000000013fc0000061000000000000030102ff0000"
      "000001ffffffffeb1f0400800000003fb999999999999a737900000000005aff80008000903c7f");
  EXPECT_EQ(bytes_of(R"({"timeTag":{"raw":[0,1]},"packets":[{"address":"/a","args":[{"type":"f",
                "value":1},"q"]},{"timeTag":{"native":1700000000500},"packets":[{"address":"/b"}]}]})"),
            std::string(bundle_start) +
                "0000000000000001000000102f6100002c6673003f800000710000000000001c"
                "2362756e646c6500e8fe6f8080000000000000082f6200002c000000");
}

struct Case {
  const char* json;
  std::string expected;
};

TEST(FromJson, TakesEveryShapeOfArguments) {
  const std::string blob = typed("b", R"("AQL/")");
  for (const auto& [json, expected] : std::vector<Case>{
           {"[]", ""},
           {"5", typed("i", "5")},
           {"null", R"({"type":"N"})"},
           {R"("text")", typed("s", R"("text")")},
           {R"({"type":"f","value":5})", typed("f", "5")},
           {"[440.0,1e3,-0.0]",
            typed("i", "440") + "," + typed("i", "1000") + "," + typed("i", "0")},
           {"2147483647", typed("i", "2147483647")},
           {"2147483648", typed("h", R"("2147483648")")},
           {"-2147483649", typed("h", R"("-2147483649")")},
           {"9223372036854775807", typed("h", R"("9223372036854775807")")},
           {"9223372036854775808", typed("d", "9223372036854775808")},
           {"1e300", typed("d", "1e+300")},
           {"[0.1]", typed("f", "0.1")},
           {"[[1],[[2,[]]]]", typed("i", "1") + "," + typed("i", "2")},
           {R"([{"type":"Buffer","data":[1,2,255]}])", blob},
           {R"([{"type":"b","value":"AQL/"}])", blob},
           {R"([{"type":"blob","value":[1,2,255]}])", blob},
           {R"([{"type":"blob","value":{"type":"Buffer","data":[1,2,255]}}])", blob},
           {R"([{"high":0,"low":-1,"unsigned":true}])", typed("h", R"("4294967295")")},
           {R"([{"type":"h","value":5}])", typed("h", R"("5")")},
           {R"([{"type":"int64","value":"-5"}])", typed("h", R"("-5")")},
           {R"([{"type":"double","value":0.1}])", typed("d", "0.1")},
           {R"([{"type":"float","value":"-Infinity"}])", typed("f", R"("-Infinity")")},
           {R"([{"type":"symbol","value":"x"}])", typed("S", R"("x")")},
           {R"([{"type":"c","value":"ż"}])", typed("c", R"("ż")")},
           {R"([{"type":"char","value":10}])", typed("c", "10")},
           {R"([{"type":"rgba","value":{"r":1,"g":2,"b":3}}])",
            typed("r", R"({"r":1,"g":2,"b":3,"a":1})")},
           {R"([{"type":"color","value":{"red":255,"green":2,"blue":3,"alpha":51}}])",
            typed("r", R"({"r":255,"g":2,"b":3,"a":0.2})")},
           {R"([{"type":"color","value":{"red":1,"green":2,"blue":3}}])",
            typed("r", R"({"r":1,"g":2,"b":3,"a":1})")},
           {R"([{"type":"m","value":[1,2,3,4]}])", typed("m", "[1,2,3,4]")},
           {R"([{"type":"midi","value":{"status":144}}])", typed("m", "[0,144,0,0]")},
           {R"([{"type":"t","value":"1"}])", typed("t", R"("1")")},
           {R"([{"type":"timetag","value":[1,2]}])", typed("t", R"("4294967298")")},
           {R"([{"type":"t","value":null}])", typed("t", R"("1")")},
           {R"([{"type":"boolean","value":1}])", R"({"type":"T"})"},
           {R"([{"type":"T"},{"type":"false"},{"type":"null"},{"type":"bang"},{"type":"I"}])",
            R"({"type":"T"},{"type":"F"},{"type":"N"},{"type":"I"},{"type":"I"})"},
           {R"([{"type":"array","value":[1,[2],{"type":"array","value":[]}]}])",
            typed("array", "[" + typed("i", "1") + "," + typed("i", "2") + "," +
                               typed("array", "[]") + "]")},
       }) {
    EXPECT_EQ(arguments(json), expected) << json;
  }
  EXPECT_EQ(read(R"({"address":"/x"})"), R"({"address":"/x","args":[]})");
}

TEST(FromJson, TypesNumbersAsAsked) {
  const TypeOptions floats{.numbers = Numbers::as_float};
  EXPECT_EQ(arguments("[1,2.5,3000000000]", floats),
            typed("f", "1") + "," + typed("f", "2.5") + "," + typed("f", "3e+09"));
  EXPECT_EQ(arguments("1e39", floats),
            "refused: argument 1 of '/x': type f needs a number that float32 can hold, not 1e+39");
  EXPECT_EQ(arguments(R"([{"type":"i","value":1},"1",true])", floats),
            typed("i", "1") + "," + typed("s", R"("1")") + R"(,{"type":"T"})");
  const TypeOptions integers{.numbers = Numbers::as_integer};
  EXPECT_EQ(arguments("[1,1.4,1.5,-1.5,3000000000.2]", integers),
            typed("i", "1") + "," + typed("i", "1") + "," + typed("i", "2") + "," +
                typed("i", "-2") + "," + typed("h", R"("3000000000")"));
}

/// Messages one after the other, each as its tags and numbers in short: "f0.5 i1".
class Remembering {
 public:
  explicit Remembering(TypeOptions options = {}) : options_(std::move(options)) {}

  std::string operator()(std::string_view address, std::string_view args) {
    const std::string json =
        R"({"address":")" + std::string(address) + R"(","args":)" + std::string(args) + "}";
    const FromJson read = from_json(json, options_, &memory_);
    if (read.packets.size() != 1) return read.refused.kept.at(0).reason;
    std::string tags;
    for (const Argument& argument : std::get<Message>(read.packets[0]).args)
      tags += tag_of(argument);
    return tags;
  }
  std::size_t size() const { return memory_.size(); }

 private:
  TypeOptions options_;
  FloatMemory memory_;
};

TEST(FromJson, AnArgumentThatHasCarriedAFractionStaysAFloat) {
  Remembering tags;
  EXPECT_EQ(tags("/fader", "[1]"), "i");
  EXPECT_EQ(tags("/fader", "[0.99]"), "f");
  EXPECT_EQ(tags("/fader", "[1]"), "f");
  EXPECT_EQ(tags("/fader", "[0]"), "f");
  EXPECT_EQ(tags("/fader", R"(["x",1])"), "si") << "each argument for itself";
  EXPECT_EQ(tags("/fader/2", "[1]"), "i") << "each address for itself";
  EXPECT_EQ(tags("/xy", "[1,0.5,[2,2.5],3]"), "ififi");
  EXPECT_EQ(tags("/xy", "[1,1,[2,2],3]"), "ififi");
  EXPECT_EQ(tags("/fader", "1e300"), "d") << "more than a float can hold";
  EXPECT_EQ(tags("/fader", R"([{"type":"i","value":1}])"), "i");
  EXPECT_EQ(tags("/fader", "[true]"), "T");
}

TEST(FromJson, RemembersFractionsOfSoManyAddresses) {
  Remembering tags;
  EXPECT_EQ(tags("/first", "0.5"), "f");
  for (std::size_t i = 1; i < FloatMemory::max_addresses; ++i)
    tags("/n/" + std::to_string(i), "0.5");
  EXPECT_EQ(tags("/first", "1"), "f");
  EXPECT_EQ(tags("/one/more", "0.5"), "f");
  EXPECT_EQ(tags.size(), FloatMemory::max_addresses);
  EXPECT_EQ(tags("/first", "1"), "f") << "what is in use stays";
  EXPECT_EQ(tags("/n/1", "1"), "i");
  const std::string too_long = "/" + std::string(FloatMemory::max_address_size, 'x');
  EXPECT_EQ(tags(too_long, "0.5"), "f");
  EXPECT_EQ(tags(too_long, "1"), "i");
}

TEST(FromJson, BooleansAreWhatReceiversRead) {
  const TypeOptions integers{.booleans = Booleans::as_integer};
  EXPECT_EQ(arguments(R"([true,false,{"type":"boolean","value":true},{"type":"F"}])", integers),
            typed("i", "1") + "," + typed("i", "0") + "," + typed("i", "1") + R"(,{"type":"F"})");
  TypeOptions ruled;
  ruled.rules.push_back(*TypeRule::parse("/x=i"));
  EXPECT_EQ(arguments("[true,false,null]", ruled),
            typed("i", "1") + "," + typed("i", "0") + R"(,{"type":"N"})");
  ruled.rules = {*TypeRule::parse("/x=f")};
  EXPECT_EQ(arguments("[true,5]", ruled), typed("f", "1") + "," + typed("f", "5"));
}

TEST(FromJson, WholeNumbersBeyond32BitsAreWhatReceiversRead) {
  const std::string h = R"([{"type":"h","value":"3000000000"}])";
  EXPECT_EQ(from_json(R"({"address":"/x","args":[3000000000]})").widened, "/x");
  EXPECT_EQ(from_json(R"({"address":"/x","args":)" + h + "}").widened, std::nullopt);
  EXPECT_EQ(arguments("[3000000000,7]", {.wide = Wide::as_float}),
            typed("f", "3e+09") + "," + typed("i", "7"));
  EXPECT_EQ(arguments("[3000000000]", {.wide = Wide::as_double}), typed("d", "3e+09"));
  EXPECT_EQ(arguments(h, {.wide = Wide::as_float}), typed("h", R"("3000000000")"));
  EXPECT_EQ(arguments("1e300", {.wide = Wide::as_float}),
            "refused: argument 1 of '/x': type f needs a number that float32 can hold, not 1e+300");
}

TEST(FromJson, ArraysAreKeptWhereAsked) {
  const TypeOptions keep{.arrays = Arrays::keep};
  EXPECT_EQ(arguments("[1,[2,[]]]", keep),
            typed("i", "1") + "," +
                typed("array", "[" + typed("i", "2") + "," + typed("array", "[]") + "]"));
  EXPECT_EQ(arguments("[1,[2,[]]]"), typed("i", "1") + "," + typed("i", "2"));
  const std::string deep = std::string(max_depth + 2, '[') + std::string(max_depth + 2, ']');
  EXPECT_EQ(arguments(deep, keep), "refused: argument 1 of '/x': arrays are nested too deeply");
}

// osc-js 2.4.1: JSON.stringify() of a new message, of one that came from OSC, and of a bundle.
TEST(FromJson, HeedsTheTypesOfOscJs) {
  const auto message = [](std::string_view types, std::string_view args) {
    return read(R"({"offset":0,"address":"/x","types":")" + std::string(types) + R"(","args":)" +
                std::string(args) + "}");
  };
  const auto expected = [](const std::string& args) {
    return R"({"address":"/x","args":[)" + args + "]}";
  };
  const std::string one = typed("f", "1");
  EXPECT_EQ(message(",ff", "[1,0]"), expected(one + "," + typed("f", "0")));
  EXPECT_EQ(message("f", "[1]"), expected(one));
  EXPECT_EQ(message(",f", "1"), expected(one));
  EXPECT_EQ(message(",dIb", R"([1,null,{"0":1,"1":2}])"),
            expected(typed("d", "1") + R"(,{"type":"I"},)" + typed("b", R"("AQI=")")));
  EXPECT_EQ(message(",i[f[s]]i", R"([1,[2,["a"]],3])"),
            expected(typed("i", "1") + "," +
                     typed("array", "[" + typed("f", "2") + "," +
                                        typed("array", "[" + typed("s", R"("a")") + "]") + "]") +
                     "," + typed("i", "3")));
  // What does not fit is as if it were not there.
  const std::string plain = typed("i", "1") + "," + typed("s", R"("a")") + R"(,{"type":"T"})";
  for (const char* types : {",sif", ",", ",T", ",[i]NF", ",]", ",[", ",?", ",hhh[[]"}) {
    const std::string args =
        std::string(types) == ",hhh[[]" ? R"([[1],"a",true])" : R"([1,"a",true])";
    EXPECT_EQ(message(types, args), expected(plain)) << types;
  }
  EXPECT_EQ(message(",if", "[1.5,1]"), expected(typed("f", "1.5") + "," + one));
  EXPECT_EQ(
      bytes_of(R"({"offset":0,"timetag":{"value":{"seconds":4004805836,"fractions":3912715264},
                "offset":0},"bundleElements":[{"offset":0,"address":"/y","types":"f","args":[2]}]})"),
      std::string(bundle_start) + "eeb47ccce9374c00" + "0000000c2f7900002c66000040000000");
}

TEST(FromJson, RulesAndFractionsKnowBetterThanOscJs) {
  TypeOptions ruled;
  ruled.rules.push_back(*TypeRule::parse("/x=f"));
  EXPECT_EQ(read(R"({"address":"/x","types":"i","args":[1]})", ruled),
            R"({"address":"/x","args":[{"type":"f","value":1}]})");
  FloatMemory memory;
  from_json(R"({"address":"/x","types":"f","args":[0.5]})", {}, &memory);
  EXPECT_EQ(read(R"({"address":"/x","types":"i","args":[1]})", {}, &memory),
            R"({"address":"/x","args":[{"type":"f","value":1}]})");
}

TEST(FromJson, TheFirstRuleThatMatchesTypesTheNumbers) {
  TypeOptions types;
  for (const char* rule : {"/synth/gate=int", "/synth/*=f", "//wide=d", "/x=h"})
    types.rules.push_back(*TypeRule::parse(rule));
  const auto with = [&](std::string_view address, std::string_view args) {
    return read(R"({"address":")" + std::string(address) + R"(","args":)" + std::string(args) + "}",
                types);
  };
  EXPECT_EQ(
      with("/synth/freq", R"([440,"saw"])"),
      R"({"address":"/synth/freq","args":[{"type":"f","value":440},{"type":"s","value":"saw"}]})");
  EXPECT_EQ(with("/synth/gate", "1"),
            R"({"address":"/synth/gate","args":[{"type":"i","value":1}]})");
  EXPECT_EQ(
      with("/synth/gate", "1.5"),
      "refused: argument 1 of '/synth/gate': type i needs a whole number of 32 bits, not 1.5");
  EXPECT_EQ(with("/synth/gate", "3000000000"),
            "refused: argument 1 of '/synth/gate': type i needs a whole number of 32 bits, "
            "not 3000000000");
  EXPECT_EQ(with("/a/wide", "0.1"), R"({"address":"/a/wide","args":[{"type":"d","value":0.1}]})");
  EXPECT_EQ(with("/x", "1"), R"({"address":"/x","args":[{"type":"h","value":"1"}]})");
  EXPECT_EQ(with("/other", "1"), R"({"address":"/other","args":[{"type":"i","value":1}]})");
}

TEST(TypeRule, TellsWhyItIsNone) {
  const auto fault = [](std::string_view text) { return TypeRule::parse(text).error().message; };
  EXPECT_EQ(fault("/a"), "type rule '/a' is not PATTERN=TYPE, such as /synth/*=f");
  EXPECT_EQ(fault("/a=x"), "type rule '/a=x' does not end with =i, =f, =h or =d");
  EXPECT_EQ(fault("/a=s"), "type rule '/a=s' does not end with =i, =f, =h or =d");
  EXPECT_EQ(fault("=f"), "pattern '' is empty (for everything, write //)");
  EXPECT_EQ(TypeRule::parse("/a=b=float")->pattern.text(), "/a=b");
}

TEST(FromJson, TakesListsAndBundles) {
  const std::string a = R"({"address":"/a","args":[]})";
  const auto bundle = [](std::string_view time, std::string_view packets) {
    std::string out = R"({"timeTag":")";
    return out.append(time).append(R"(","packets":[)").append(packets).append("]}");
  };
  for (const auto& [json, expected] : std::vector<Case>{
           {"[]", ""},
           {R"([{"address":"/a"},["/a"]])", a + a},
           {R"({"packets":[{"address":"/a"},["/a"]]})",
            bundle("1", std::string(a).append(",").append(a))},
           {R"({"elements":[]})", bundle("1", "")},
           {R"({"timeTag":"123","packets":[{"timetag":null,"elements":[["/a"]]}]})",
            bundle("123", bundle("1", a))},
           {R"([["/a"],{"packets":[["/a"]]}])", a + bundle("1", a)},
       }) {
    EXPECT_EQ(read(json), expected) << json;
  }
}

TEST(FromJson, ReadsHalfASurrogatePairAsTheRoomDoes) {
  EXPECT_EQ(arguments(R"(["half \ud83c"])"), typed("s", "\"half \xef\xbf\xbd\""));
}

TEST(FromJson, TakesAddressesAsGearHasThem) {
  for (const char* address : {"node", "/a b#", "/\\u0007"}) {
    EXPECT_EQ(from_json(R"({"address":")" + std::string(address) + R"("})").refused.count, 0U);
  }
}

TEST(FromJson, TellsWhatItRefuses) {
  const std::string none = R"( is neither {"address","args"} nor a bundle)";
  for (const auto& [json, expected] : std::vector<Case>{
           {"", "not JSON, or nested deeper than 80 levels"},
           {"{", "not JSON, or nested deeper than 80 levels"},
           {"5", "5" + none},
           {"null", "null" + none},
           {R"("osc sent!")", "'osc sent!'" + none},
           {R"({"type":"bang"})", "an object" + none},
           {R"({"packets":5})", "an object" + none},
           {R"({"address":""})", "the address is empty"},
           {R"({"address":5})", "the address is 5, not a string"},
           {R"(["foo",1])",
            "address 'foo' does not begin with /; if that is meant, write {\"address\",\"args\"}"},
           {R"({"address":"/a\u0000"})", "address '/a?' contains NUL"},
           {R"({"packets":[],"timeTag":-1e12})",
            "the time tag is no time from 1900 to 2036: -1e+12"},
           {R"({"packets":[],"timeTag":{"raw":[1]}})",
            "the time tag is no time from 1900 to 2036: an object"},
       }) {
    EXPECT_EQ(read(json), "refused: " + expected) << json;
  }
  for (const auto& [json, expected] : std::vector<Case>{
           {"[1,{}]", "argument 2 of '/x': an object without \"type\""},
           {R"([{"type":"foo","value":1}])", "argument 1 of '/x': the unknown type 'foo'"},
           {R"([{"type":5,"value":1}])", "argument 1 of '/x': the unknown type 5"},
           {R"([{"type":"f"}])", "argument 1 of '/x': type 'f' without \"value\""},
           {R"(["a\u0000"])", "argument 1 of '/x': type s needs a string without NUL, not 'a?'"},
           {R"([{"type":"i","value":"x"}])",
            "argument 1 of '/x': type i needs a whole number of 32 bits, not 'x'"},
           {R"([{"type":"f","value":"1"}])",
            "argument 1 of '/x': type f needs a number that float32 can hold, not '1'"},
           {R"([{"type":"s","value":5}])",
            "argument 1 of '/x': type s needs a string without NUL, not 5"},
           {R"([{"type":"b","value":"?"}])",
            "argument 1 of '/x': type b needs base64, a Buffer or an array of bytes, not '?'"},
           {R"([{"type":"Buffer","data":[256]}])",
            "argument 1 of '/x': type b needs base64, a Buffer or an array of bytes, not an "
            "object"},
           {R"([{"type":"c","value":"ab"}])",
            "argument 1 of '/x': type c needs one character or its code, not 'ab'"},
           {R"([{"type":"m","value":[1,2,3]}])",
            "argument 1 of '/x': type m needs 4 bytes, or port, status, data1 and data2, "
            "not an array"},
           {R"([{"type":"r","value":{"r":1,"g":2,"b":3,"a":2}}])",
            "argument 1 of '/x': type r needs r, g and b from 0 to 255 and a from 0 to 1, or red, "
            "green, blue and alpha from 0 to 255, not an object"},
           {R"([{"type":"r","value":{"red":1,"green":2,"blue":256}}])",
            "argument 1 of '/x': type r needs r, g and b from 0 to 255 and a from 0 to 1, or red, "
            "green, blue and alpha from 0 to 255, not an object"},
           {R"([{"type":"h","value":"9223372036854775808"}])",
            "argument 1 of '/x': type h needs a whole number of 64 bits or its digits in a string, "
            "not '9223372036854775808'"},
           {R"([{"type":"boolean","value":"yes"}])",
            "argument 1 of '/x': type boolean needs true or false, not 'yes'"},
           {R"([{"type":"array","value":1}])",
            "argument 1 of '/x': type array needs an array, not 1"},
       }) {
    EXPECT_EQ(arguments(json), "refused: " + expected) << json;
  }
}

TEST(FromJson, KeepsTheGoodAroundTheBad) {
  EXPECT_EQ(read(R"([["/a"],7,{"address":""},["/c",{}],["/d"]])"),
            R"({"address":"/a","args":[]}{"address":"/d","args":[]})"
            R"(refused: item 2: 7 is neither {"address","args"} nor a bundle)"
            "refused: item 3: the address is empty"
            R"(refused: item 4: argument 1 of '/c': an object without "type")");
  EXPECT_EQ(read(R"([{"packets":[["/a"],{"address":""},{"packets":[{"address":""}]}]}])"),
            R"({"timeTag":"1","packets":[{"address":"/a","args":[]}]})"
            "refused: item 1.2: the address is empty"
            "refused: item 1.3.1: the address is empty");
  EXPECT_EQ(read(R"({"packets":[{"address":""}]})"), "refused: item 1: the address is empty");
}

TEST(FromJson, IsBounded) {
  const auto repeated = [](std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
      out += text;
    return out;
  };
  EXPECT_EQ(arguments("[1" + repeated(",1", max_arguments) + "]"),
            "refused: argument 16385 of '/x': too many arguments");
  EXPECT_EQ(read(R"({"packets":[5)" + repeated(",5", max_elements) + "]}"),
            "refused: a bundle has too many elements");
  const std::string open = R"({"packets":[)";
  EXPECT_EQ(
      from_json(repeated(open, max_depth) + R"(["/a"])" + repeated("]}", max_depth)).packets.size(),
      1U);
  EXPECT_EQ(read(repeated(open, max_depth + 1) + R"(["/a"])" + repeated("]}", max_depth + 1)),
            "refused: item 1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1: bundles are nested too deeply");
  const std::string array = R"({"type":"array","value":[)";
  const auto nested = [&](std::size_t depth) {
    return arguments("[" + repeated(array, depth) + repeated("]}", depth) + "]");
  };
  EXPECT_EQ(nested(max_depth), repeated(array, max_depth) + repeated("]}", max_depth));
  EXPECT_EQ(nested(max_depth + 1), "refused: argument 1 of '/x': arrays are nested too deeply");
  EXPECT_EQ(read(repeated("[", 100'000)), "refused: not JSON, or nested deeper than 80 levels");
  EXPECT_EQ(read(std::string(max_json_size + 1, ' ')),
            "refused: JSON of 4194305 bytes is longer than 4194304");
}

}  // namespace
}  // namespace roomwire::osc
