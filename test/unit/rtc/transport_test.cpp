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

/// What a STUN server says that sees `mapped`.
Bytes answer_to(ByteView query, const Endpoint& mapped) {
  StunMessage response;
  response.kind = StunClass::success;
  response.transaction = StunMessage::parse(query)->transaction;
  response.mapped_address = mapped;
  return response.serialise(std::nullopt);
}

// A process that runs for weeks behind an address that changes every day.
TEST(Transport, OffersTheAddressThatServersSeeNowAndNoOlderOne) {
  World world;
  int asked = 0;
  const auto seen = [&](int n) {
    return Endpoint{IpAddress::v4({203, 0, 113, 7}), std::uint16_t(1000 + n)};
  };
  world.add_server(endpoint_of("198.51.100.1:3478"), [&](const Endpoint&, ByteView query) {
    return answer_to(query, seen(++asked));
  });
  world.left.transport->add_stun_server(world.now(), endpoint_of("198.51.100.1:3478"));
  world.run_for(20min);
  ASSERT_GT(asked, 40);
  SimulatedPeer later(world, world.left, IceRole::controlling);
  const std::string offer = later.connection->create_offer(world.now());
  EXPECT_THAT(offer, HasSubstr("203.0.113.7 " + std::to_string(1000 + asked) + " typ srflx"));
  EXPECT_EQ(offer.find("typ srflx"), offer.rfind("typ srflx")) << offer;
}

TEST(Transport, KeepsAnAddressThatAnotherServerStillSees) {
  World world;
  const Endpoint first = endpoint_of("198.51.100.1:3478");
  const Endpoint second = endpoint_of("198.51.100.2:3478");
  Endpoint seen_by_first = endpoint_of("203.0.113.7:1");
  world.add_server(
      first, [&](const Endpoint&, ByteView query) { return answer_to(query, seen_by_first); });
  world.add_server(second, [&](const Endpoint&, ByteView query) {
    return answer_to(query, endpoint_of("203.0.113.7:1"));
  });
  for (const Endpoint& server : {first, second})
    world.left.transport->add_stun_server(world.now(), server);
  world.run_for(1s);
  seen_by_first = endpoint_of("203.0.113.7:2");
  world.run_for(30s);
  SimulatedPeer later(world, world.left, IceRole::controlling);
  const std::string offer = later.connection->create_offer(world.now());
  EXPECT_THAT(offer, HasSubstr("203.0.113.7 1 typ srflx"));
  EXPECT_THAT(offer, HasSubstr("203.0.113.7 2 typ srflx"));
  world.cut_off(first);
  world.run_for(5min);
  SimulatedPeer last(world, world.left, IceRole::controlling);
  EXPECT_THAT(last.connection->create_offer(world.now()), HasSubstr("203.0.113.7 2 typ srflx"))
      << "a silent server takes nothing back";
}

// Its name leads to another address every week.
TEST(Transport, AServerThatMovedMakesRoomForWhereItIsNow) {
  World world;
  for (int i = 1; i <= 40; ++i) {
    const Endpoint server{IpAddress::v4({198, 51, 100, std::uint8_t(i)}), 3478};
    world.add_server(server, [](const Endpoint&, ByteView query) {
      return answer_to(query, endpoint_of("203.0.113.7:4567"));
    });
    world.left.transport->add_stun_server(world.now(), server);
    world.run_for(1min);
    world.cut_off(server);
    world.run_for(5min);
  }
  int asked = 0;
  const Endpoint last = endpoint_of("198.51.100.99:3478");
  world.add_server(last, [&](const Endpoint&, ByteView query) {
    ++asked;
    return answer_to(query, endpoint_of("203.0.113.7:9"));
  });
  world.left.transport->add_stun_server(world.now(), last);
  world.run_for(1s);
  EXPECT_EQ(asked, 1);
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
