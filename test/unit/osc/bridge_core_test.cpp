#include "osc/bridge_core.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "base/encoding.hpp"
#include "osc/codec.hpp"

namespace roomwire::osc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Port final : BridgePort {
  bool send_osc(const std::string& channel, ByteView packet) override {
    const auto read = osc::decode(packet);
    std::string text = channel + " ";
    osc::append_json(*read.packet, osc::JsonForm::typed, text);
    osc.push_back(text);
    return has_end;
  }
  bool is_congested() const override { return congested; }
  void send_room(const std::string& channel, std::string json) override {
    room.push_back(channel + " " + json);
  }
  void acknowledge(const PeerId& peer, const std::string&) override { acks.push_back(peer.str()); }
  void on_passed(bool to_osc, const std::string&, const osc::Message& message) override {
    passed.push_back((to_osc ? "> " : "< ") + message.address);
  }

  void on_hint(const std::string& line) override { hints.push_back(line); }
  void on_sloppy(const std::string& line) override { sloppy.push_back(line); }

  bool has_end = true;
  bool congested = false;
  std::vector<std::string> osc;
  std::vector<std::string> room;
  std::vector<std::string> acks;
  std::vector<std::string> passed;
  std::vector<std::string> hints;
  std::vector<std::string> sloppy;
};

// What arrives at the OSC end, as the typed JSON of one message.
std::string message(const std::string& address, int value) {
  return R"(osc {"address":")" + address + R"(","args":[{"type":"i","value":)" +
         std::to_string(value) + "}]}";
}

class OscBridgeTest : public testing::Test {
 protected:
  BridgeCore& bridge() {
    if (!bridge_) bridge_.emplace(options, port, drops);
    return *bridge_;
  }
  void from_room(const std::string& json, const std::string& peer = "alice") {
    bridge().from_room(now, PeerId(peer), "osc", *Json::parse(json));
  }
  bool from_osc(const osc::Packet& packet) {
    Bytes bytes;
    EXPECT_TRUE(osc::encode(packet, bytes));
    return bridge().from_osc(now, "osc", "127.0.0.1:5", bytes);
  }
  static osc::Pattern pattern(const char* text) { return *osc::Pattern::parse(text); }
  static osc::Message fader(int value) { return {"/fader", {std::int32_t{value}}}; }

  BridgeOptions options;
  Port port;
  std::vector<std::string> told;
  DropCounter drops{[this](const std::string& line) { told.push_back(line); }};
  Time now{1h};

 private:
  std::optional<BridgeCore> bridge_;
};

TEST_F(OscBridgeTest, AMessageOfTheRoomBecomesAPacket) {
  from_room(R"({"address":"/a","args":[1]})");
  EXPECT_THAT(port.osc, ElementsAre(message("/a", 1)));
  EXPECT_THAT(port.acks, ElementsAre("alice"));
  EXPECT_THAT(port.passed, ElementsAre("> /a"));
  EXPECT_EQ(bridge().stats().to_osc, 1U);
  EXPECT_EQ(bridge().stats().last_address, "/a");
}

TEST_F(OscBridgeTest, BytesAreTakenAsAPacket) {
  Bytes bytes;
  ASSERT_TRUE(osc::encode(fader(3), bytes));
  bridge().from_room(now, PeerId("alice"), "osc", bytes);
  EXPECT_THAT(port.osc, ElementsAre(message("/fader", 3)));
}

TEST_F(OscBridgeTest, NonsenseIsToldThingByThingAndTheGoodPasses) {
  from_room(R"([{"address":"","args":[]},{"address":"/good","args":[7]}])");
  from_room(R"({"address":5})", "mallory");
  from_room("42", "mallory");
  bridge().from_room(now, PeerId("mallory"), "osc", std::string("hello"));
  EXPECT_THAT(port.osc, ElementsAre(message("/good", 7)));
  from_room("42", "mallory");
  ASSERT_EQ(told.size(), 4U);
  EXPECT_THAT(told[0], testing::AllOf(testing::HasSubstr("empty"), testing::HasSubstr("alice")));
  EXPECT_THAT(told[1], testing::HasSubstr("5"));
  EXPECT_THAT(told[2], testing::AllOf(testing::HasSubstr("42"), testing::HasSubstr("mallory")));
  EXPECT_THAT(told[3], testing::HasSubstr("'hello'"));
  ASSERT_EQ(bridge().next_timeout(), now + 30s);
  bridge().handle_timeout(now + 30s);
  ASSERT_EQ(told.size(), 5U);
  EXPECT_THAT(told[4], testing::HasSubstr("dropped 1 more time: 42 "));
  EXPECT_EQ(drops.counts().at("bad address"), 2U);
  EXPECT_EQ(drops.counts().at("not OSC"), 3U);
}

TEST_F(OscBridgeTest, TheAnswerOfTheDocumentedScriptIsNoNonsense) {
  bridge().from_room(now, PeerId("alice"), "osc", std::string("osc sent!"));
  EXPECT_EQ(drops.total(), 0U);
  EXPECT_THAT(port.osc, IsEmpty());
  EXPECT_THAT(port.acks, IsEmpty());
}

TEST_F(OscBridgeTest, RulesHoldInTheirDirectionAlsoInsideBundles) {
  options.to_osc.filter.allow.push_back(pattern("/synth//"));
  options.to_osc.filter.deny.push_back(pattern("/synth/secret"));
  options.to_osc.maps.push_back(*AddressMap::parse("/synth=/s"));
  from_room(R"({"address":"/synth/a","args":[1]})");
  from_room(R"({"address":"/other","args":[1]})");
  from_room(R"({"timeTag":"1","packets":[{"address":"/synth/secret"},{"address":"/synth/b"}]})");
  from_room(R"({"timeTag":"1","packets":[{"address":"/synth/secret"}]})");
  EXPECT_THAT(port.osc,
              ElementsAre(message("/s/a", 1),
                          R"(osc {"timeTag":"1","packets":[{"address":"/s/b","args":[]}]})"));
  EXPECT_EQ(drops.counts().at("denied"), 3U);

  from_osc(osc::Message{"/other", {}});
  EXPECT_THAT(port.room, ElementsAre(R"(osc {"address":"/other","args":[]})"));
}

TEST_F(OscBridgeTest, OnlyThePeersAskedForAreHeard) {
  options.from = {"ali"};
  from_room(R"({"address":"/a"})", "alice");
  from_room(R"({"address":"/b"})", "bob");
  EXPECT_THAT(port.passed, ElementsAre("> /a"));
  EXPECT_EQ(drops.counts().at("other peer"), 1U);
}

TEST_F(OscBridgeTest, ARateKeepsTheNewestValueOfEachAddress) {
  options.interval = 100ms;
  for (int i = 1; i <= 5; ++i)
    from_room(R"({"address":"/fader","args":[)" + std::to_string(i) + "]}");
  from_room(R"({"address":"/other","args":[9]})");
  EXPECT_THAT(port.osc, ElementsAre(message("/fader", 1), message("/other", 9)));
  ASSERT_EQ(bridge().next_timeout(), now + 100ms);
  now += 100ms;
  bridge().handle_timeout(now);
  EXPECT_EQ(port.osc.back(), message("/fader", 5));
  EXPECT_FALSE(bridge().next_timeout());

  for (int i = 1; i <= 3; ++i)
    from_osc(fader(i));
  EXPECT_EQ(port.room.size(), 1U);
  now += 100ms;
  bridge().handle_timeout(now);
  EXPECT_EQ(port.room.back(), R"(osc {"address":"/fader","args":[3]})");
}

TEST_F(OscBridgeTest, ABundlePassesTheRateAndWhatIsOlderGoesNoMore) {
  options.interval = 1s;
  from_room(R"({"address":"/f","args":[1]})");
  from_room(R"({"address":"/f","args":[2]})");
  from_room(R"({"timeTag":"1","packets":[{"address":"/f","args":[3]}]})");
  now += 10s;
  bridge().handle_timeout(now);
  EXPECT_EQ(port.osc.size(), 2U);
  EXPECT_THAT(port.osc.back(), testing::HasSubstr(R"("value":3)"));

  from_osc(osc::Message{"/g", {std::int32_t{1}}});
  from_osc(osc::Message{"/g", {std::int32_t{2}}});
  from_osc(osc::Bundle{osc::TimeTag{99}, {osc::Message{"/g", {std::int32_t{3}}}}});
  now += 10s;
  bridge().handle_timeout(now);
  EXPECT_EQ(port.room.size(), 2U);
  EXPECT_THAT(port.room.back(), testing::HasSubstr("[3]"));
}

TEST_F(OscBridgeTest, AtTheEndWhatTheRateKeptIsSentAndWhatHasItsTimeToComeIsCounted) {
  options.interval = 1s;
  options.bundle_timing = true;
  bridge().set_epoch(0ns);
  from_room(R"({"address":"/f","args":[1]})");
  from_room(R"({"address":"/f","args":[2]})");
  const osc::TimeTag later{(std::uint64_t{2'208'988'800 + 3605}) << 32};
  from_room(R"({"timeTag":")" + std::to_string(later.ntp) +
            R"(","packets":[{"address":"/f","args":[3]}]})");
  bridge().finish();
  EXPECT_THAT(port.osc, ElementsAre(message("/f", 1), message("/f", 2)));
  EXPECT_EQ(drops.counts().at("left before its time"), 1U);
  EXPECT_EQ(bridge().next_timeout(), std::nullopt);
}

TEST_F(OscBridgeTest, NobodyIsToldThatAMessageWasSentWhichNoEndTook) {
  port.has_end = false;
  from_room(R"({"address":"/a"})");
  EXPECT_THAT(port.acks, IsEmpty());
}

TEST_F(OscBridgeTest, SaysWhetherSomethingPassed) {
  options.to_room.filter.deny.push_back(pattern("/secret"));
  EXPECT_TRUE(from_osc(fader(1)));
  EXPECT_FALSE(from_osc(osc::Message{"/secret", {}}));
  EXPECT_FALSE(bridge().from_osc(now, "osc", "127.0.0.1:5", Bytes{'g', 'a', 'r', 'b'}));
}

TEST_F(OscBridgeTest, AnArrayOfTooManyMessagesIsCutAndSaidSo) {
  std::string json = "[";
  for (std::size_t i = 0; i < osc::max_json_packets + 2; ++i)
    json += R"(["/a"],)";
  json.back() = ']';
  from_room(json);
  EXPECT_EQ(port.osc.size(), osc::max_json_packets);
  EXPECT_EQ(drops.counts().at("too much"), 1U);
}

TEST_F(OscBridgeTest, ABundleGoesOnWithItsTimeOrWaitsForIt) {
  const osc::TimeTag in_a_second{(std::uint64_t{2'208'988'800 + 3601}) << 32};
  const std::string bundle =
      R"({"timeTag":")" + std::to_string(in_a_second.ntp) + R"(","packets":[{"address":"/a"}]})";
  from_room(bundle);
  ASSERT_EQ(port.osc.size(), 1U);
  EXPECT_THAT(port.osc[0], testing::HasSubstr(std::to_string(in_a_second.ntp)));

  options.bundle_timing = true;
  BridgeCore timed(options, port, drops);
  timed.from_room(now, PeerId("alice"), "osc", *Json::parse(bundle));
  EXPECT_EQ(port.osc.size(), 1U);
  ASSERT_EQ(timed.next_timeout(), now + 1s);
  timed.handle_timeout(now + 999ms);
  EXPECT_EQ(port.osc.size(), 1U);
  timed.handle_timeout(now + 1s);
  EXPECT_EQ(port.osc.size(), 2U);
}

/// A bundle of /a at `seconds` of the test's time, which begins in 1970, with /b within it at
/// `inner`; as typed JSON.
std::string bundle_at(double seconds, double inner) {
  const auto tag = [](double time) {
    return std::to_string(osc::TimeTag::from_unix_seconds(time)->ntp);
  };
  return R"({"timeTag":")" + tag(seconds) +
         R"(","packets":[{"address":"/a","args":[]},{"timeTag":")" + tag(inner) +
         R"(","packets":[{"address":"/b","args":[]}]}]})";
}

TEST_F(OscBridgeTest, TimesOfBundlesAreOfOurClockWhereAsked) {
  options.time_tags = TimeTags::now;
  options.form = osc::JsonForm::typed;
  from_room(bundle_at(77, 78.5));
  EXPECT_THAT(port.osc, ElementsAre("osc " + bundle_at(3600, 3601.5)));
  from_osc(osc::from_json(bundle_at(1e9, 1e9)).packets.at(0));
  EXPECT_THAT(port.room, ElementsAre("osc " + bundle_at(3600, 3600)));
  // Of no time is of no time.
  const std::string immediate = R"({"timeTag":"1","packets":[{"address":"/a","args":[]}]})";
  from_room(immediate);
  EXPECT_EQ(port.osc.back(), "osc " + immediate);
}

TEST_F(OscBridgeTest, TimesOfBundlesAreDroppedWhereAsked) {
  options.time_tags = TimeTags::drop;
  from_room(bundle_at(77, 78.5));
  ASSERT_EQ(port.osc.size(), 1U);
  EXPECT_THAT(port.osc[0], testing::StartsWith(R"(osc {"timeTag":"1","packets")"));
  EXPECT_THAT(port.osc[0], testing::HasSubstr(R"({"timeTag":"1","packets":[{"address":"/b")"));
  from_osc(osc::from_json(bundle_at(77, 78.5)).packets.at(0));
  EXPECT_THAT(port.room, ElementsAre(R"(osc {"address":"/a","args":[]})",
                                     R"(osc {"address":"/b","args":[]})"));
}

TEST_F(OscBridgeTest, ABundleThatHasWaitedLeavesWithTheTimeAtWhichItLeaves) {
  options.bundle_timing = true;
  from_room(bundle_at(3601, 3602));
  from_room(bundle_at(3500, 3501));  // late
  EXPECT_THAT(port.osc, ElementsAre("osc " + bundle_at(3600, 3601)));
  now += 1500ms;
  bridge().handle_timeout(now);
  EXPECT_EQ(port.osc.back(), "osc " + bundle_at(3601.5, 3602.5));
  // Into the room they go as they came.
  options.form = osc::JsonForm::typed;
  BridgeCore typed(options, port, drops);
  Bytes bytes;
  ASSERT_TRUE(osc::encode(osc::from_json(bundle_at(5000, 5001)).packets.at(0), bytes));
  typed.from_osc(now, "osc", "127.0.0.1:5", bytes);
  EXPECT_EQ(port.room.back(), "osc " + bundle_at(5000, 5001));
}

TEST_F(OscBridgeTest, ABundleOfOscBecomesItsMessagesWithTheirTime) {
  const osc::TimeTag later{std::uint64_t{77} << 32};
  from_osc(osc::Bundle{later, {fader(1), osc::Bundle{osc::immediately, {fader(2)}}}});
  EXPECT_THAT(port.room,
              ElementsAre(R"(osc {"address":"/fader","args":[1],"timeTag":"330712481792"})",
                          R"(osc {"address":"/fader","args":[2]})"));
  // Sent back, it is a bundle of that time again.
  from_room(R"({"address":"/fader","args":[1],"timeTag":"330712481792"})");
  EXPECT_THAT(port.osc[0], testing::HasSubstr(R"("timeTag":"330712481792","packets":[)"));
}

TEST_F(OscBridgeTest, TypedBundlesStayWhole) {
  options.form = osc::JsonForm::typed;
  from_osc(osc::Bundle{osc::immediately, {fader(1), fader(2)}});
  ASSERT_EQ(port.room.size(), 1U);
  EXPECT_THAT(port.room[0], testing::HasSubstr(R"({"type":"i","value":2})"));
}

TEST_F(OscBridgeTest, WhileTheEndsAreFullPeersTakeTurns) {
  port.congested = true;
  for (int i = 0; i < 100; ++i)
    from_room(R"({"address":"/flood"})", "flood");
  from_room(R"({"address":"/quiet"})", "quiet");
  EXPECT_THAT(port.osc, IsEmpty());
  port.congested = false;
  bridge().resume(now);
  ASSERT_EQ(port.passed.size(), 101U);
  EXPECT_THAT(std::vector(port.passed.begin(), port.passed.begin() + 2),
              testing::Contains("> /quiet"));
}

TEST_F(OscBridgeTest, SaysWhenItHoldsEnough) {
  port.congested = true;
  for (std::size_t i = 0; i < BridgeCore::high_mark; ++i) {
    EXPECT_FALSE(bridge().is_full());
    from_room(R"({"address":"/x"})");
  }
  EXPECT_TRUE(bridge().is_full());
}

TEST_F(OscBridgeTest, WhatIsTooBigForADatagramIsDropped) {
  from_room(R"({"address":"/x","args":[")" + std::string(70'000, 'x') + "\"]}");
  EXPECT_THAT(port.osc, IsEmpty());
  EXPECT_THAT(port.acks, IsEmpty());
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(OscBridgeTest, SloppyOscIsReadCountedAndToldOfOnce) {
  // sclang 3.13 pads blobs with old bytes.
  const Bytes blob = *from_hex("2f6100002c620000000000030102036e");
  for (int i = 0; i < 9; ++i)
    bridge().from_osc(now, "osc", "127.0.0.1:57120", blob);
  EXPECT_EQ(port.room.size(), 9U);
  EXPECT_EQ(bridge().stats().sloppy, 9U);
  EXPECT_THAT(port.sloppy, ElementsAre("sloppy OSC, read all the same: padding that is not zero, "
                                       "from 127.0.0.1:57120"));
  EXPECT_EQ(drops.total(), 0U);
}

TEST_F(OscBridgeTest, AnAddressWithoutASlashGoesBothWays) {
  from_room(R"({"address":"eeg","args":[1]})");
  from_room(R"({"address":"eeg","args":[2]})");
  EXPECT_THAT(port.osc, ElementsAre(message("eeg", 1), message("eeg", 2)));
  EXPECT_THAT(port.hints, ElementsAre(testing::HasSubstr("'eeg' goes out without a /")));
  EXPECT_TRUE(from_osc(osc::Message{"node", {std::int32_t{1}}}));
  EXPECT_THAT(port.room, ElementsAre(R"(osc {"address":"node","args":[1]})"));
  EXPECT_EQ(drops.total(), 0U);
}

TEST_F(OscBridgeTest, AFaderThatWasBetweenItsEndsStaysAFloat) {
  from_room(R"({"address":"/fader","args":[0.99]})");
  from_room(R"({"address":"/fader","args":[1]})", "bob");
  EXPECT_EQ(port.osc.back(), R"(osc {"address":"/fader","args":[{"type":"f","value":1}]})");
}

TEST_F(OscBridgeTest, TheFirst64BitNumberIsHintedAt) {
  for (int i = 0; i < 3; ++i)
    from_room(R"({"address":"/time","args":[1764280000000]})");
  EXPECT_THAT(port.hints, ElementsAre(testing::AllOf(testing::HasSubstr("'/time'"),
                                                     testing::HasSubstr("--wide"))));
}

TEST_F(OscBridgeTest, HintsOfEachThingAndAgainWhileItGoesOn) {
  for (int i = 0; i < 3; ++i) {
    from_room(R"({"address":"eeg","args":[1]})");
    from_room(R"({"address":"gyro","args":[1]})");
  }
  EXPECT_THAT(port.hints,
              ElementsAre(testing::HasSubstr("'eeg' goes"), testing::HasSubstr("'gyro' goes")));
  const Deadline renewal = bridge().next_timeout();
  ASSERT_TRUE(renewal);
  now = *renewal;
  bridge().handle_timeout(now);
  ASSERT_EQ(port.hints.size(), 4U);
  EXPECT_THAT(port.hints[2], testing::EndsWith("; 2 more times"));
}

TEST_F(OscBridgeTest, WhoChoseHowToWriteThemNeedsNoHint) {
  options.wide_is_chosen = true;
  from_room(R"({"address":"/time","args":[1764280000000]})");
  EXPECT_THAT(port.hints, IsEmpty());
  EXPECT_EQ(port.osc.size(), 1U);
}

TEST_F(OscBridgeTest, ArraysOfOscComeBackAsArrays) {
  const osc::Message message{"/a", {osc::Array{{std::int32_t{1}, osc::Array{{0.5F}}}}}};
  from_osc(message);
  ASSERT_EQ(port.room.size(), 1U);
  EXPECT_EQ(port.room[0], R"(osc {"address":"/a","args":[[1,[0.5]]],"types":",[i[f]]"})");
  from_room(port.room[0].substr(4));
  std::string typed = "osc ";
  append_json(message, osc::JsonForm::typed, typed);
  EXPECT_THAT(port.osc, ElementsAre(typed));
}

TEST_F(OscBridgeTest, BytesThatAreNoOscAreDroppedWithTheirSource) {
  bridge().from_osc(now, "osc", "192.168.1.9:53000", Bytes{1, 2, 3});
  EXPECT_THAT(port.room, IsEmpty());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0], testing::HasSubstr("192.168.1.9:53000"));
}

}  // namespace
}  // namespace roomwire::osc
