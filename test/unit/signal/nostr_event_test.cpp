#include "signal/nostr_event.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/json_value.hpp"

namespace roomwire::signal {
namespace {

namespace json = boost::json;

json::object object(std::string_view text) {
  return parse_json(text).value().as_object();
}

/// Every event in the captured traffic of real Trystero peers.
std::vector<json::object> captured_events() {
  std::vector<json::object> events;
  for (const auto& file : std::filesystem::directory_iterator(VECTOR_DIR)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const json::object capture = object(text);
    for (const json::value& entry : capture.at("traffic").as_array()) {
      if (entry.at("kind").as_string() != "relay") continue;
      const auto message = parse_json(std::string_view(entry.at("data").as_string()));
      const json::array& parts = message.value().as_array();
      if (parts.at(0) == "EVENT") events.push_back(parts.back().as_object());
    }
  }
  return events;
}

NostrEvent signed_event(std::string content, std::uint64_t seed = 1) {
  SeededEntropy entropy(seed);
  NostrEvent event;
  event.created_at = 1'700'000'000;
  event.kind = 22'943;
  event.tags = {{"x", "topic"}};
  event.content = std::move(content);
  NostrKey::draw(entropy).sign(event);
  return event;
}

TEST(NostrEvent, CapturedEventsParseAndVerify) {
  const auto events = captured_events();
  ASSERT_GE(events.size(), 50U);
  for (const json::object& captured : events) {
    const auto event = parse_event(captured);
    ASSERT_TRUE(event) << json::serialize(captured);
    EXPECT_TRUE(verify(*event)) << json::serialize(captured);
    EXPECT_EQ(event->tags.at(0).at(0), "x");
  }
}

TEST(NostrEvent, AnyChangeToACapturedEventIsNoticed) {
  const NostrEvent good = parse_event(captured_events().at(0)).value();
  std::vector<NostrEvent> tampered(7, good);
  tampered[0].content += ' ';
  tampered[1].created_at += 1;
  tampered[2].kind += 1;
  tampered[3].tags[0][1] += 'x';
  tampered[4].tags.push_back({"x"});
  tampered[5].sig[0] = good.sig[0] == '0' ? '1' : '0';
  tampered[6].id[0] = good.id[0] == '0' ? '1' : '0';
  for (const NostrEvent& event : tampered)
    EXPECT_FALSE(verify(event)) << to_json(event);

  NostrEvent reattributed = signed_event("mine");
  reattributed.pubkey = good.pubkey;
  reattributed.id = event_id(reattributed);
  EXPECT_FALSE(verify(reattributed));

  NostrEvent no_point = good;
  no_point.pubkey = std::string(64, 'f');
  no_point.id = event_id(no_point);
  EXPECT_FALSE(verify(no_point));
}

TEST(NostrEvent, WhatWeSignVerifiesAndSurvivesJson) {
  const std::string every_character = [] {
    std::string text = "żółć 🎛 \xe2\x80\xa8 \x7f";
    for (char c = 0; c < 0x60; ++c)
      text.push_back(c);
    return text;
  }();
  const NostrEvent event = signed_event(every_character);
  EXPECT_TRUE(verify(event));
  const auto again = parse_event(object(to_json(event)));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, event);
}

TEST(NostrEvent, IdsAreTheOnesThatJsonStringifyGives) {
  // Computed with Node: sha256(JSON.stringify([0, pubkey, created_at, kind, tags, content])).
  NostrEvent event;
  event.pubkey = std::string(64, 'a');
  event.created_at = 1'700'000'000;
  event.kind = 20'001;
  event.tags = {{"x", "a\"b\\c"}, {"e"}};
  event.content = std::string("\0\x01\x1f\x7f\b\t\n\v\f\r/", 11) + "ü🎛\xe2\x80\xa8";
  EXPECT_EQ(event_id(event), "70155b32412df4f72d70389b81986af640c38d4416e4724c9ce2d00453e04349");
  event.tags.clear();
  event.content.clear();
  EXPECT_EQ(event_id(event), "a664eb2700299762a41071c8fd960c81d013dab1f3421d3307633ab80fc350fe");
}

TEST(NostrEvent, KeysDifferAndFollowTheEntropy) {
  EXPECT_NE(signed_event("a", 1).pubkey, signed_event("a", 2).pubkey);
  EXPECT_EQ(signed_event("a", 1), signed_event("a", 1));
}

TEST(NostrEvent, RefusesWhatIsNoEvent) {
  const json::object good = object(to_json(signed_event("x")));
  ASSERT_TRUE(parse_event(good));
  const auto with = [&](std::string_view key, const json::value& value) {
    json::object changed = good;
    changed[key] = value;
    return parse_event(changed).has_value();
  };
  for (const auto& [key, value] : good) {
    json::object without = good;
    without.erase(key);
    EXPECT_FALSE(parse_event(without)) << key;
    EXPECT_FALSE(with(key, nullptr)) << key;
    EXPECT_FALSE(with(key, json::array{json::array{1}})) << key;
  }
  EXPECT_FALSE(with("id", json::string(64, 'A')));
  EXPECT_FALSE(with("id", json::string(63, 'a')));
  EXPECT_FALSE(with("sig", json::string(64, 'a')));
  EXPECT_FALSE(with("kind", 65'536));
  EXPECT_FALSE(with("kind", -1));
  EXPECT_FALSE(with("kind", 1.0));
  EXPECT_FALSE(with("created_at", -1));
  EXPECT_FALSE(with("created_at", std::uint64_t{1} << 63));
  EXPECT_FALSE(with("tags", json::array(1, json::array{})));
  EXPECT_FALSE(with("tags", json::array(max_event_tags + 1, json::array{"t"})));
  EXPECT_FALSE(with("tags", json::array(1, json::array(max_event_tag_values + 1, "t"))));
  EXPECT_TRUE(with("more", true));
}

}  // namespace
}  // namespace roomwire::signal
