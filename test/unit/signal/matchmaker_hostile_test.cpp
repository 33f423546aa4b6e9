// Wrong passwords, nonsense and floods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "matchmaker_world.hpp"

namespace roomwire::signal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(MatchmakerTest, AWrongPasswordIsSaidOnceInAWhile) {
  const SignalCipher wrong("other", app, room);
  for (int i = 0; i < 10; ++i) {
    hear({leader, Kind::offer, wrong.encrypt("theirs", entropy), "1"});
    hear({leader, Kind::candidate, wrong.encrypt("theirs", entropy), "1"});
  }
  EXPECT_THAT(port.log, ElementsAre("wrong password of a"));
  EXPECT_THAT(port.dropped, IsEmpty()) << "its candidates are refused with its offer";
  EXPECT_THAT(matchmaker.heard(now), IsEmpty()) << "nobody waits for it";
  pass(10s);
  hear({leader, Kind::offer, wrong.encrypt("theirs", entropy), "1"});
  EXPECT_THAT(port.log, SizeIs(2));
  announce(follower);
  const auto id = port.published.back().message.offer_id;
  hear({follower, Kind::answer, wrong.encrypt("theirs", entropy), id});
  EXPECT_THAT(port.log.back(), "wrong password of z");
  hear({leader, Kind::offer, cipher.encrypt("theirs", entropy), "2"});
  ASSERT_THAT(matchmaker.heard(now), SizeIs(1));
  EXPECT_EQ(matchmaker.heard(now)[0].peer, leader);
}

TEST_F(MatchmakerTest, NonsenseIsDroppedAndCounted) {
  matchmaker.handle_signal(now, relay_a, root, "nonsense");
  hear({leader, Kind::offer, "not encrypted", "1"});
  offer(leader, "bad", "2");
  offer(leader, std::string((64U << 10) + 1, 'x'), "3");
  candidate(leader, std::string(1025, 'x'), "4");
  EXPECT_THAT(port.dropped, SizeIs(5));
  announce(self);
  matchmaker.handle_signal(now, relay_a, Topic("another"), to_json({leader}));
  EXPECT_THAT(port.published, IsEmpty());
}

TEST_F(MatchmakerTest, InventedPeersDoNotExhaustUs) {
  for (int i = 0; i < 20'000; ++i) {
    announce(PeerId("z" + std::to_string(i)));
    announce(PeerId("a" + std::to_string(i)));
    if (i % 10 == 0) pass(1ms);
  }
  EXPECT_LE(port.log.size(), 64U);
  EXPECT_LE(port.published.size(), 200U);
  // An honest peer on another relay gets its turn as soon as the first ones had theirs.
  pass(5s);
  announce(PeerId("zzz"), relay_b);
  EXPECT_EQ(port.log.back(), "offer to zzz");
  pass(10min);
  EXPECT_EQ(std::count_if(port.log.begin(), port.log.end(),
                          [](const std::string& line) { return line[0] == 'a'; }),
            std::count_if(port.log.begin(), port.log.end(),
                          [](const std::string& line) { return line[0] == 'o'; }))
      << "every attempt was closed";
}

TEST_F(MatchmakerTest, InventedOffersDoNotExhaustUs) {
  for (int i = 0; i < 2'000; ++i) {
    offer(PeerId("a" + std::to_string(i)), "theirs", "1");
    for (int k = 0; k < 3; ++k) {
      candidate(PeerId("b" + std::to_string(i)), std::to_string(k), std::to_string(k));
    }
  }
  EXPECT_LE(port.log.size(), 64U);
  EXPECT_FALSE(port.dropped.empty());
}

TEST_F(MatchmakerTest, OnePeersCandidatesAreBounded) {
  offer(leader, "theirs", "1");
  for (int i = 0; i < 1000; ++i)
    candidate(leader, std::to_string(i), "1");
  EXPECT_THAT(port.log, SizeIs(1 + 64));
}

}  // namespace
}  // namespace roomwire::signal
