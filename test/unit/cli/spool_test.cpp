#include "cli/io/spool.hpp"

#include <gtest/gtest.h>

#include <random>

namespace roomwire::cli {
namespace {

TEST(Spool, GivesBackWhatItTookInOrderHoweverItIsCut) {
  const std::uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  Spool spool(1000);
  std::string in;
  std::string out;
  std::string piece;
  while (in.size() < 100'000) {
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random());
    const std::size_t taken = spool.write(bytes);
    EXPECT_TRUE(taken == bytes.size() || spool.full());
    in += bytes.substr(0, taken);
    EXPECT_LE(spool.size(), 1000U);
    ASSERT_TRUE(spool.read(piece, random() % 300));
    out += piece;
  }
  while (!spool.empty()) {
    ASSERT_TRUE(spool.read(piece, 7));
    out += piece;
  }
  EXPECT_TRUE(in == out);
}

TEST(Spool, OfNoSizeIsFull) {
  Spool spool(0);
  EXPECT_TRUE(spool.full());
  EXPECT_EQ(spool.write("x"), 0U);
}

}  // namespace
}  // namespace roomwire::cli
