#include "rtc/ice_pairs.hpp"

#include <gtest/gtest.h>

namespace roomwire::rtc {
namespace {

Candidate candidate(std::string_view endpoint, std::uint32_t priority,
                    CandidateType type = CandidateType::host) {
  Candidate candidate;
  candidate.type = type;
  candidate.priority = priority;
  candidate.endpoint = Endpoint::parse(endpoint).value();
  return candidate;
}

Endpoint port(const char* address, std::size_t number) {
  return {IpAddress::parse(address).value(), static_cast<std::uint16_t>(number)};
}

TEST(IcePairs, BothRolesRateAPairAlike) {
  IcePairs ours(IceRole::controlling);
  ours.add_local({}, candidate("10.0.0.1:1", 3000));
  ours.add_remote({}, candidate("10.0.0.2:2", 2000));
  IcePairs theirs(IceRole::controlled);
  theirs.add_local({}, candidate("10.0.0.2:2", 2000));
  theirs.add_remote({}, candidate("10.0.0.1:1", 3000));
  const std::uint64_t expected = (2000ULL << 32) + 2 * 3000 + 1;  // RFC 8445 section 6.1.2.3.
  EXPECT_EQ(ours.all()[0]->priority, expected);
  EXPECT_EQ(theirs.all()[0]->priority, expected);
  ours.set_role(IceRole::controlled);
  EXPECT_EQ(ours.all()[0]->priority, expected - 1);
}

TEST(IcePairs, TooManyPushOutTheWorstButNoneThatWorks) {
  IcePairs pairs(IceRole::controlling);
  for (std::size_t i = 1; i <= 10; ++i) {
    pairs.add_local({}, candidate("10.0.0.1:" + std::to_string(i), 1000));
  }
  pairs.add_remote({}, candidate("10.0.0.2:1", 1));
  CheckedPair* works = pairs.find(port("10.0.0.1", 1), port("10.0.0.2", 1));
  ASSERT_NE(works, nullptr);
  works->state = CheckedPair::State::succeeded;
  for (std::size_t i = 2; i <= IcePairs::max_remotes; ++i) {
    pairs.add_remote({}, candidate("10.0.0.2:" + std::to_string(i), 100 + std::uint32_t(i)));
  }
  EXPECT_EQ(pairs.all().size(), IcePairs::max_pairs);
  EXPECT_EQ(pairs.find(port("10.0.0.1", 1), port("10.0.0.2", 1)), works);
  EXPECT_EQ(pairs.find(port("10.0.0.1", 2), port("10.0.0.2", 1)), nullptr);
  EXPECT_NE(pairs.find(port("10.0.0.1", 2), port("10.0.0.2", 64)), nullptr);
}

TEST(IcePairs, ASignalledCandidateExplainsALearnedOne) {
  IcePairs pairs(IceRole::controlled);
  pairs.add_local({}, candidate("10.0.0.1:1", 1000));
  CheckedPair* pair = pairs.learn({}, port("10.0.0.1", 1), port("10.0.0.2", 2), 7);
  ASSERT_NE(pair, nullptr);
  EXPECT_EQ(pair->remote_type, CandidateType::peer_reflexive);
  EXPECT_EQ(pair->remote_priority, 7U);
  pairs.add_remote({}, candidate("10.0.0.2:2", 500, CandidateType::server_reflexive));
  EXPECT_EQ(pairs.all().size(), 1U);
  EXPECT_EQ(pair->remote_type, CandidateType::server_reflexive);
  EXPECT_EQ(pair->remote_priority, 500U);
}

TEST(IcePairs, WhatIsLearnedOverAnUnknownSocketWaitsForIt) {
  IcePairs pairs(IceRole::controlled);
  EXPECT_EQ(pairs.learn({}, port("10.0.0.1", 1), port("10.0.0.2", 2), 7), nullptr);
  pairs.add_local({}, candidate("10.0.0.1:1", 1000));
  EXPECT_NE(pairs.find(port("10.0.0.1", 1), port("10.0.0.2", 2)), nullptr);
}

}  // namespace
}  // namespace roomwire::rtc
