#include "room/reassembly.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace roomwire::room {
namespace {

class ReassemblyTest : public testing::Test {
 protected:
  using Limits = Reassembly::Limits;

  struct Peer {
    Peer(ReassemblyPool& pool, Limits limits)
        : reassembly(pool, limits, [this](const std::string& reason) { drops.push_back(reason); }) {
    }
    std::vector<std::string> drops;
    Reassembly reassembly;
  };

  /// Chunk `index` of `count`, without metadata.
  static Reassembly::Message* add(Peer& peer, std::uint16_t nonce, std::size_t index,
                                  std::size_t count, std::string_view text,
                                  const void* room = nullptr) {
    Chunk chunk;
    chunk.action = "a";
    chunk.nonce = nonce;
    chunk.tag.last = index + 1 == count;
    chunk.progress = progress_byte(index, count);
    chunk.payload = as_bytes(text);
    return peer.reassembly.add(room, chunk);
  }
  static Reassembly::Message* add_metadata(Peer& peer, std::string_view text, std::size_t count) {
    const Chunk chunk{
        "a", 0, {count == 1, true, false, false}, progress_byte(0, count), as_bytes(text)};
    return peer.reassembly.add(nullptr, chunk);
  }
  static std::string text_of(const Reassembly::Message* message) {
    return message == nullptr ? "nothing" : std::string(as_text(message->data));
  }

  ReassemblyPool pool{1U << 20};
};

TEST_F(ReassemblyTest, InterleavedMessagesOfNoncesAndRoomsStayApart) {
  Peer peer(pool, {1000, 1000});
  const int other_room = 0;
  add(peer, 1, 0, 2, "one ");
  add(peer, 2, 0, 2, "two ");
  add(peer, 1, 0, 2, "room ", &other_room);
  EXPECT_EQ(text_of(add(peer, 2, 1, 2, "2")), "two 2");
  EXPECT_EQ(text_of(add(peer, 1, 1, 2, "3", &other_room)), "room 3");
  EXPECT_EQ(text_of(add(peer, 1, 1, 2, "1")), "one 1");
  EXPECT_TRUE(peer.reassembly.empty());
  EXPECT_EQ(pool.bytes(), 0U);
}

TEST_F(ReassemblyTest, EveryChunkCountIsTakenForWhatItIs) {
  Peer peer(pool, {1000, 1000});
  std::vector<std::size_t> counts(300);
  std::iota(counts.begin(), counts.end(), 1);
  counts.insert(counts.end(), {509, 510, 511, 512, 600, 1021, 3211, 5000});
  for (const std::size_t count : counts) {
    for (std::size_t i = 0; i + 1 < count; ++i) {
      ASSERT_NE(add(peer, 0, i, count, ""), nullptr) << i << " of " << count;
    }
    ASSERT_NE(add(peer, 0, count - 1, count, ""), nullptr) << count;
  }
  EXPECT_TRUE(peer.drops.empty());
}

TEST_F(ReassemblyTest, MetadataStaysWithItsMessage) {
  Peer peer(pool, {1000, 1000});
  const auto* first = add_metadata(peer, R"({ "n": 1 })", 2);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->metadata->text(), R"({"n":1})");
  const auto* whole = add(peer, 0, 1, 2, "x");
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->metadata->text(), R"({"n":1})");
  const auto* empty = add_metadata(peer, "2", 1);
  ASSERT_NE(empty, nullptr);
  EXPECT_EQ(empty->metadata->text(), "2");
  EXPECT_TRUE(empty->data.empty());
}

TEST_F(ReassemblyTest, BadMetadataDropsTheWholeMessageOnce) {
  Peer peer(pool, {1000, 1000});
  EXPECT_EQ(add_metadata(peer, "{", 3), nullptr);
  EXPECT_EQ(add(peer, 0, 1, 3, "x"), nullptr);
  EXPECT_EQ(add(peer, 0, 2, 3, "x"), nullptr);
  EXPECT_EQ(peer.drops.size(), 1U);
  EXPECT_TRUE(peer.reassembly.empty());
}

TEST_F(ReassemblyTest, AMessageThatIsTooLargeIsSwallowedToItsEnd) {
  Peer peer(pool, {10, 1000});
  EXPECT_EQ(text_of(add(peer, 1, 0, 1, "0123456789")), "0123456789");
  add(peer, 0, 0, 4, "01234");
  EXPECT_EQ(add(peer, 0, 1, 4, "567890"), nullptr);
  EXPECT_EQ(pool.bytes(), 0U);
  EXPECT_EQ(add(peer, 0, 2, 4, "a"), nullptr);
  EXPECT_EQ(add(peer, 0, 3, 4, "b"), nullptr);
  EXPECT_EQ(peer.drops, std::vector<std::string>{"a message larger than 10 bytes"});
  EXPECT_EQ(text_of(add(peer, 0, 0, 1, "next")), "next");
}

TEST_F(ReassemblyTest, ANonceThatComesAgainBeginsAnew) {
  Peer peer(pool, {1000, 1000});
  add(peer, 0, 0, 50, "never finished ");
  EXPECT_EQ(text_of(add(peer, 0, 0, 1, "short")), "short");
  add(peer, 0, 0, 50, "never finished ");
  add(peer, 0, 0, 2, "new ");
  EXPECT_EQ(text_of(add(peer, 0, 1, 2, "message")), "new message");
  add(peer, 0, 0, 3, "old ");
  add_metadata(peer, "1", 2);
  EXPECT_EQ(text_of(add(peer, 0, 1, 2, "with metadata")), "with metadata");
  EXPECT_EQ(peer.drops.size(), 3U);
}

TEST_F(ReassemblyTest, OnePeersOldestGoesFirst) {
  Peer peer(pool, {100, 250});
  const std::string half(90, 'x');
  add(peer, 1, 0, 2, half);
  add(peer, 2, 0, 2, half);
  add(peer, 3, 0, 2, half);
  EXPECT_EQ(peer.drops.size(), 1U);
  EXPECT_LE(pool.bytes(), 250U);
  EXPECT_EQ(add(peer, 1, 1, 2, "end"), nullptr);
  EXPECT_EQ(text_of(add(peer, 2, 1, 2, "end")), half + "end");
  EXPECT_EQ(text_of(add(peer, 3, 1, 2, "end")), half + "end");
}

TEST_F(ReassemblyTest, WhoHoldsTheMostPaysForThePool) {
  ReassemblyPool small(300);
  Peer greedy(small, {1000, 1000});
  Peer modest(small, {1000, 1000});
  add(modest, 0, 0, 2, std::string(50, 'm'));
  add(greedy, 0, 0, 2, std::string(240, 'g'));
  EXPECT_EQ(text_of(add(modest, 0, 1, 2, std::string(50, 'n'))),
            std::string(50, 'm') + std::string(50, 'n'));
  EXPECT_EQ(greedy.drops.size(), 1U);
  EXPECT_TRUE(modest.drops.empty());

  add(modest, 1, 0, 2, std::string(50, 'm'));
  add(greedy, 1, 0, 3, std::string(240, 'g'));
  EXPECT_EQ(add(greedy, 1, 1, 3, std::string(100, 'g')), nullptr);
  EXPECT_EQ(greedy.drops.size(), 2U);
  EXPECT_EQ(text_of(add(modest, 1, 1, 2, "")), std::string(50, 'm'));
}

TEST_F(ReassemblyTest, UnfinishedMessagesAreCounted) {
  Peer peer(pool, {100, 100, 3});
  for (std::uint16_t nonce = 0; nonce < 100; ++nonce)
    add(peer, nonce, 0, 2, "x");
  EXPECT_EQ(peer.drops.size(), 97U);
  EXPECT_EQ(text_of(add(peer, 98, 1, 2, "y")), "xy");
  EXPECT_EQ(text_of(add(peer, 97, 1, 2, "y")), "xy");
}

TEST_F(ReassemblyTest, ForgettingARoomAndAPeerFreesTheirs) {
  const int room = 0;
  {
    Peer peer(pool, {100, 1000});
    add(peer, 0, 0, 2, "here");
    add(peer, 0, 0, 2, "there", &room);
    peer.reassembly.forget(&room);
    EXPECT_EQ(text_of(add(peer, 0, 1, 2, "")), "here");
    EXPECT_EQ(pool.bytes(), 0U);
    add(peer, 0, 0, 2, "here");
    EXPECT_GT(pool.bytes(), 0U);
  }
  EXPECT_EQ(pool.bytes(), 0U);
}

}  // namespace
}  // namespace roomwire::room
