#include <gtest/gtest.h>

#include <base/bytes.hpp>
#include <base/entropy.hpp>
#include <deque>
#include <sockets/pacer.hpp>
#include <sockets/packet_queue.hpp>

#include "net/run_until.hpp"

namespace roomwire::sockets {
namespace {

TEST(PacketQueue, KeepsOrderAndBytesWhateverIsPushedAndPopped) {
  SeededEntropy entropy(3);
  PacketQueue queue({100, 2'000});
  std::deque<Bytes> model;
  std::size_t dropped = 0;
  std::size_t model_dropped = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (entropy.below(12) == 0) {
      const std::size_t count = entropy.below(8);
      queue.pop(count);
      for (std::size_t k = 0; k < count && !model.empty(); ++k)
        model.pop_front();
    } else {
      Bytes packet(entropy.below(60));
      entropy.fill(packet);
      dropped += queue.push({}, packet);
      const auto size = [&] {
        std::size_t sum = packet.size();
        for (const Bytes& other : model)
          sum += other.size();
        return sum;
      };
      while (model.size() >= 100 || size() > 2'000) {
        model.pop_front();
        ++model_dropped;
      }
      model.push_back(packet);
    }
    ASSERT_EQ(queue.size(), model.size()) << "step " << i;
    if (model.empty()) continue;
    const ByteView first = queue.packet(0);
    ASSERT_TRUE(std::equal(first.begin(), first.end(), model.front().begin(), model.front().end()));
    const ByteView last = queue.packet(queue.size() - 1);
    ASSERT_TRUE(std::equal(last.begin(), last.end(), model.back().begin(), model.back().end()));
  }
  EXPECT_EQ(dropped, model_dropped);
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(queue.push({}, Bytes(2'001)), 1U);
  EXPECT_EQ(queue.clear(), model.size());
  EXPECT_TRUE(queue.empty());
}

struct CountingWire : Wire {
  std::size_t transmit(const PacketQueue& queue, std::size_t count) override {
    ++calls;
    largest = std::max(largest, count);
    const std::size_t done = std::min(count, most);
    for (std::size_t i = 0; i < done; ++i)
      sent.emplace_back(as_text(queue.packet(i)));
    return done;
  }
  std::vector<std::string> sent;
  std::size_t largest = 0;
  std::size_t most = SIZE_MAX;
  int calls = 0;
};

TEST(Pacer, SendsATurnsPacketsTogetherAndABurstInParts) {
  net::Loop loop;
  CountingWire wire;
  std::vector<bool> congestion;
  Pacer pacer(loop, wire, [&](bool more) { congestion.push_back(more); });
  loop.post([&] {
    for (int i = 0; i < 10; ++i)
      pacer.push({}, as_bytes(std::to_string(i)));
    EXPECT_EQ(wire.calls, 0);
  });
  ASSERT_TRUE(net::run_until(loop, [&] { return wire.sent.size() == 10; }));
  EXPECT_EQ(wire.calls, 1);
  for (int i = 10; i < 10'000; ++i)
    pacer.push({}, as_bytes(std::to_string(i)));
  EXPECT_EQ(congestion, std::vector<bool>{true});
  ASSERT_TRUE(net::run_until(loop, [&] { return wire.sent.size() == 10'000; }));
  EXPECT_LE(wire.largest, Pacer::burst);
  EXPECT_EQ(congestion, (std::vector<bool>{true, false}));
  for (int i = 0; i < 10'000; ++i)
    ASSERT_EQ(wire.sent[static_cast<std::size_t>(i)], std::to_string(i));
}

// It knows that the receiver has room.
struct KnowingWire : Wire {
  std::size_t transmit(const PacketQueue& queue, std::size_t count) override {
    paced += count;
    sent += queue.size();
    return queue.size();
  }
  std::size_t paced = 0;
  std::size_t sent = 0;
};

TEST(Pacer, HoldsNothingBackFromAWireThatKnowsMore) {
  net::Loop loop;
  KnowingWire wire;
  Pacer pacer(loop, wire, [](bool) {});
  for (std::size_t sent = 0; sent < 10 * Pacer::burst; sent += Pacer::burst) {
    for (std::size_t i = 0; i < Pacer::burst; ++i)
      pacer.push({}, as_bytes("x"));
    pacer.pump();
    EXPECT_EQ(pacer.queued(), 0U);
  }
  EXPECT_EQ(wire.sent, 10 * Pacer::burst);
  EXPECT_GE(wire.paced, Pacer::burst);
}

TEST(Pacer, TriesAgainWhenTheWireTakesOnlySome) {
  net::Loop loop;
  CountingWire wire;
  wire.most = 3;
  Pacer pacer(loop, wire, [](bool) {});
  for (int i = 0; i < 10; ++i)
    pacer.push({}, as_bytes(std::to_string(i)));
  ASSERT_TRUE(net::run_until(loop, [&] { return wire.sent.size() == 10; }));
  EXPECT_EQ(wire.sent.back(), "9");
  EXPECT_EQ(pacer.queued(), 0U);
}

}  // namespace
}  // namespace roomwire::sockets
