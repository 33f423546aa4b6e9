#include "rtc/peer_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "rtc/stun.hpp"
#include "rtc/world.hpp"

namespace roomwire::rtc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PeerConnection, OpensAndCarriesMessagesBothWays) {
  World world;
  EXPECT_FALSE(world.offerer.send(as_bytes("too early")));
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.offerer.pair.remote.port, 2000);
  EXPECT_EQ(world.answerer.pair.remote.port, 1000);
  EXPECT_TRUE(world.offerer.send(as_bytes("there")));
  EXPECT_TRUE(world.offerer.send({}));
  EXPECT_TRUE(world.answerer.send(as_bytes("back")));
  EXPECT_TRUE(world.answerer.send(Bytes(262144, 3)));
  world.run_for(1s);
  EXPECT_THAT(world.answerer.messages, ElementsAre(Bytes{'t', 'h', 'e', 'r', 'e'}, Bytes{}));
  EXPECT_THAT(world.offerer.messages, ElementsAre(Bytes{'b', 'a', 'c', 'k'}, Bytes(262144, 3)));
  EXPECT_EQ(world.offerer.connection->buffered_amount(), 0U);
  EXPECT_EQ(world.offerer.opened, 1);
  EXPECT_EQ(world.answerer.opened, 1);
}

TEST(PeerConnection, OpensFast) {
  World world;
  ASSERT_TRUE(world.open());
  EXPECT_LT(world.now().time_since_epoch(), 100ms) << "over a path of 1 ms each way";
}

TEST(PeerConnection, AnnouncesAndHonoursTheSizeOfMessages) {
  World world;
  const Time now = world.now();
  std::string offer = world.offerer.connection->create_offer(now);
  EXPECT_THAT(offer, HasSubstr("a=max-message-size:262144\r\n"));
  const auto found = offer.find("max-message-size:262144");
  offer.replace(found, 23, "max-message-size:2000");
  const auto answer = world.answerer.connection->accept_offer(now, offer);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(world.offerer.connection->accept_answer(now, *answer));
  ASSERT_TRUE(world.run_until([&] { return world.answerer.opened > 0; }));
  EXPECT_TRUE(world.answerer.send(Bytes(2000)));
  EXPECT_FALSE(world.answerer.send(Bytes(2001)));
  EXPECT_FALSE(world.offerer.send(Bytes(262145)));
}

TEST(PeerConnection, DeliversAllInOrderOverABadNetwork) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    world.network = {0.1, 1ms, 30ms};
    ASSERT_TRUE(world.open());
    world.answerer.echo = true;
    std::uint32_t next = 0;
    const auto feed = [&] {
      while (next < 500 &&
             world.offerer.connection->buffered_amount() <= PeerConnection::low_mark) {
        Bytes message;
        ByteWriter(message).u32(next++);
        message.resize(4 + next % 5000);
        EXPECT_TRUE(world.offerer.send(message));
      }
      return world.offerer.messages.size() == 500;
    };
    ASSERT_TRUE(world.run_until(feed, 300s));
    for (std::uint32_t i = 0; i < 500; ++i) {
      ASSERT_EQ(ByteReader(world.offerer.messages[i]).u32(), i);
    }
    EXPECT_TRUE(world.offerer.closed.empty());
  }
}

TEST(PeerConnection, TricklesCandidatesThatBecomeKnownLater) {
  World world;
  Simulation::Host& roaming = world.add_host({});
  SimulatedPeer peer(world, roaming, IceRole::controlling);
  introduce(peer, world.answerer);
  EXPECT_TRUE(peer.candidates.empty());
  roaming.transport->set_local_endpoints(world.now(), {});
  Simulation::Host& moved = roaming;
  moved.transport->set_local_endpoints(world.now(), {endpoint_of("192.0.2.9:9")});
  ASSERT_EQ(peer.candidates.size(), 1U);
  EXPECT_EQ(peer.candidates[0].endpoint, endpoint_of("192.0.2.9:9"));
  EXPECT_EQ(peer.candidates[0].type, CandidateType::host);
}

TEST(PeerConnection, OpensOverLinkLocalAddresses) {
  Simulation simulation;
  Simulation::Host& left = simulation.add_host({endpoint_of("[fe80::1%7]:1000")});
  Simulation::Host& right = simulation.add_host({endpoint_of("[fe80::2%3]:2000")});
  SimulatedPeer offerer(simulation, left, IceRole::controlling);
  SimulatedPeer answerer(simulation, right, IceRole::controlled);
  introduce(offerer, answerer);
  ASSERT_TRUE(simulation.run_until([&] { return offerer.opened > 0 && answerer.opened > 0; }, 1s));
  EXPECT_EQ(offerer.pair.remote, endpoint_of("[fe80::2%7]:2000"));
  EXPECT_EQ(answerer.pair.remote, endpoint_of("[fe80::1%3]:1000"));
  EXPECT_TRUE(offerer.send(as_bytes("there")));
  EXPECT_TRUE(simulation.run_until([&] { return !answerer.messages.empty(); }, 1s));
}

TEST(PeerConnection, TakesCandidatesBeforeTheDescriptionTheyBelongTo) {
  World world;
  const Time now = world.now();
  const std::string offer = world.offerer.connection->create_offer(now);
  const auto answer = world.answerer.connection->accept_offer(now, offer);
  ASSERT_TRUE(answer);
  std::string bare = *answer;
  std::vector<Candidate> candidates;
  for (auto at = bare.find("a=candidate"); at != std::string::npos; at = bare.find("a=candidate")) {
    const auto end = bare.find("\r\n", at);
    candidates.push_back(*Candidate::parse(bare.substr(at, end - at)));
    bare.erase(at, end + 2 - at);
  }
  const auto begin = bare.find("a=ice-ufrag:") + 12;
  const std::string ufrag = bare.substr(begin, bare.find("\r\n", begin) - begin);
  for (const Candidate& candidate : candidates) {
    world.offerer.connection->add_remote_candidate(now, candidate, ufrag);
  }
  ASSERT_TRUE(world.offerer.connection->accept_answer(now, bare));
  EXPECT_TRUE(world.run_until([&] { return world.offerer.opened > 0; }));
}

TEST(PeerConnection, PrefersOtherAddressesToLoopback) {
  Simulation simulation;
  Simulation::Host& host = simulation.add_host(
      {endpoint_of("127.0.0.1:1"), endpoint_of("192.0.2.1:1"), endpoint_of("[fe80::1]:1")});
  SimulatedPeer peer(simulation, host, IceRole::controlling);
  const std::string offer = peer.connection->create_offer(simulation.now());
  const auto priority_of = [&](const char* address) {
    const auto at = offer.find(address);
    EXPECT_NE(at, std::string::npos);
    const auto line = offer.rfind("a=candidate", at);
    return Candidate::parse(offer.substr(line, offer.find("\r\n", line) - line))->priority;
  };
  EXPECT_GT(priority_of(" 192.0.2.1 1 typ"), priority_of(" fe80::1 1 typ"));
  EXPECT_GT(priority_of(" fe80::1 1 typ"), priority_of(" 127.0.0.1 1 typ"));
}

TEST(PeerConnection, APausedReaderStopsTheSenderUntilItResumes) {
  World world;
  ASSERT_TRUE(world.open());
  world.answerer.connection->set_receiving(world.now(), false);
  std::size_t sent = 0;
  const auto fill = [&] {
    while (world.offerer.connection->buffered_amount() <= PeerConnection::low_mark) {
      EXPECT_TRUE(world.offerer.send(Bytes(10000, 1)));
      ++sent;
    }
    return false;
  };
  world.run_until(fill, 15s);
  EXPECT_LT(sent * 10000, 700000U) << "the window and the mark bound it";
  EXPECT_TRUE(world.answerer.messages.empty());
  EXPECT_TRUE(world.offerer.closed.empty());
  world.answerer.connection->set_receiving(world.now(), true);
  EXPECT_FALSE(world.answerer.messages.empty());
  EXPECT_TRUE(world.run_until([&] { return world.offerer.writable > 0; }, 200ms));
  EXPECT_TRUE(world.run_until([&] { return world.answerer.messages.size() == sent; }));
}

// In virtual time: nobody waits for the receiver's delayed acknowledgement, whatever the number of
// packets; and a burst takes few datagrams of the receiver.
TEST(PeerConnection, WhatArrivesTogetherIsAcknowledgedAtItsEnd) {
  for (const std::size_t packets : {2U, 3U, 4U, 8U, 9U, 15U, 36U}) {
    SCOPED_TRACE(packets);
    World world;
    ASSERT_TRUE(world.open());
    world.run_for(1s);
    std::size_t answers = 0;
    world.tap = [&](const Endpoint& from, const Endpoint&, Bytes& datagram) {
      if (from.port == 2000 && datagram.size() > 13 && datagram[0] == 23) ++answers;
      return true;
    };
    ASSERT_TRUE(world.offerer.send(Bytes(packets * 1100, 7)));
    const auto done = [&] { return world.offerer.connection->buffered_amount() == 0; };
    EXPECT_TRUE(world.run_until(done, 3ms)) << "there and back is 2 ms";
    EXPECT_LE(answers, packets / 8 + 2);
  }
}

TEST(PeerConnection, SaysWhenItHasRoomAgain) {
  World world;
  ASSERT_TRUE(world.open());
  while (world.offerer.connection->buffered_amount() < 1000000)
    world.offerer.send(Bytes(16384));
  EXPECT_EQ(world.offerer.writable, 0);
  ASSERT_TRUE(world.run_until([&] { return world.offerer.writable > 0; }));
  EXPECT_LE(world.offerer.connection->buffered_amount(), PeerConnection::low_mark);
  world.run_for(1s);
  EXPECT_EQ(world.offerer.writable, 1);
  EXPECT_EQ(world.offerer.connection->buffered_amount(), 0U);
}

TEST(PeerConnection, TellsThePeerOfItsClosing) {
  World world;
  ASSERT_TRUE(world.open());
  world.offerer.connection->close(world.now());
  EXPECT_FALSE(world.offerer.connection->is_open());
  ASSERT_TRUE(world.run_until([&] { return !world.answerer.closed.empty(); }, 100ms));
  EXPECT_TRUE(world.offerer.closed.empty());
  EXPECT_FALSE(world.answerer.send(as_bytes("late")));
  world.run_for(5s);
  EXPECT_EQ(world.answerer.closed.size(), 1U);
}

TEST(PeerConnection, DestroyingOneIsClosingIt) {
  World world;
  ASSERT_TRUE(world.open());
  world.offerer.send(Bytes(200000));
  world.offerer.connection.reset();
  EXPECT_TRUE(world.run_until([&] { return !world.answerer.closed.empty(); }, 100ms));
}

TEST(PeerConnection, DeliversWhatCameBeforeTheEndToAReaderThatHadPaused) {
  World world;
  ASSERT_TRUE(world.open());
  world.answerer.connection->set_receiving(world.now(), false);
  for (int i = 0; i < 10; ++i)
    world.offerer.send(Bytes(1000, std::uint8_t(i)));
  ASSERT_TRUE(world.run_until([&] { return world.offerer.connection->buffered_amount() == 0; }));
  world.offerer.connection->close(world.now());
  world.run_for(1s);
  EXPECT_TRUE(world.answerer.closed.empty());
  world.answerer.connection->set_receiving(world.now(), true);
  EXPECT_EQ(world.answerer.messages.size(), 10U);
  EXPECT_EQ(world.answerer.closed.size(), 1U);
}

TEST(PeerConnection, DoesNotHoldTheEndBackForLong) {
  World world;
  ASSERT_TRUE(world.open());
  world.answerer.connection->set_receiving(world.now(), false);
  world.offerer.send(Bytes(1000));
  world.run_for(1s);
  world.offerer.connection->close(world.now());
  EXPECT_TRUE(world.run_until([&] { return !world.answerer.closed.empty(); }, 11s));
}

TEST(PeerConnection, NoticesThatThePeerIsGone) {
  World world;
  ASSERT_TRUE(world.open());
  for (const char* gone : {"192.0.2.2:2000", "[2001:db8::2]:2000"}) {
    world.cut_off(endpoint_of(gone));
  }
  ASSERT_TRUE(world.run_until([&] { return !world.offerer.closed.empty(); }, 15s));
  EXPECT_EQ(world.offerer.closed[0], "the peer no longer answers");
}

TEST(PeerConnection, GivesUpWhenNoPathWorks) {
  World world;
  world.network.loss = 1;
  introduce(world.offerer, world.answerer);
  ASSERT_TRUE(world.run_until([&] { return !world.offerer.closed.empty(); }, 60s));
  EXPECT_EQ(world.offerer.closed[0], "no network path works");
  EXPECT_EQ(world.offerer.opened, 0);
}

TEST(PeerConnection, GivesUpWhenOnlyDtlsIsLost) {
  World world;
  world.tap = [](const Endpoint&, const Endpoint&, Bytes& datagram) {
    return looks_like_stun(datagram);
  };
  introduce(world.offerer, world.answerer);
  ASSERT_TRUE(world.run_until([&] { return !world.offerer.closed.empty(); }, 40s));
  ASSERT_TRUE(world.run_until([&] { return !world.answerer.closed.empty(); }, 40s));
  EXPECT_LT(world.now().time_since_epoch(), 40s);
}

TEST(PeerConnection, RefusesAPeerWhoseCertificateIsAnother) {
  World world;
  const Time now = world.now();
  std::string offer = world.offerer.connection->create_offer(now);
  const auto digest = offer.find("sha-256 ") + 8;
  offer[digest] = offer[digest] == '0' ? '1' : '0';
  const auto answer = world.answerer.connection->accept_offer(now, offer);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(world.offerer.connection->accept_answer(now, *answer));
  ASSERT_TRUE(world.run_until([&] { return !world.answerer.closed.empty(); }, 5s));
  EXPECT_THAT(world.answerer.closed[0], HasSubstr("certificate"));
  EXPECT_TRUE(world.run_until([&] { return !world.offerer.closed.empty(); }, 5s));
  EXPECT_EQ(world.answerer.opened + world.offerer.opened, 0);
}

TEST(PeerConnection, KeepsDtlsThatOvertakesTheAnswer) {
  World world;
  const Time now = world.now();
  const std::string offer = world.offerer.connection->create_offer(now);
  const auto answer = world.answerer.connection->accept_offer(now, offer);
  ASSERT_TRUE(answer);
  // The answerer's checks succeed and its DTLS arrives while the answer is still under way.
  world.run_for(90ms);
  ASSERT_TRUE(world.offerer.connection->accept_answer(world.now(), *answer));
  const Time answered = world.now();
  ASSERT_TRUE(world.run_until([&] { return world.offerer.opened > 0; }, 5s));
  EXPECT_LT(world.now() - answered, 150ms);
}

TEST(PeerConnection, LeavesLibdatachannelTimeToKeepTheFingerprint) {
  World world;
  Time first_dtls{};
  world.tap = [&](const Endpoint&, const Endpoint&, Bytes& datagram) {
    if (!looks_like_stun(datagram) && first_dtls == Time{}) first_dtls = world.now();
    return true;
  };
  std::string offer = world.offerer.connection->create_offer(world.now());
  offer.replace(offer.find("o=-"), 3, "o=rtc");
  const auto answer = world.answerer.connection->accept_offer(world.now(), offer);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(world.offerer.connection->accept_answer(world.now(), *answer));
  ASSERT_TRUE(world.run_until([&] { return world.answerer.opened > 0; }, 2s));
  EXPECT_GE(first_dtls.time_since_epoch(), 100ms);
}

TEST(PeerConnection, WorksWhenSeveralShareTheSameTwoSockets) {
  World world;
  SimulatedPeer second_offerer(world, world.right, IceRole::controlling);
  SimulatedPeer second_answerer(world, world.left, IceRole::controlled);
  introduce(world.offerer, world.answerer);
  introduce(second_offerer, second_answerer);
  ASSERT_TRUE(world.run_until([&] {
    return world.offerer.opened + world.answerer.opened + second_offerer.opened +
               second_answerer.opened ==
           4;
  }));
  for (int i = 0; i < 20; ++i) {
    world.offerer.send(as_bytes("first"));
    second_offerer.send(as_bytes("second"));
  }
  world.run_for(1s);
  EXPECT_THAT(world.answerer.messages, ::testing::Each(Bytes{'f', 'i', 'r', 's', 't'}));
  EXPECT_THAT(second_answerer.messages, ::testing::Each(Bytes{'s', 'e', 'c', 'o', 'n', 'd'}));
  EXPECT_EQ(world.answerer.messages.size(), 20U);
  EXPECT_EQ(second_answerer.messages.size(), 20U);
  world.offerer.connection->close(world.now());
  ASSERT_TRUE(world.run_until([&] { return !world.answerer.closed.empty(); }, 100ms));
  EXPECT_TRUE(second_answerer.connection->is_open());
}

TEST(PeerConnection, ANewConnectionReplacesOneThatIsNotKnownToBeDead) {
  World world;
  ASSERT_TRUE(world.open());
  // The right side starts anew from the same port, without a word to the left.
  world.tap = [](const Endpoint&, const Endpoint&, Bytes& datagram) {
    return looks_like_stun(datagram);
  };
  world.answerer.connection.reset();
  world.tap = nullptr;
  SimulatedPeer again(world, world.right, IceRole::controlling);
  SimulatedPeer other_end(world, world.left, IceRole::controlled);
  introduce(again, other_end);
  EXPECT_TRUE(world.run_until([&] { return again.opened > 0 && other_end.opened > 0; }, 3s));
}

TEST(PeerConnection, RenegotiationKeepsTheChannelAndRefusesMedia) {
  World world;
  const Time now = world.now();
  const std::string offer = world.offerer.connection->create_offer(now);
  const auto answer = world.answerer.connection->accept_offer(now, offer);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(world.offerer.connection->accept_answer(now, *answer));
  ASSERT_TRUE(world.run_until([&] { return world.answerer.opened > 0; }));

  const std::string with_audio =
      offer + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=rtpmap:111 opus/48000/2\r\n";
  const auto again = world.answerer.connection->renegotiate(world.now(), with_audio);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_THAT(*again, HasSubstr("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));
  EXPECT_THAT(*again, HasSubstr("a=rtpmap:111 opus/48000/2\r\n"));
  EXPECT_THAT(*again, HasSubstr("a=setup:active\r\n"));
  const auto line = [](const std::string& sdp, const char* name) {
    const auto at = sdp.find(name);
    return sdp.substr(at, sdp.find("\r\n", at) - at);
  };
  for (const char* same : {"a=ice-ufrag", "a=ice-pwd", "a=fingerprint"}) {
    EXPECT_EQ(line(*again, same), line(*answer, same));
  }
  EXPECT_NE(line(*again, "o="), line(*answer, "o=")) << "its version has grown";

  std::string restart = with_audio;
  const auto ufrag = restart.find("a=ice-ufrag:") + 12;
  restart[ufrag] = restart[ufrag] == 'x' ? 'y' : 'x';
  const auto refused = world.answerer.connection->renegotiate(world.now(), restart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::rejected);
  EXPECT_TRUE(world.answerer.send(as_bytes("still open")));
  EXPECT_TRUE(world.run_until([&] { return world.offerer.messages.size() == 1; }, 1s));
}

TEST(PeerConnection, SaysNoToDescriptionsOutOfPlace) {
  World world;
  const Time now = world.now();
  EXPECT_FALSE(world.offerer.connection->accept_offer(now, "soup"));
  EXPECT_FALSE(world.offerer.connection->accept_answer(now, "v=0\r\n"));
  const std::string offer = world.offerer.connection->create_offer(now);
  EXPECT_FALSE(world.offerer.connection->accept_answer(now, offer)) << "actpass answers nothing";
  EXPECT_FALSE(world.offerer.connection->accept_offer(now, offer));
  EXPECT_FALSE(world.offerer.connection->renegotiate(now, offer));
  EXPECT_TRUE(world.answerer.connection->accept_offer(now, offer));
  EXPECT_FALSE(world.answerer.connection->accept_offer(now, offer));
}

TEST(PeerConnection, AnswersAnActiveOfferAsTheDtlsServer) {
  World world;
  const Time now = world.now();
  std::string offer = world.offerer.connection->create_offer(now);
  offer.replace(offer.find("setup:actpass"), 13, "setup:active");
  const auto answer = world.answerer.connection->accept_offer(now, offer);
  ASSERT_TRUE(answer);
  EXPECT_THAT(*answer, HasSubstr("a=setup:passive"));
  ASSERT_TRUE(world.offerer.connection->accept_answer(now, *answer));
  EXPECT_TRUE(world.run_until([&] { return world.answerer.opened > 0; }, 2s));
}

TEST(Stack, IsOnlyThereOnce) {
  const Simulation simulation;
  const auto second = Stack::create();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace roomwire::rtc
