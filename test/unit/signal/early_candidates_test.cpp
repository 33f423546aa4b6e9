#include "signal/early_candidates.hpp"

#include <gtest/gtest.h>

namespace roomwire::signal {
namespace {

const PeerId peer("peer");
using Texts = std::vector<std::string>;

TEST(EarlyCandidates, AreHandedOutOnceInOrderEachOnce) {
  EarlyCandidates early;
  EXPECT_TRUE(early.keep(Time{}, peer, "o", "1"));
  EXPECT_TRUE(early.keep(Time{}, peer, "o", "2"));
  EXPECT_FALSE(early.keep(Time{}, peer, "o", "1"));
  EXPECT_TRUE(early.keep(Time{}, peer, "", "3"));
  EXPECT_EQ(early.take(peer, "o"), (Texts{"1", "2"}));
  EXPECT_EQ(early.take(peer, "o"), Texts{});
  EXPECT_EQ(early.take(peer, ""), Texts{"3"});
}

TEST(EarlyCandidates, Expire) {
  EarlyCandidates early;
  early.keep(Time{}, peer, "o", "1");
  ASSERT_TRUE(early.next_timeout());
  early.handle_timeout(*early.next_timeout() - 1ms);
  ASSERT_TRUE(early.next_timeout());
  early.handle_timeout(*early.next_timeout());
  EXPECT_EQ(early.next_timeout(), std::nullopt);
  EXPECT_EQ(early.take(peer, "o"), Texts{});
}

TEST(EarlyCandidates, KeepTheNewestEightOffersOfAPeer) {
  EarlyCandidates early;
  early.keep(Time{}, PeerId("peer2"), "o", "x");
  for (int i = 0; i < 9; ++i)
    early.keep(Time{} + 1ms * i, peer, std::to_string(i), "x");
  EXPECT_EQ(early.take(peer, "0"), Texts{});
  for (int i = 1; i < 9; ++i)
    EXPECT_EQ(early.take(peer, std::to_string(i)), Texts{"x"});
  EXPECT_EQ(early.take(PeerId("peer2"), "o"), Texts{"x"});
}

TEST(EarlyCandidates, AreBoundedInAll) {
  EarlyCandidates early;
  std::size_t kept = 0;
  for (int p = 0; p < 100; ++p) {
    for (int i = 0; i < 100; ++i) {
      kept += early.keep(Time{}, PeerId(std::to_string(p)), "o", std::to_string(i)) ? 1U : 0U;
    }
  }
  EXPECT_EQ(kept, 4096U);
  early.forget(PeerId("0"));
  EXPECT_TRUE(early.keep(Time{}, PeerId("new"), "o", "x"));
}

}  // namespace
}  // namespace roomwire::signal
