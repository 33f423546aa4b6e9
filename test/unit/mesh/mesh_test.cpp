#include <gtest/gtest.h>

#include <numeric>

#include "mesh/world.hpp"
#include "signal/names.hpp"
#include "signal/signal_message.hpp"

namespace roomwire::mesh {
namespace {

using Joined = std::set<std::pair<std::string, PeerId>>;

template <class Kind>
std::size_t count(const SimPeer& peer) {
  return static_cast<std::size_t>(
      std::count_if(peer.statuses.begin(), peer.statuses.end(),
                    [](const Status& status) { return std::holds_alternative<Kind>(status); }));
}

std::string text(const MessageReceived& message) {
  const auto* text = std::get_if<std::string>(&message.payload);
  return text != nullptr ? *text : "not a string";
}

class Mesh : public testing::TestWithParam<std::uint64_t> {
 protected:
  /// Both join a room, and see each other there.
  bool meet(SimPeer& a, SimPeer& z) {
    a.join("room");
    z.join("room");
    return world.run_until([&] { return !a.joined.empty() && !z.joined.empty(); }, 5s);
  }

  World world{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, Mesh, testing::Range<std::uint64_t>(1, 9));

TEST_P(Mesh, TwoPeersMeetWithinASecondAndTalkBothWays) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  a.join("room");
  world.run_for(Duration(std::chrono::milliseconds(GetParam() * 37)));
  z.join("room");
  ASSERT_TRUE(world.run_until([&] { return !a.joined.empty() && !z.joined.empty(); }, 1s));
  EXPECT_EQ(a.joined, (Joined{{"room", z.id()}}));
  EXPECT_EQ(count<PeerConnected>(a), 1U);

  ASSERT_TRUE(a.send("room", "chat", "hello"));
  ASSERT_TRUE(z.send("room", "chat", *Json::parse(R"({"b":1.0,"a":[]})")));
  ASSERT_TRUE(z.send("room", "chat", Bytes{0, 255}));
  ASSERT_TRUE(
      world.run_until([&] { return a.messages.size() == 2 && z.messages.size() == 1; }, 1s));
  EXPECT_EQ(text(z.messages[0]), "hello");
  EXPECT_EQ(std::get<Json>(a.messages[0].payload).text(), R"({"b":1.0,"a":[]})");
  EXPECT_EQ(std::get<Bytes>(a.messages[1].payload), (Bytes{0, 255}));
}

TEST_P(Mesh, APeerBehindAFirewallIsToldWithWhatWasTried) {
  world.conditions() = {.loss = 1};
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  a.join("room");
  z.join("room");
  world.run_for(10s);
  for (const auto& [peer, other] : {std::pair(&a, &z), std::pair(&z, &a)}) {
    const auto unmet = peer->mesh().unmet_peers(world.now(), AppId("patchies"), RoomId("room"));
    ASSERT_EQ(unmet.size(), 1U);
    EXPECT_EQ(unmet[0].peer, other->id());
    EXPECT_TRUE(unmet[0].answers);
    EXPECT_GE(unmet[0].heard_for, 9s);
    ASSERT_EQ(unmet[0].tried.first.size(), 1U);
    EXPECT_EQ(unmet[0].tried.first[0],
              (AddressPair{peer->endpoint().to_string(), other->endpoint().to_string()}));
    EXPECT_EQ(unmet[0].reason, "");
  }
  world.run_for(40s);
  for (SimPeer* peer : {&a, &z}) {
    const auto unmet = peer->mesh().unmet_peers(world.now(), AppId("patchies"), RoomId("room"));
    ASSERT_EQ(unmet.size(), 1U);
    EXPECT_NE(unmet[0].reason, "");
    EXPECT_EQ(count<PeerDeaf>(*peer), 0U);
    EXPECT_GE(count<PeerDisconnected>(*peer), 1U);
  }
  world.conditions() = {};
  ASSERT_TRUE(world.run_until([&] { return !a.joined.empty() && !z.joined.empty(); }, 60s));
  EXPECT_TRUE(a.mesh().unmet_peers(world.now(), AppId("patchies"), RoomId("room")).empty());
}

TEST_P(Mesh, OverABadNetworkEveryMessageArrivesInOrder) {
  world.conditions() = {.loss = 0.1, .signal_loss = 0.2, .delay = 20ms, .jitter = 40ms};
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  a.join("room");
  z.join("room");
  ASSERT_TRUE(world.run_until([&] { return !a.joined.empty() && !z.joined.empty(); }, 20s));
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::to_string(i));
    ASSERT_TRUE(a.send("room", "count", sent.back()));
  }
  Bytes large(300'000);
  std::iota(large.begin(), large.end(), std::uint8_t{0});
  ASSERT_TRUE(a.send("room", "count", large));
  ASSERT_TRUE(world.run_until([&] { return z.messages.size() == 201; }, 300s));
  for (std::size_t i = 0; i < 200; ++i)
    EXPECT_EQ(text(z.messages[i]), sent[i]);
  EXPECT_EQ(std::get<Bytes>(z.messages[200].payload), large);
}

TEST_P(Mesh, FourPeersThatJoinAtOnceSeeEachOtherExactlyOnce) {
  std::vector<SimPeer*> peers;
  for (const char* id : {"a", "m", "za", "zb"})
    peers.push_back(&world.add(id));
  for (SimPeer* peer : peers)
    peer->join("room");
  const auto complete = [&] {
    return std::all_of(peers.begin(), peers.end(), [](auto* p) { return p->joined.size() == 3; });
  };
  ASSERT_TRUE(world.run_until(complete, 5s));
  world.run_for(30s);
  for (SimPeer* peer : peers) {
    EXPECT_EQ(peer->joins, 3U) << peer->id().str();
    EXPECT_TRUE(peer->left.empty());
  }
}

TEST_P(Mesh, TwoRoomsShareOneConnection) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  for (SimPeer* peer : {&a, &z}) {
    peer->join("one");
    peer->join("two");
  }
  const Joined both{{"one", z.id()}, {"two", z.id()}};
  ASSERT_TRUE(world.run_until([&] { return a.joined == both && z.joined.size() == 2; }, 5s));
  world.run_for(20s);
  EXPECT_EQ(count<PeerConnected>(a), 1U);
  EXPECT_EQ(count<PeerDisconnected>(a), 0U);
  ASSERT_TRUE(a.send("two", "chat", "here"));
  ASSERT_TRUE(world.run_until([&] { return z.messages.size() == 1; }, 1s));
  EXPECT_EQ(z.messages[0].room.str(), "two");
}

TEST_P(Mesh, LeavingIsSeenAtOnceAndTheRoomCanBeJoinedAgain) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  for (int round = 0; round < 3; ++round) {
    a.leave("room");
    ASSERT_TRUE(world.run_until([&] { return z.joined.empty(); }, 1s));
    ASSERT_TRUE(world.run_until([&] { return !a.rooms_left.empty(); }, 1s));
    a.rooms_left.clear();
    a.joined.clear();
    a.join("room");
    ASSERT_TRUE(world.run_until([&] { return !a.joined.empty() && !z.joined.empty(); }, 10s));
  }
}

TEST_P(Mesh, APeerThatDiesIsMissedWithinTenSeconds) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  world.run_for(GetParam() * 1s);
  SimPeer& dead = GetParam() % 2 == 0 ? a : z;
  SimPeer& other = GetParam() % 2 == 0 ? z : a;
  world.kill(dead);
  EXPECT_TRUE(world.run_until([&] { return !other.left.empty(); }, 10s));
}

TEST_P(Mesh, AMessageThatADeadPeerNeverTookIsNotDelivered) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  world.run_for(1s);
  world.kill(a);
  const bool sends = GetParam() % 2 == 0;
  if (sends) {
    ASSERT_TRUE(z.send("room", "chat", "does not"));
  }
  z.mesh().leave(world.now(), AppId("patchies"), RoomId("room"), 30s);
  z.end_turn();
  ASSERT_TRUE(world.run_until([&] { return !z.rooms_left.empty(); }, 31s));
  EXPECT_EQ(count<Undelivered>(z), sends ? 1U : 0U);
}

TEST_P(Mesh, AnotherPasswordKeepsPeersApartAndSaysSo) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  a.join("room", "right");
  z.join("room", "wrong");
  ASSERT_TRUE(world.run_until([&] { return count<WrongPassword>(z) > 0; }, 10s));
  EXPECT_TRUE(a.joined.empty());
  EXPECT_TRUE(z.joined.empty());
}

TEST_P(Mesh, AnotherPasswordInASharedRoomIsCaughtByTheHandshake) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  a.join("open");
  z.join("open");
  a.join("closed", "right");
  z.join("closed", "wrong");
  const Joined only_open{{"open", z.id()}};
  ASSERT_TRUE(world.run_until([&] { return a.joined == only_open; }, 10s));
  world.run_for(20s);
  EXPECT_EQ(a.joined, only_open);
  EXPECT_EQ(z.joined, (Joined{{"open", a.id()}}));
  EXPECT_GT(count<WrongPassword>(a) + count<WrongPassword>(z), 0U);
}

TEST_P(Mesh, ARelayThatGoesAwayHarmsNobodyAndServesNewcomersWhenItIsBack) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  world.stop_relay();
  world.run_for(30s);
  EXPECT_TRUE(a.left.empty());
  EXPECT_GE(count<RelayFailed>(a), 2U);
  for (const Status& status : a.statuses) {
    const auto* failed = std::get_if<RelayFailed>(&status);
    EXPECT_TRUE(failed == nullptr || failed->kind == RelayUrl::Kind::ws_relay);
  }
  world.start_relay();
  SimPeer& late = world.add("m");
  late.join("room");
  EXPECT_TRUE(world.run_until([&] { return late.joined.size() == 2; }, 70s));
}

TEST_P(Mesh, APassivePeerIsFoundByActiveOnesOnly) {
  SimPeer& a = world.add("a");
  SimPeer& b = world.add("b");
  a.join("room", "", true);
  b.join("room", "", true);
  world.run_for(30s);
  EXPECT_TRUE(a.joined.empty());
  SimPeer& z = world.add("z");
  z.join("room");
  ASSERT_TRUE(world.run_until([&] { return z.joined.size() == 2; }, 10s));
  world.run_for(10s);
  EXPECT_EQ(a.joined, (Joined{{"room", z.id()}}));
}

/// What a peer that does not know of its connection signals, or somebody who writes its name.
void offer_anew(World& world, const SimPeer& from, const SimPeer& to) {
  const AppId app("patchies");
  const RoomId room("room");
  SeededEntropy entropy(world.seed());
  const signal::SignalCipher cipher("", app, room);
  world.publish(signal::self_topic(app, room, to.id()).str(),
                signal::to_json({from.id(), signal::SignalMessage::Kind::offer,
                                 cipher.encrypt("v=0", entropy), "offer"}));
}

TEST_P(Mesh, ALivingConnectionOutlastsWhatIsSignalledInThePeersName) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  for (int i = 0; i < 100; ++i) {
    offer_anew(world, a, z);
    offer_anew(world, z, a);
    world.run_for(1s);
  }
  EXPECT_TRUE(a.left.empty());
  EXPECT_TRUE(z.left.empty());
  EXPECT_EQ(a.joins, 1U);
}

// Anybody can write the offer; the program may be busy and hold the connection all the same.
TEST_P(Mesh, APeerThatComputesForSomeSecondsOutlastsAnOfferInItsName) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  a.mesh().set_receiving(world.now(), false);
  offer_anew(world, a, z);
  world.run_for(9s);
  a.mesh().set_receiving(world.now(), true);
  world.run_for(20s);
  EXPECT_TRUE(z.left.empty());
  EXPECT_TRUE(a.left.empty());
}

// One that does not read answers for ICE and SCTP and nothing else, as a browser does when
// Trystero has dropped the connection.
TEST_P(Mesh, AConnectionThatThePeerGaveUpEndsWhenItOffersAnewAndItIsMetAgain) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  a.mesh().set_receiving(world.now(), false);
  world.run_for(1min);
  EXPECT_TRUE(z.left.empty()) << "nothing is wrong so far";
  offer_anew(world, a, z);
  ASSERT_TRUE(world.run_until([&] { return !z.left.empty(); }, 11s));
  EXPECT_EQ(z.left[0].reason, "it had given this connection up");
  a.mesh().set_receiving(world.now(), true);
  EXPECT_TRUE(world.run_until([&] { return z.joins == 2; }, 30s));
}

TEST_P(Mesh, AProcessThatStoodStillAsksItsPeersWhetherTheyStillKnowIt) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  a.mesh().set_receiving(world.now(), false);
  world.stand_still(15s);
  ASSERT_TRUE(world.run_until([&] { return !z.left.empty(); }, 11s));
  EXPECT_EQ(z.left[0].reason, "it had given this connection up");
}

TEST_P(Mesh, StopsReadingWhenToldToAndLosesNothing) {
  SimPeer& a = world.add("a");
  SimPeer& z = world.add("z");
  ASSERT_TRUE(meet(a, z));
  z.mesh().set_receiving(world.now(), false);
  const Bytes block(100'000, 7);
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(a.send("room", "file", block));
  world.run_for(20s);
  EXPECT_TRUE(z.messages.empty());
  EXPECT_TRUE(a.left.empty());
  z.mesh().set_receiving(world.now(), true);
  EXPECT_TRUE(world.run_until([&] { return z.messages.size() == 40; }, 60s));
}

}  // namespace
}  // namespace roomwire::mesh
