// Two agents and what lies between them.
#include "rtc/ice_network.hpp"

#include <set>

namespace roomwire::rtc {
namespace {

/// Two peers, A at 10.0.0.1 and B at 10.0.0.2, nothing signalled yet.
class IceTest : public ::testing::Test {
 protected:
  void start(IceRole a_role, IceRole b_role, std::uint64_t seed = 1) {
    network = std::make_unique<Network>(seed);
    a = &network->add(a_role);
    b = &network->add(b_role);
  }
  void start() { start(IceRole::controlling, IceRole::controlled); }
  void socket(Peer& peer, std::string_view endpoint, std::uint16_t preference = 65535,
              int cable = 0) {
    network->attach(peer, endpoint, {}, cable);
    peer.agent.add_local_candidate(network->now, host(endpoint, preference));
  }
  void exchange_credentials() {
    a->agent.set_remote_credentials(network->now, b->agent.local_credentials());
    b->agent.set_remote_credentials(network->now, a->agent.local_credentials());
  }
  /// The ordinary case: one address each, everything known to both.
  void connect_plainly() {
    socket(*a, "10.0.0.1:1000");
    socket(*b, "10.0.0.2:2000");
    a->agent.add_remote_candidate(network->now, host("10.0.0.2:2000"));
    b->agent.add_remote_candidate(network->now, host("10.0.0.1:1000"));
    exchange_credentials();
  }
  /// Two addresses each, in two networks that do not know each other; the first is preferred.
  void connect_over_two_networks() {
    socket(*a, "10.0.0.1:1000", 200);
    socket(*a, "[2001:db8::1]:1000", 100);
    socket(*b, "10.0.0.2:2000", 200);
    socket(*b, "[2001:db8::2]:2000", 100);
    a->agent.add_remote_candidate(network->now, host("10.0.0.2:2000", 200));
    a->agent.add_remote_candidate(network->now, host("[2001:db8::2]:2000", 100));
    b->agent.add_remote_candidate(network->now, host("10.0.0.1:1000", 200));
    b->agent.add_remote_candidate(network->now, host("[2001:db8::1]:1000", 100));
    exchange_credentials();
  }
  void expect_same_pair() const {
    ASSERT_TRUE(a->agent.selected());
    ASSERT_TRUE(b->agent.selected());
    EXPECT_EQ(a->agent.selected()->local, b->agent.selected()->remote);
    EXPECT_EQ(a->agent.selected()->remote, b->agent.selected()->local);
  }

  std::unique_ptr<Network> network;
  Peer* a = nullptr;
  Peer* b = nullptr;
};

TEST_F(IceTest, ConnectsInThreeTrips) {
  start();
  connect_plainly();
  network->run_until(ms(10));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_EQ(b->agent.state(), IceState::connected);
  // Check and answer, nomination and answer: with 1 ms each, A knows after 4 and B after 3.
  EXPECT_LE(*a->first(IceState::connected), ms(4));
  EXPECT_LE(*b->first(IceState::connected), ms(4));
  expect_same_pair();
  EXPECT_EQ(a->agent.selected()->local_type, CandidateType::host);
  EXPECT_EQ(a->agent.selected()->remote_type, CandidateType::host);
}

TEST_F(IceTest, AllRolesMeetOnABadNetwork) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const IceRole a_role : {IceRole::controlling, IceRole::controlled}) {
      for (const IceRole b_role : {IceRole::controlling, IceRole::controlled}) {
        SCOPED_TRACE(testing::Message()
                     << "seed " << seed << ", roles " << int(a_role) << int(b_role));
        start(a_role, b_role, seed);
        network->loss = 0.2;
        network->delay_min = 5ms;
        network->delay_max = 120ms;  // Reordered wildly.
        connect_over_two_networks();
        network->run_until(ms(5000));
        EXPECT_EQ(a->agent.state(), IceState::connected);
        EXPECT_EQ(b->agent.state(), IceState::connected);
        expect_same_pair();
      }
    }
  }
}

TEST_F(IceTest, AnsweringIsEnoughUntilTheCredentialsCome) {
  start();
  socket(*a, "10.0.0.1:1000");
  socket(*b, "10.0.0.2:2000");
  // B, the answerer, knows everything; its answer takes 300 ms to A.
  b->agent.add_remote_candidate(network->now, host("10.0.0.1:1000"));
  b->agent.set_remote_credentials(network->now, a->agent.local_credentials());
  network->at_time(ms(300), [&] {
    a->agent.set_remote_credentials(network->now, b->agent.local_credentials());
  });
  network->run_until(ms(400));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_LE(*a->first(IceState::connected), ms(305));  // Without any candidate signalled to A.
  EXPECT_EQ(a->agent.selected()->remote_type, CandidateType::peer_reflexive);
  expect_same_pair();
}

TEST_F(IceTest, CandidatesMayTrickleLate) {
  start();
  exchange_credentials();
  socket(*a, "10.0.0.1:1000");
  network->at_time(ms(12000), [&] { socket(*b, "10.0.0.2:2000"); });
  network->at_time(ms(15000),
                   [&] { a->agent.add_remote_candidate(network->now, host("10.0.0.2:2000")); });
  network->run_until(ms(15020));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_EQ(b->agent.state(), IceState::connected);
}

TEST_F(IceTest, AnAddressTranslatorOnOneSide) {
  for (const bool signalled : {false, true}) {
    start(IceRole::controlled, IceRole::controlling);
    network->attach(*a, "192.168.1.5:1000", "203.0.113.9:40000");
    network->attach(*b, "198.51.100.2:2000");
    a->agent.add_local_candidate(network->now, host("192.168.1.5:1000"));
    b->agent.add_local_candidate(network->now, host("198.51.100.2:2000"));
    if (signalled) {
      a->agent.add_local_candidate(network->now,
                                   reflexive("203.0.113.9:40000", "192.168.1.5:1000"));
    }
    b->agent.add_remote_candidate(network->now, host("192.168.1.5:1000"));
    a->agent.add_remote_candidate(network->now, host("198.51.100.2:2000"));
    exchange_credentials();
    network->run_until(ms(500));
    ASSERT_EQ(a->agent.state(), IceState::connected);
    ASSERT_EQ(b->agent.state(), IceState::connected);
    EXPECT_EQ(b->agent.selected()->remote, at("203.0.113.9:40000"));
    EXPECT_EQ(b->agent.selected()->remote_type, CandidateType::peer_reflexive);
    EXPECT_EQ(a->agent.selected()->local, at("192.168.1.5:1000"));
    EXPECT_EQ(a->agent.selected()->local_type,
              signalled ? CandidateType::server_reflexive : CandidateType::peer_reflexive);
  }
}

TEST_F(IceTest, WaitsALittleForTheBetterPair) {
  start();
  network->extra_delay = [](const Endpoint& from, const Endpoint&) -> Duration {
    return from.address.is_v4() ? 10ms : 0ms;  // The preferred network is a little slower.
  };
  connect_over_two_networks();
  network->run_until(ms(200));
  EXPECT_TRUE(a->agent.selected()->local.address.is_v4());
  expect_same_pair();
}

TEST_F(IceTest, DoesNotWaitLongForTheBetterPair) {
  start();
  network->blocked = [](const Endpoint& from, const Endpoint&) { return from.address.is_v4(); };
  connect_over_two_networks();
  network->run_until(ms(200));
  ASSERT_TRUE(a->agent.selected());
  EXPECT_TRUE(a->agent.selected()->local.address.is_v6());
  EXPECT_LE(*a->first(IceState::connected), ms(50));
  expect_same_pair();
}

TEST_F(IceTest, MovesToAnotherPairWhenTheSelectedOneDies) {
  for (const auto& [a_role, b_role] : {std::pair(IceRole::controlling, IceRole::controlled),
                                       std::pair(IceRole::controlled, IceRole::controlling)}) {
    start(a_role, b_role);
    connect_over_two_networks();
    network->run_until(ms(60000));
    ASSERT_TRUE(a->agent.selected()->local.address.is_v4());
    network->blocked = [](const Endpoint& from, const Endpoint&) { return from.address.is_v4(); };
    network->run_until(ms(120000));
    EXPECT_EQ(a->agent.state(), IceState::connected);
    EXPECT_EQ(b->agent.state(), IceState::connected);
    EXPECT_TRUE(a->agent.selected()->local.address.is_v6());
    EXPECT_FALSE(a->first(IceState::failed) || b->first(IceState::failed));
    expect_same_pair();
  }
}

TEST_F(IceTest, WaitsNoLongerOnASlowNetwork) {
  start();
  network->delay_min = network->delay_max = 300ms;
  network->blocked = [](const Endpoint& from, const Endpoint&) { return from.address.is_v4(); };
  connect_over_two_networks();
  network->run_until(ms(2000));
  // A check and a nomination of 600 ms each, and the longest wait between them.
  ASSERT_TRUE(a->first(IceState::connected));
  EXPECT_LE(*a->first(IceState::connected), ms(1400));
}

TEST_F(IceTest, FindsTheOneWayThatIsLeft) {
  start();
  for (int i = 4; i >= 1; --i) {
    const auto preference = static_cast<std::uint16_t>(i * 100);
    const std::string ours = "10.0." + std::to_string(i) + ".1:1000";
    const std::string theirs = "10.0." + std::to_string(i) + ".2:2000";
    socket(*a, ours, preference);
    socket(*b, theirs, preference);
    a->agent.add_remote_candidate(network->now, host(theirs, preference));
    b->agent.add_remote_candidate(network->now, host(ours, preference));
  }
  const auto net = [](const Endpoint& endpoint) { return endpoint.address.bytes()[2]; };
  bool others_died = false;
  network->blocked = [&](const Endpoint& from, const Endpoint& to) {
    return net(from) != net(to) || (others_died && net(from) != 1);
  };
  network->loss = 0.3;  // So that pairs of all networks have worked once, in any order.
  exchange_credentials();
  network->run_until(ms(5000));
  network->loss = 0;
  network->run_until(ms(30000));
  ASSERT_EQ(a->agent.state(), IceState::connected);
  others_died = true;
  network->run_until(ms(60000));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_EQ(b->agent.state(), IceState::connected);
  EXPECT_EQ(net(a->agent.selected()->local), 1);
  expect_same_pair();
}

TEST_F(IceTest, SaysWithinTenSecondsThatThePeerDied) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    start(IceRole::controlling, IceRole::controlled, seed);
    Peer* survivor = seed % 2 == 0 ? a : b;
    Peer* victim = seed % 2 == 0 ? b : a;
    connect_plainly();
    const Time death = ms(1000) + Duration(network->entropy.below(Duration(20s).count()));
    network->at_time(death, [&] { victim->alive = false; });
    network->run_until(death + 20s);
    EXPECT_EQ(survivor->agent.state(), IceState::failed);
    ASSERT_TRUE(survivor->first(IceState::disconnected));
    ASSERT_TRUE(survivor->first(IceState::failed));
    EXPECT_GT(*survivor->first(IceState::disconnected), death);
    EXPECT_LE(*survivor->first(IceState::disconnected), death + 5500ms);
    EXPECT_LE(*survivor->first(IceState::failed), death + 10s);
    EXPECT_FALSE(survivor->agent.next_timeout());
  }
}

TEST_F(IceTest, StaysConnectedForHoursOnABadNetwork) {
  start();
  network->loss = 0.1;
  network->delay_max = 200ms;
  connect_plainly();
  network->run_until(ms(2 * 3600 * 1000));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_EQ(b->agent.state(), IceState::connected);
  EXPECT_FALSE(a->first(IceState::failed) || b->first(IceState::failed));
  // About one check and one answer every 2.5 s, not a flood.
  EXPECT_LT(a->sent.size(), 10000U);
}

TEST_F(IceTest, RecoversFromAShortSilence) {
  start();
  connect_plainly();
  network->run_until(ms(10000));
  network->loss = 1;
  network->run_until(ms(16500));
  EXPECT_EQ(a->agent.state(), IceState::disconnected);
  network->loss = 0;
  network->run_until(ms(18000));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_EQ(b->agent.state(), IceState::connected);
}

TEST_F(IceTest, AStoppedProcessDoesNotTakeItsPeerForDead) {
  start();
  connect_plainly();
  network->run_until(ms(10000));
  network->now += 30s;  // Nobody ran; what was sent is still to be read.
  a->agent.handle_timeout(network->now);
  EXPECT_EQ(a->agent.state(), IceState::connected);
  network->run_for(1s);
  EXPECT_EQ(a->agent.state(), IceState::connected);
}

TEST_F(IceTest, TrafficIsALifeSignButNoConsent) {
  start();
  connect_plainly();
  network->run_until(ms(10000));
  network->loss = 1;
  for (int t = 10000; t < 25000; t += 100) {
    network->at_time(ms(t), [&] { a->agent.note_traffic(network->now); });
  }
  network->run_until(ms(17000));
  EXPECT_EQ(a->agent.state(), IceState::connected);
  EXPECT_EQ(b->agent.state(), IceState::disconnected);
  network->run_until(ms(25000));
  EXPECT_EQ(a->agent.state(), IceState::failed);
  EXPECT_FALSE(a->first(IceState::disconnected));
}

TEST_F(IceTest, GivesUpWhenNobodyAnswers) {
  start();
  socket(*a, "10.0.0.1:1000");
  a->agent.add_remote_candidate(network->now, host("10.0.0.9:9"));
  network->run_until(ms(40000));
  EXPECT_EQ(a->agent.state(), IceState::waiting);  // Waiting for credentials has no end of ours.
  EXPECT_TRUE(a->sent.empty());
  a->agent.set_remote_credentials(network->now, b->agent.local_credentials());
  network->run_for(29s);
  EXPECT_EQ(a->agent.state(), IceState::waiting);
  network->run_for(2s);
  EXPECT_EQ(a->agent.state(), IceState::failed);
  EXPECT_GT(a->sent.size(), 10U);
  EXPECT_LT(a->sent.size(), 40U);
}

TEST_F(IceTest, AWrongPasswordNeverConnects) {
  start();
  socket(*a, "10.0.0.1:1000");
  socket(*b, "10.0.0.2:2000");
  a->agent.add_remote_candidate(network->now, host("10.0.0.2:2000"));
  b->agent.add_remote_candidate(network->now, host("10.0.0.1:1000"));
  exchange_credentials();
  IceCredentials wrong = b->agent.local_credentials();
  wrong.password.back() = wrong.password.back() == 'a' ? 'b' : 'a';
  a->agent.set_remote_credentials(network->now, wrong);
  network->run_until(ms(40000));
  EXPECT_EQ(a->agent.state(), IceState::failed);
  EXPECT_EQ(b->agent.state(), IceState::failed);
  EXPECT_FALSE(a->first(IceState::connected) || b->first(IceState::connected));
}

TEST_F(IceTest, PairsOnlyWhatCanReachEachOther) {
  start();
  for (const char* local : {"127.0.0.1:1", "10.0.0.1:1", "[::1]:1", "[2001:db8::1]:1"}) {
    socket(*a, local);
  }
  socket(*a, "[fe80::1%7]:1");
  for (const char* remote : {"127.0.0.1:2", "10.0.0.2:2", "[::1]:2", "[2001:db8::2]:2",
                             "[fe80::2]:2", "0.0.0.0:2", "224.0.0.1:2", "10.0.0.2:0"}) {
    a->agent.add_remote_candidate(network->now, host(remote));
  }
  a->agent.set_remote_credentials(network->now, b->agent.local_credentials());
  network->run_until(ms(3000));
  std::set<std::string> ways;
  for (const Datagram& each : a->sent)
    ways.insert(each.local.to_string() + " " + each.remote.to_string());
  EXPECT_EQ(ways, (std::set<std::string>{"127.0.0.1:1 127.0.0.1:2", "10.0.0.1:1 10.0.0.2:2",
                                         "[::1]:1 [::1]:2", "[2001:db8::1]:1 [2001:db8::2]:2",
                                         "[fe80::1%7]:1 [fe80::2%7]:2"}));
}

// Each machine counts its interfaces itself, and candidates do not say what it counted.
TEST_F(IceTest, LinkLocalAddressesAloneMeet) {
  for (const bool signalled : {true, false}) {
    SCOPED_TRACE(signalled ? "both know candidates" : "one is learned from its checks");
    start();
    socket(*a, "[fe80::1%7]:1000");
    socket(*b, "[fe80::2%3]:2000");
    if (signalled) a->agent.add_remote_candidate(network->now, host("[fe80::2]:2000"));
    b->agent.add_remote_candidate(network->now, host("[fe80::1]:1000"));
    exchange_credentials();
    network->run_until(ms(200));
    ASSERT_EQ(a->agent.state(), IceState::connected);
    ASSERT_EQ(b->agent.state(), IceState::connected);
    EXPECT_EQ(a->agent.selected()->local, at("[fe80::1%7]:1000"));
    EXPECT_EQ(a->agent.selected()->remote, at("[fe80::2%7]:2000"));
    EXPECT_EQ(b->agent.selected()->remote, at("[fe80::1%3]:1000"));
    EXPECT_EQ(a->agent.selected()->local_type, CandidateType::host);
    EXPECT_EQ(a->agent.selected()->remote_type,
              signalled ? CandidateType::host : CandidateType::peer_reflexive);
  }
}

// The prefix is that of every cable, and so may be the whole address (VLANs of one card).
TEST_F(IceTest, LinkLocalAddressesOfTwoCablesStayApart) {
  for (const std::string second : {"fe80::1", "fe80::11"}) {
    for (const int common : {1, 2}) {
      SCOPED_TRACE(second + ", on cable " + std::to_string(common));
      start();
      socket(*a, "[fe80::1%7]:1000", 200, 1);
      socket(*a, "[" + second + "%8]:1001", 100, 2);
      socket(*b, "[fe80::2%7]:2000", 200, common);
      a->agent.add_remote_candidate(network->now, host("[fe80::2]:2000"));
      exchange_credentials();
      network->run_until(ms(1000));
      ASSERT_EQ(a->agent.state(), IceState::connected);
      ASSERT_EQ(b->agent.state(), IceState::connected);
      EXPECT_EQ(a->agent.selected()->remote,
                at(common == 1 ? "[fe80::2%7]:2000" : "[fe80::2%8]:2000"));
    }
  }
}

TEST_F(IceTest, LinkLocalAddressesBesideIpv4DoNotDelayThem) {
  for (const IceRole ours : {IceRole::controlling, IceRole::controlled}) {
    start(ours, ours == IceRole::controlling ? IceRole::controlled : IceRole::controlling);
    socket(*a, "10.0.0.1:1000", 200);
    socket(*a, "[fe80::1%7]:1001", 100);
    socket(*b, "10.0.0.2:2000", 100);
    socket(*b, "[fe80::2%3]:2001", 200);  // The peer prefers it, as node-datachannel does.
    for (const char* remote : {"10.0.0.2:2000", "[fe80::2]:2001"})
      a->agent.add_remote_candidate(network->now, host(remote));
    for (const char* remote : {"10.0.0.1:1000", "[fe80::1]:1001"})
      b->agent.add_remote_candidate(network->now, host(remote));
    exchange_credentials();
    network->run_until(ms(200));
    EXPECT_EQ(a->agent.state(), IceState::connected);
    EXPECT_EQ(b->agent.state(), IceState::connected);
  }
}

}  // namespace
}  // namespace roomwire::rtc
