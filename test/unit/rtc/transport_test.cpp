// The transport of a connection: its STUN servers, and datagrams that belong to nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rtc/stun.hpp"
#include "rtc/world.hpp"

namespace roomwire::rtc {
namespace {

using ::testing::HasSubstr;

TEST(Transport, LearnsItsAddressFromAStunServer) {
  World world;
  const Endpoint server = endpoint_of("198.51.100.1:3478");
  int asked = 0;
  world.add_server(server, [&](const Endpoint& from, ByteView datagram) -> Bytes {
    const auto request = StunMessage::parse(datagram);
    EXPECT_TRUE(request);
    EXPECT_EQ(from, endpoint_of("192.0.2.1:1000")) << "IPv6 sockets cannot reach it";
    if (++asked == 1) return {};  // The first one is lost.
    StunMessage response;
    response.kind = StunClass::success;
    response.transaction = request->transaction;
    response.mapped_address = endpoint_of("203.0.113.7:4567");
    return response.serialise(std::nullopt);
  });
  world.offerer.connection->create_offer(world.now());
  world.left.transport->add_stun_server(world.now(), server);
  ASSERT_TRUE(world.run_until([&] { return !world.offerer.candidates.empty(); }, 2s));
  const Candidate& learned = world.offerer.candidates[0];
  EXPECT_EQ(learned.type, CandidateType::server_reflexive);
  EXPECT_EQ(learned.endpoint, endpoint_of("203.0.113.7:4567"));
  EXPECT_EQ(learned.related, endpoint_of("192.0.2.1:1000"));

  SimulatedPeer later(world, world.left, IceRole::controlling);
  EXPECT_THAT(later.connection->create_offer(world.now()), HasSubstr("203.0.113.7 4567 typ srflx"));
  world.run_for(60s);
  EXPECT_EQ(asked, 4) << "asked again every 25 s";
  EXPECT_EQ(world.offerer.candidates.size(), 1U) << "and told once";
}

// What it says of a link-local address has no scope, and is still our own address.
TEST(Transport, ALinkLocalStunServerTeachesItNothing) {
  Simulation simulation;
  Simulation::Host& host = simulation.add_host({endpoint_of("[fe80::1%7]:1000")});
  SimulatedPeer peer(simulation, host, IceRole::controlling);
  peer.connection->create_offer(simulation.now());
  int asked = 0;
  simulation.add_server(endpoint_of("[fe80::9%7]:3478"), [&](const Endpoint& from, ByteView query) {
    ++asked;
    StunMessage response;
    response.kind = StunClass::success;
    response.transaction = StunMessage::parse(query)->transaction;
    response.mapped_address = from;
    return response.serialise(std::nullopt);
  });
  host.transport->add_stun_server(simulation.now(), endpoint_of("[fe80::9]:3478"));
  simulation.run_for(5s);
  EXPECT_EQ(asked, 1) << "its answer is known for one";
  EXPECT_TRUE(peer.candidates.empty());
}

TEST(Transport, AsksASilentServerWithGrowingWaits) {
  World world;
  const Endpoint server = endpoint_of("198.51.100.1:3478");
  std::vector<Time> asked;
  world.tap = [&](const Endpoint&, const Endpoint& to, Bytes&) {
    if (to == server) asked.push_back(world.now());
    return true;
  };
  world.left.transport->add_stun_server(world.now(), server);
  world.run_for(31s);
  ASSERT_EQ(asked.size(), 6U);
  EXPECT_EQ(asked[1] - asked[0], 500ms);
  EXPECT_EQ(asked[5] - asked[4], 8s);
}

TEST(Transport, RefusesWhatBelongsToNobody) {
  World world;
  ASSERT_TRUE(world.open());
  const auto handle = [&](ByteView datagram) {
    return world.left.transport->handle_datagram(world.now(), endpoint_of("192.0.2.1:1000"),
                                                 endpoint_of("203.0.113.9:9"), datagram, false);
  };
  EXPECT_FALSE(handle({}));
  EXPECT_FALSE(handle(Bytes(100, 22)));
  EXPECT_FALSE(handle(Bytes(100, 200)));
  EXPECT_FALSE(handle(StunMessage{}.serialise(std::nullopt)));
  StunMessage stray;
  stray.kind = StunClass::success;
  EXPECT_FALSE(handle(stray.serialise(std::nullopt)));
  EXPECT_TRUE(world.offerer.connection->is_open());
}

}  // namespace
}  // namespace roomwire::rtc
