#include "dmx/message.hpp"

#include <gtest/gtest.h>

#include <random>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

/// The updates as JSON with channels from 0, and behind them what was refused.
std::string read(const Payload& message, ChannelBase base = ChannelBase::zero) {
  const FromRoom read = read_levels(message, base);
  std::string out = write_levels(read.updates, ChannelBase::zero);
  for (const Refusal& refusal : read.refused.kept)
    out += " refused: " + refusal.reason;
  return out;
}

std::string read_json(const char* json, ChannelBase base = ChannelBase::zero) {
  return read(Json::parse(json).value(), base);
}

TEST(ReadLevels, TakesTheDocumentedArray) {
  EXPECT_EQ(read_json(R"([{"channel":0,"value":255},{"channel":511,"value":1}])"),
            R"([{"channel":0,"value":255},{"channel":511,"value":1}])");
  EXPECT_EQ(read_json(R"({"channel":3,"value":4})"), R"([{"channel":3,"value":4}])");
  EXPECT_EQ(read_json(R"([{"channel":3,"value":4},{"channel":3,"value":5}])"),
            R"([{"channel":3,"value":5}])");
  EXPECT_EQ(read_json("[]"), "[]");
  EXPECT_EQ(read(std::string(R"([{"channel":3,"value":4}])")), R"([{"channel":3,"value":4}])");
}

TEST(ReadLevels, TakesRowsOfValuesAndBytes) {
  const char* row =
      R"([{"channel":0,"value":255},{"channel":1,"value":0},{"channel":2,"value":7}])";
  EXPECT_EQ(read_json("[255,0,7]"), row);
  EXPECT_EQ(read_json("[255,0,7]", ChannelBase::one), row);
  EXPECT_EQ(read(Bytes{255, 0, 7}), row);
  const FromRoom whole = read_levels(Bytes(512, 9), ChannelBase::zero);
  EXPECT_TRUE(whole.updates.at(0).given.all());
  EXPECT_TRUE(whole.updates.at(0).named.none());
  EXPECT_EQ(whole.refused.count, 0U);
  EXPECT_EQ(read(Bytes{}), "[]");
}

TEST(ReadLevels, TakesTheFirst512OfALongRow) {
  const FromRoom bytes = read_levels(Bytes(600, 9), ChannelBase::zero);
  EXPECT_TRUE(bytes.updates.at(0).given.all());
  ASSERT_EQ(bytes.refused.count, 1U);
  EXPECT_EQ(bytes.refused.kept[0].reason,
            "600 values, where a universe has 512: the last 88 are left out");
  std::string row = "[1";
  for (int i = 1; i < 513; ++i)
    row += ",1";
  const FromRoom json = read_levels(Json::parse(row + "]").value(), ChannelBase::zero);
  EXPECT_TRUE(json.updates.at(0).given.all());
  EXPECT_EQ(json.refused.kept.at(0).kind, RefusalKind::limit);
}

TEST(ReadLevels, TakesABlackout) {
  const FromRoom read = read_levels(
      Json::parse(R"([{"type":"blackout"},{"channel":1,"value":2}])").value(), ChannelBase::zero);
  ASSERT_EQ(read.updates.size(), 1U);
  EXPECT_TRUE(read.updates[0].given.all());
  Slots expected{};
  expected[1] = 2;
  EXPECT_EQ(read.updates[0].values, expected);
}

TEST(ReadLevels, TakesUniverses) {
  const char* five = R"([{"universe":5,"channels":[{"channel":1,"value":9}]}])";
  EXPECT_EQ(read_json(R"({"universe":5,"channels":[{"channel":1,"value":9}]})"), five);
  EXPECT_EQ(read_json(R"({"universe":"0.0.5","channels":{"1":9}})"), five);
  EXPECT_EQ(read_json(R"({"universe":"5","channel":1,"value":9})"), five);
  EXPECT_EQ(read_json(R"({"universe":5,"channels":{"2":9}})", ChannelBase::one), five);
  EXPECT_EQ(read_json(R"([{"universe":1,"channels":[1]},{"channel":7,"value":3},
                          {"universe":2,"channels":{"0":2}},{"universe":1,"channel":1,"value":4}])"),
            R"([{"universe":1,"channels":[{"channel":0,"value":1}]},)"
            R"({"channels":[{"channel":7,"value":3}]},)"
            R"({"universe":2,"channels":[{"channel":0,"value":2}]},)"
            R"({"universe":1,"channels":[{"channel":1,"value":4}]}])");
  // What stands later counts, whether it is said to one universe or to all.
  EXPECT_EQ(read_json(R"([{"universe":1,"channels":[1]},{"channel":0,"value":5},
                          {"universe":1,"channels":[7]},{"universe":1,"channels":{"1":8}}])"),
            R"([{"universe":1,"channels":[{"channel":0,"value":1}]},)"
            R"({"channels":[{"channel":0,"value":5}]},)"
            R"({"universe":1,"channels":[{"channel":0,"value":7},{"channel":1,"value":8}]}])");
  const FromRoom dark =
      read_levels(Json::parse(R"({"universe":3,"type":"blackout"})").value(), ChannelBase::zero);
  ASSERT_EQ(dark.updates.size(), 1U);
  EXPECT_EQ(dark.updates[0].universe->number(), 3);
  EXPECT_TRUE(dark.updates[0].given.all());
}

TEST(ReadLevels, TellsRowsFromNamedChannels) {
  const auto named =
      read_levels(Json::parse(R"({"universe":1,"channels":{"0":1}})").value(), ChannelBase::zero);
  EXPECT_TRUE(named.updates.at(0).named[0]);
  const auto row =
      read_levels(Json::parse(R"({"universe":1,"channels":[1]})").value(), ChannelBase::zero);
  EXPECT_TRUE(row.updates.at(0).named.none());
}

TEST(ReadLevels, RoundsFractions) {
  EXPECT_EQ(read_json("[127.5, 0.2, 254.9, 3.0]"),
            R"([{"channel":0,"value":128},{"channel":1,"value":0},)"
            R"({"channel":2,"value":255},{"channel":3,"value":3}])");
}

TEST(ReadLevels, ClampsWhatIsBeyondTheEnds) {
  const FromRoom read =
      read_levels(Json::parse(R"([{"channel":0,"value":255.4},{"channel":1,"value":-0.2},
                                  {"channel":2,"value":256},{"channel":3,"value":1e300},
                                  {"channel":4,"value":255}])")
                      .value(),
                  ChannelBase::zero);
  EXPECT_EQ(write_levels(read.updates, ChannelBase::zero),
            R"([{"channel":0,"value":255},{"channel":1,"value":0},{"channel":2,"value":255},)"
            R"({"channel":3,"value":255},{"channel":4,"value":255}])");
  EXPECT_EQ(read.refused.count, 0U);
  ASSERT_EQ(read.clamped.count, 4U);
  EXPECT_EQ(read.clamped.kept[0].reason,
            "item 1: channel 0: value 255.4 is taken as 255, which is full");
  EXPECT_EQ(read.clamped.kept[1].reason, "item 2: channel 1: value -0.2 is taken as 0, the least");
}

TEST(ReadLevels, NoticesFractions) {
  const auto looks = [](const char* json) {
    return read_levels(Json::parse(json).value(), ChannelBase::zero).looks_like_fractions;
  };
  EXPECT_TRUE(looks("[0, 0.5, 1]"));
  EXPECT_TRUE(looks(R"({"channel":0,"value":0.25})"));
  EXPECT_FALSE(looks("[0, 1, 0]"));
  EXPECT_FALSE(looks("[0.5, 1, 2]"));
  EXPECT_FALSE(looks("[]"));
}

TEST(ReadLevels, HasAScale) {
  const auto read = [](const char* json, std::uint16_t full) {
    const FromRoom levels = read_levels(Json::parse(json).value(), ChannelBase::zero, full);
    return write_levels(levels.updates, ChannelBase::zero) + " clamped " +
           std::to_string(levels.clamped.count);
  };
  EXPECT_EQ(read("[0, 0.5, 1]", 1), R"([{"channel":0,"value":0},{"channel":1,"value":128},)"
                                    R"({"channel":2,"value":255}] clamped 0)");
  EXPECT_EQ(read("[50, 200]", 100), R"([{"channel":0,"value":128},{"channel":1,"value":255}])"
                                    " clamped 1");
  // Bytes are levels.
  EXPECT_EQ(read_levels(Bytes{7}, ChannelBase::zero, 1).updates.at(0).values[0], 7);
}

TEST(WriteLevels, HasAScale) {
  Update update;
  update.values[0] = 255;
  update.values[1] = 128;
  update.given = SlotSet("111");
  EXPECT_EQ(write_levels({&update, 1}, ChannelBase::zero, 1),
            R"([{"channel":0,"value":1},{"channel":1,"value":0.502},{"channel":2,"value":0}])");
  for (const std::uint16_t full :
       std::initializer_list<std::uint16_t>{1, 2, 9, 10, 100, 254, 255, 256, 1000, 65535}) {
    for (int level = 0; level < 256; ++level) {
      update.values.fill(static_cast<std::uint8_t>(level));
      const auto json = Json::parse(write_levels({&update, 1}, ChannelBase::zero, full)).value();
      const FromRoom read = read_levels(json, ChannelBase::zero, full);
      ASSERT_EQ(read.updates.at(0).values[0], level) << full;
      ASSERT_EQ(read.clamped.count, 0U);
    }
  }
}

TEST(ReadLevels, KeepsTheGoodPartAndNamesTheBad) {
  EXPECT_EQ(
      read_json(R"([{"channel":1,"value":1},{"channel":2,"value":256},{"channel":-1,"value":1},
                          {"channel":513,"value":1},{"channel":1.5,"value":1},{"channel":3},
                          {"value":3},7,{"channel":"x","value":1},{"channel":9,"value":"9"},
                          {"channel":4,"value":2}])"),
      R"([{"channel":1,"value":1},{"channel":2,"value":255},{"channel":4,"value":2}])"
      " refused: item 3: channel -1 is not a whole number from 0 to 511"
      " refused: item 4: channel 513 is not one of 0 to 511"
      " refused: item 5: channel 1.5 is not a whole number from 0 to 511"
      " refused: item 6: a \"channel\" without a \"value\""
      " refused: item 7: an object without a \"channel\""
      " refused: item 8: 7 is not {\"channel\",\"value\"}"
      " refused: item 9: channel 'x' is not a whole number from 0 to 511"
      " refused: item 10: channel 9: value '9' is not a number from 0 to 255");
  EXPECT_EQ(read_json(R"([1,null,"2",300,[1],4])"),
            R"([{"channel":0,"value":1},{"channel":3,"value":255},{"channel":5,"value":4}])"
            " refused: value 2: value null is not a number from 0 to 255"
            " refused: value 3: value '2' is not a number from 0 to 255"
            " refused: value 5: value an array is not a number from 0 to 255");
  EXPECT_EQ(read_json(R"([{"universe":64000,"channels":[1]},{"universe":"a","channels":[1]},
                          {"universe":1,"channels":{"x":1,"5":1}},{"universe":1,"channels":3},
                          {"type":"bang"}])"),
            R"([{"universe":1,"channels":[{"channel":5,"value":1}]}])"
            " refused: item 1: universe 64000 is not one of 0 to 63999"
            " refused: item 2: 'a' is no universe: write a number from 0 to 63999, or for Art-Net "
            "Net.Sub-Net.Universe"
            " refused: item 3: channel 'x' is not a whole number"
            " refused: item 4: \"channels\" is 3, neither an array nor an object"
            " refused: item 5: type 'bang' is not known: there is \"blackout\"");
}

TEST(ReadLevels, NamesTheRemedyForTheOtherBase) {
  const auto refused = [](const char* json, ChannelBase base) {
    const FromRoom read = read_levels(Json::parse(json).value(), base);
    return read.refused.kept.at(0);
  };
  const Refusal from_zero = refused(R"([{"channel":512,"value":1}])", ChannelBase::zero);
  EXPECT_EQ(from_zero.kind, RefusalKind::channel_base);
  EXPECT_NE(from_zero.reason.find("--channel-base 1"), std::string::npos);
  const Refusal from_one = refused(R"({"universe":1,"channels":{"0":1}})", ChannelBase::one);
  EXPECT_EQ(from_one.kind, RefusalKind::channel_base);
  EXPECT_NE(from_one.reason.find("--channel-base 0"), std::string::npos);
  EXPECT_EQ(read_json(R"([{"channel":512,"value":1},{"channel":1,"value":2}])", ChannelBase::one),
            R"([{"channel":0,"value":2},{"channel":511,"value":1}])");
}

TEST(ReadLevels, RefusesWhatIsNoMessageForLights) {
  EXPECT_EQ(read(std::string("hello")),
            "[] refused: 'hello' is not JSON, or nested deeper than 8 levels");
  for (const char* json : {"true", "null", "7", "\"x\"", "{}", "[[[[[[[[[1]]]]]]]]]"}) {
    const FromRoom read = read_levels(Json::parse(json).value(), ChannelBase::zero);
    EXPECT_EQ(read.refused.count, 1U) << json;
    EXPECT_TRUE(read.updates.empty()) << json;
  }
  EXPECT_EQ(read_levels(std::string(max_message_size + 1, ' '), ChannelBase::zero)
                .refused.kept.at(0)
                .kind,
            RefusalKind::limit);
}

TEST(ReadLevels, BoundsUniversesAndReasons) {
  std::string text = "[";
  for (std::size_t i = 0; i < max_message_universes + 40; ++i)
    text += R"({"universe":)" + std::to_string(i) + R"(,"channels":[1]},)";
  text.back() = ']';
  const FromRoom read = read_levels(Json::parse(text).value(), ChannelBase::zero);
  EXPECT_EQ(read.updates.size(), max_message_universes);
  EXPECT_EQ(read.refused.count, 40U);
  EXPECT_EQ(read.refused.kept.size(), Refusals::max_kept);
}

TEST(WriteLevels, IsReadAsTheSame) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::vector<Update> updates(1 + random() % 4);
    for (std::size_t i = 0; i < updates.size(); ++i) {
      if (updates.size() > 1 || random() % 2 == 0) {
        updates[i].universe = RoomUniverse::from_number(static_cast<std::uint32_t>(100 * i));
      }
      for (int left = 1 + static_cast<int>(random() % 20); left > 0; --left) {
        const std::size_t slot = random() % slot_count;
        updates[i].given.set(slot);
        updates[i].values[slot] = static_cast<std::uint8_t>(random());
      }
      updates[i].named = updates[i].given;
    }
    for (const ChannelBase base : {ChannelBase::zero, ChannelBase::one}) {
      const auto json = Json::parse(write_levels(updates, base));
      ASSERT_TRUE(json);
      const FromRoom read = read_levels(*json, base);
      EXPECT_EQ(read.updates, updates);
      EXPECT_EQ(read.refused.count, 0U);
    }
  }
}

}  // namespace
}  // namespace roomwire::dmx
