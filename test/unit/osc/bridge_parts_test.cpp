// The small parts of a bridge, each alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "osc/address_rules.hpp"
#include "osc/fair_queue.hpp"
#include "osc/loop_guard.hpp"
#include "osc/newest_value.hpp"

namespace roomwire::osc {
namespace {

using testing::ElementsAre;

TEST(AddressMap, RenamesWholePartsAtTheBeginning) {
  const auto map = AddressMap::parse("/fader=/ch");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->apply("/fader"), "/ch");
  EXPECT_EQ(map->apply("/fader/1"), "/ch/1");
  EXPECT_EQ(map->apply("/faders"), std::nullopt);
  EXPECT_EQ(map->apply("/x/fader"), std::nullopt);
}

TEST(AddressMap, TheRootIsAnEndToo) {
  EXPECT_EQ(AddressMap::parse("/=/desk")->apply("/fader/1"), "/desk/fader/1");
  EXPECT_EQ(AddressMap::parse("/desk=/")->apply("/desk/fader"), "/fader");
  EXPECT_EQ(AddressMap::parse("/desk=/")->apply("/desk"), "/");
}

TEST(AddressMap, RefusesWhatIsNone) {
  for (const char* bad : {"", "/a", "/a=", "=/b", "/a=#bundle"})
    EXPECT_FALSE(AddressMap::parse(bad)) << bad;
}

TEST(AddressMap, GivesGearTheAddressesThatItHas) {
  const auto map = AddressMap::parse("/node=node");
  EXPECT_EQ(map->apply("/node"), "node");
  EXPECT_EQ(map->reversed().apply("node"), "/node");
  EXPECT_EQ(map->reversed().apply("/node"), std::nullopt);
  EXPECT_EQ(AddressMap::parse("/=/desk")->apply("node"), std::nullopt);
}

TEST(AddressFilter, JudgesAddressesWithoutASlashToo) {
  const AddressFilter denies{{}, {*osc::Pattern::parse("/secret")}};
  EXPECT_FALSE(denies.passes("secret")) << "some receivers take it for /secret";
  EXPECT_TRUE(denies.passes("node"));
  const AddressFilter denies_all{{}, {*osc::Pattern::parse("//")}};
  EXPECT_FALSE(denies_all.passes("node"));
  const AddressFilter allows{{*osc::Pattern::parse("/node")}, {}};
  EXPECT_FALSE(allows.passes("node"));
  const AddressFilter allows_it{{*osc::Pattern::parse("no?e")}, {}};
  EXPECT_TRUE(allows_it.passes("node"));
}

TEST(AddressRules, TheFilterSeesTheAddressAsItCame) {
  AddressRules rules;
  rules.filter.deny.push_back(*osc::Pattern::parse("/new"));
  rules.maps.push_back(*AddressMap::parse("/old=/new"));
  EXPECT_EQ(rules.apply("/old"), "/new");
  EXPECT_EQ(rules.apply("/new"), std::nullopt);
}

TEST(AddressMap, HasNoWildcards) {
  for (const char* text : {"/p/*=/q", "/p=/q?", "/a//=/b", "/{a,b}=/c"}) {
    const auto map = AddressMap::parse(text);
    ASSERT_FALSE(map) << text;
    EXPECT_THAT(map.error().message, testing::HasSubstr("wildcards")) << text;
  }
}

TEST(AddressFilter, WhatItCannotJudgeDoesNotPass) {
  const std::string longer = "/open/" + std::string(osc::Pattern::max_address_size, 'a');
  const AddressFilter none;
  const AddressFilter denies{{}, {*osc::Pattern::parse("/secret")}};
  const AddressFilter allows{{*osc::Pattern::parse("/open//")}, {}};
  const AddressFilter allows_all{{*osc::Pattern::parse("//")}, {}};
  for (const std::string& address :
       {std::string("/secre?"), std::string("/sec*"), std::string("/[s]ecret"),
        std::string("//secret"), std::string("/{secret,open}"), std::string("/open/*"), longer}) {
    EXPECT_TRUE(none.passes(address)) << address;
    EXPECT_FALSE(denies.passes(address)) << address;
    EXPECT_FALSE(allows.passes(address)) << address;
    EXPECT_TRUE(allows_all.passes(address)) << address;
  }
  EXPECT_TRUE(denies.passes("/open/1"));
  EXPECT_TRUE(allows.passes("/open/1"));
}

TEST(NewestValue, GivesEachNameOneValueAnInterval) {
  NewestValue<int> limit(10ms);
  Time now{1s};
  std::vector<int> given;
  for (int i = 0; i < 50; ++i) {  // one every 2 ms for 100 ms
    if (const auto value = limit.offer(now, "x", i)) given.push_back(*value);
    now += 2ms;
    limit.handle_timeout(now, [&](int value) { given.push_back(value); });
  }
  limit.handle_timeout(now + 10ms, [&](int value) { given.push_back(value); });
  EXPECT_EQ(given.front(), 0);
  EXPECT_EQ(given.back(), 49);
  EXPECT_GE(given.size(), 10U);
  EXPECT_LE(given.size(), 12U);
  EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
}

TEST(NewestValue, ForgetsIdleNamesAndIsBounded) {
  NewestValue<int> limit(10ms);
  const Time now{1s};
  std::size_t held_back = 0;
  for (std::size_t i = 0; i < 2 * NewestValue<int>::max_names; ++i) {
    const std::string name = std::to_string(i);
    if (!limit.offer(now, name, 1)) ++held_back;
    if (!limit.offer(now, name, 2)) ++held_back;
  }
  EXPECT_EQ(held_back, NewestValue<int>::max_names);
  limit.handle_timeout(now + 10ms, [](int) {});
  EXPECT_TRUE(limit.offer(now + 50ms, "new", 1));
  EXPECT_FALSE(limit.offer(now + 50ms, "new", 2)) << "there is room again";
}

TEST(FairQueue, SourcesTakeTurnsAndKeepTheirOrder) {
  FairQueue<std::string, int> queue;
  for (int i = 0; i < 3; ++i)
    queue.push("a", i, 10);
  queue.push("b", 7, 5);
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(queue.bytes(), 35U);
  std::vector<int> order;
  while (!queue.empty())
    order.push_back(queue.pop().second);
  EXPECT_THAT(order, ElementsAre(0, 7, 1, 2));
  EXPECT_EQ(queue.bytes(), 0U);
}

Endpoint endpoint(const char* text) {
  return *Endpoint::parse(text);
}

const PeerId us("zzzzUs");
const PeerId near("zzzzNear");
const PeerId far("zzzzFar");

/// Whose it is for certain; `?` before the name of one that only says so.
std::string sender(const LoopGuard& guard, const char* source) {
  const auto sender = guard.sender(endpoint(source));
  if (!sender) return "";
  return (sender->is_certain ? "" : "?") + sender->bridge.str();
}

TEST(LoopGuard, BelievesABridgeOfThisMachineAndNoOtherOne) {
  LoopGuard ours("this machine", us);
  const LoopGuard same("this machine", near);
  const LoopGuard other("another machine", far);
  const std::vector<IpAddress> local{*IpAddress::parse("127.0.0.1"), *IpAddress::parse("10.0.0.2"),
                                     *IpAddress::parse("::1")};
  EXPECT_TRUE(ours.heard(near, same.announcement(us, {endpoint("0.0.0.0:5000")}, local)));
  EXPECT_TRUE(ours.heard(
      far, other.announcement(us, {endpoint("127.0.0.1:6000"), endpoint("10.0.0.3:6000")}, local)));
  EXPECT_EQ(sender(ours, "127.0.0.1:5000"), "zzzzNear");
  EXPECT_EQ(sender(ours, "10.0.0.2:5000"), "zzzzNear");
  EXPECT_EQ(sender(ours, "[::1]:5000"), "");
  EXPECT_EQ(sender(ours, "127.0.0.1:5001"), "");
  EXPECT_EQ(sender(ours, "127.0.0.1:6000"), "") << "loopback of another machine";
  EXPECT_EQ(sender(ours, "10.0.0.3:6000"), "?zzzzFar");
  ours.gone(far);
  EXPECT_EQ(sender(ours, "10.0.0.3:6000"), "");
}

TEST(LoopGuard, BelievesAFarBridgeWhatItHasProved) {
  const LoopGuard other("another machine", far);
  LoopGuard ours("this machine", us);
  ours.proved(far, endpoint("10.0.0.3:6000"));
  const std::vector<Endpoint> sources{endpoint("10.0.0.3:6000"), endpoint("10.0.0.3:6001")};
  ours.heard(far, other.announcement(us, sources, {}));
  EXPECT_EQ(sender(ours, "10.0.0.3:6000"), "?zzzzFar") << "proved by nobody then";
  ours.proved(far, endpoint("10.0.0.3:6000"));
  ours.proved(far, endpoint("10.0.0.9:1"));
  EXPECT_EQ(sender(ours, "10.0.0.3:6000"), "zzzzFar");
  EXPECT_EQ(sender(ours, "10.0.0.3:6001"), "?zzzzFar");
  EXPECT_EQ(sender(ours, "10.0.0.9:1"), "") << "it never said so";
  ours.heard(far, other.announcement(us, sources, {}));
  EXPECT_EQ(sender(ours, "10.0.0.3:6000"), "zzzzFar") << "still so";
  ours.heard(PeerId("aFirst"), other.announcement(us, sources, {}));
  EXPECT_EQ(sender(ours, "10.0.0.3:6000"), "zzzzFar") << "whoever else says so";
}

TEST(LoopGuard, DoesNotBelieveATokenThatWasHeard) {
  LoopGuard ours("this machine", us);
  const LoopGuard same("this machine", near);
  const std::vector<Endpoint> victim{endpoint("10.0.0.2:7000")};
  // A peer is told ours, and passes it for its own; or hears one of somebody else.
  EXPECT_TRUE(ours.heard(far, ours.announcement(far, victim, {})));
  EXPECT_EQ(sender(ours, "10.0.0.2:7000"), "?zzzzFar");
  EXPECT_TRUE(ours.heard(far, same.announcement(far, victim, {})));
  EXPECT_EQ(sender(ours, "10.0.0.2:7000"), "?zzzzFar");
  EXPECT_TRUE(ours.is_far(far));
  EXPECT_TRUE(ours.knows_far_ones());
}

TEST(LoopGuard, KnowsALinkLocalAddressByWhateverInterfaceItComes) {
  const LoopGuard there("there", far);
  LoopGuard here("here", us);
  ASSERT_TRUE(here.heard(far, there.announcement(us, {endpoint("[fe80::1%7]:50000")}, {})));
  here.proved(far, endpoint("[fe80::1%2]:50000"));
  EXPECT_EQ(sender(here, "[fe80::1%2]:50000"), "zzzzFar");
  EXPECT_EQ(sender(here, "[fe80::2%7]:50000"), "");
  EXPECT_TRUE(here.is_bridge(far));
}

TEST(LoopGuard, ForgetsWhatABridgeNoLongerSays) {
  LoopGuard guard("x", us);
  EXPECT_TRUE(guard.heard(far, R"({"host":"x","sendsFrom":["1.2.3.4:5"]})"));
  EXPECT_TRUE(guard.heard(far, R"({"host":"x","sendsFrom":["1.2.3.4:6"]})"));
  EXPECT_EQ(sender(guard, "1.2.3.4:5"), "");
  EXPECT_EQ(sender(guard, "1.2.3.4:6"), "?zzzzFar");
}

TEST(LoopGuard, IsBoundedAndUnmovedByNonsense) {
  LoopGuard guard("x", us);
  for (const char* bad : {"", "[]", "{}", R"({"host":1})", R"({"host":"x","sendsFrom":5})"})
    EXPECT_FALSE(guard.heard(far, bad)) << bad;
  EXPECT_FALSE(guard.is_bridge(far));
  EXPECT_TRUE(guard.heard(far, R"({"host":"x","sendsFrom":[1,null,"y","1.2.3.4:5"]})"));
  for (std::size_t i = 1; i < LoopGuard::max_bridges; ++i) {
    EXPECT_TRUE(guard.heard(PeerId(std::to_string(i)), R"({"host":"x","sendsFrom":[]})"));
  }
  EXPECT_FALSE(guard.heard(PeerId("one more"), R"({"host":"x","sendsFrom":[]})"));
  EXPECT_EQ(sender(guard, "1.2.3.4:5"), "?zzzzFar");
}

}  // namespace
}  // namespace roomwire::osc
