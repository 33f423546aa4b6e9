#include "base/drop_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace roomwire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class DropLogTest : public testing::Test {
 protected:
  void add(const std::string& who, const std::string& reason) { log.add(now, who, reason); }
  /// Lets time pass, as the loop would.
  void pass(Duration duration) {
    const Time end = now + duration;
    for (auto next = log.next_timeout(); next && *next <= end; next = log.next_timeout()) {
      ASSERT_GT(*next, now) << "a loop would spin";
      now = *next;
      log.handle_timeout(now);
    }
    now = end;
  }
  std::vector<std::string> take() { return std::exchange(told, {}); }

  std::vector<std::string> told;
  DropLog log{[this](const DropLog::Line& line) { told.push_back(line.text()); }};
  Time now{1h};
};

TEST_F(DropLogTest, SixDifferentThingsAreSixLines) {
  const std::vector<std::string> reasons{"'a' is no address", "'b' is no address", "type 'q'",
                                         "no args",           "not JSON",          "too long"};
  for (const std::string& reason : reasons)
    add("alice", reason);
  ASSERT_THAT(told, SizeIs(6));
  EXPECT_EQ(told[1], "dropped: 'b' is no address, from alice");
  EXPECT_EQ(told[5], "dropped: too long, from alice");
}

TEST_F(DropLogTest, WhatGoesOnIsToldAgainWithTheCountSince) {
  for (int second = 0; second < 95; ++second) {
    add("alice", "denied");
    pass(1s);
  }
  EXPECT_THAT(take(), ElementsAre("dropped: denied, from alice",
                                  "dropped 29 more times: denied, from alice",
                                  "dropped 60 more times: denied, from alice"));
  pass(1h);
  EXPECT_THAT(take(), ElementsAre("dropped 5 more times: denied, from alice")) << "the last ones";
  EXPECT_EQ(log.next_timeout(), std::nullopt) << "and it is forgotten";
  add("alice", "denied");
  EXPECT_THAT(take(), ElementsAre("dropped: denied, from alice"));
}

TEST(DropLogLine, SaysWhatWasNotDropped) {
  EXPECT_EQ((DropLog::Line{"alice", "300 is taken as 255"}).note(),
            "300 is taken as 255, from alice");
  EXPECT_EQ((DropLog::Line{"alice", "300 is taken as 255", 2, true}).note(),
            "300 is taken as 255, from alice; 2 more times");
  EXPECT_EQ((DropLog::Line{"", "two are one", 1, true}).note(), "two are one; 1 more time");
  EXPECT_EQ((DropLog::Line{"", "", 7, true}).note(), "and 7 more, of other kinds");
}

TEST_F(DropLogTest, WithoutATimerTheNextOneTells) {
  add("alice", "denied");
  add("alice", "denied");
  now += 1min;
  add("alice", "denied");
  EXPECT_THAT(
      told, ElementsAre("dropped: denied, from alice", "dropped 2 more times: denied, from alice"));
}

TEST_F(DropLogTest, ReasonsOfOneThingAreOneLine) {
  log.add(now, "desk", "number 4 after 9", "late");
  log.add(now, "desk", "number 5 after 11", "late");
  EXPECT_THAT(take(), ElementsAre("dropped: number 4 after 9, from desk"));
  pass(30s);
  EXPECT_THAT(take(), ElementsAre("dropped 1 more time: number 5 after 11, from desk"));
}

TEST_F(DropLogTest, AFloodOfAMillionThingsIsFewLinesAndSaysHowManyMore) {
  constexpr int flood = 1'000'000;
  std::uint64_t alone = 0;
  std::uint64_t more = 0;
  DropLog counted([&](const DropLog::Line& line) {
    told.push_back(line.text());
    (line.reason.empty() ? more : alone) += line.times;
  });
  for (int i = 0; i < flood; ++i) {
    counted.add(now, "peer " + std::to_string(i % 1000), "thing " + std::to_string(i));
    now += 10us;
  }
  const std::size_t in_ten_seconds = told.size();
  EXPECT_LE(in_ten_seconds, 60U + 5 + 2) << "60, one in two seconds, the rest each five";
  EXPECT_GE(in_ten_seconds, 60U);
  for (auto next = counted.next_timeout(); next; next = counted.next_timeout()) {
    now = std::max(now, *next);
    counted.handle_timeout(now);
  }
  EXPECT_LE(told.size() - in_ten_seconds, 2U);
  EXPECT_EQ(alone + more, std::uint64_t{flood}) << "each is in a line or in a number";
}

TEST_F(DropLogTest, WhoFloodsDoesNotHideTheOthers) {
  for (int i = 0; i < 1000; ++i)
    add("mallory", "thing " + std::to_string(i));
  EXPECT_THAT(take(), SizeIs(24));
  add("alice", "'a' is no address");
  EXPECT_THAT(take(), ElementsAre("dropped: 'a' is no address, from alice"));
  pass(5s);
  EXPECT_THAT(take(), ElementsAre("dropped 976 more, of other kinds"));
}

TEST_F(DropLogTest, LinesAreShortAndThingsMany) {
  log.add(now, std::string(1 << 20, 'w'), std::string(1 << 20, 'r'));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_LE(told[0].size(), 600U);
}

}  // namespace
}  // namespace roomwire
