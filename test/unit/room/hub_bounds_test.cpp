// Bounds, and what a hostile peer can do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room/hub_world.hpp"

namespace roomwire::room {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

HubOptions small_limits() {
  HubOptions options;
  options.max_message_bytes = 100'000;
  options.max_pending_bytes = 300'000;
  options.max_queued_bytes = 200'000;
  return options;
}

class HubBoundsTest : public testing::Test {
 protected:
  void SetUp() override {
    pair.join(stage);
    pair.connect();
    pair.run();
  }
  void from_b(ByteView frame) { a.hub.handle_frame(pair.now, b.id, frame); }
  std::size_t frames_to_b() const { return pair.a_to_b.frames.size(); }

  Node a{"A", small_limits()};
  Node b{"B", small_limits(), 2};
  Pair pair{a, b};
};

TEST_F(HubBoundsTest, SendingStopsAtTheLimitAndGoesOnAfterIt) {
  std::size_t accepted = 0;
  Result<SendId> result = SendId{};
  while ((result = a.hub.send(pair.now, stage, "x", Bytes(1000), {})))
    ++accepted;
  EXPECT_EQ(result.error().kind, ErrorKind::limit);
  EXPECT_GT(accepted, 200U);
  EXPECT_LT(accepted, 300U);
  EXPECT_FALSE(a.hub.request(pair.now, stage, b.id, "x", "y", std::nullopt, 1s));
  EXPECT_FALSE(a.hub.ping(pair.now, stage, b.id));
  pair.run();
  EXPECT_EQ(b.notes().messages.size(), accepted);
  EXPECT_EQ(a.notes().sent.size(), accepted);
  EXPECT_TRUE(a.hub.send(pair.now, stage, "x", "y", {}));
}

TEST_F(HubBoundsTest, OneSlowTargetRefusesTheMessageForAll) {
  Node c("C");
  Pipe to_c;
  a.hub.link_up(pair.now, c.id, to_c, stage);
  a.hub.handle_frame(pair.now, c.id, text_message(stage, "@_hsready", ""));
  HubSendOptions only_b;
  only_b.to = {b.id};
  while (a.hub.send(pair.now, stage, "x", Bytes(1000), only_b)) {
  }
  const std::size_t before = to_c.frames.size();
  EXPECT_FALSE(a.hub.send(pair.now, stage, "x", "all or nobody", {}));
  EXPECT_EQ(to_c.frames.size(), before);
}

TEST_F(HubBoundsTest, AFloodOfPingsIsAnsweredOnlySoFar) {
  for (int i = 0; i < 10'000; ++i)
    from_b(text_message(stage, "@_ping", "", static_cast<std::uint16_t>(i)));
  // What fits the connection's buffer, and at most 256 more.
  const std::size_t direct = frames_to_b();
  EXPECT_LT(direct, 700U);
  EXPECT_FALSE(a.notes().drops.empty());
  pair.run();
  b.notes().drops.clear();
  from_b(text_message(stage, "@_ping", ""));
  EXPECT_EQ(frames_to_b(), 1U);
}

TEST_F(HubBoundsTest, ComingAndGoingInAFloodDoesNotFillTheOutbox) {
  for (int i = 0; i < 10'000; ++i) {
    from_b(text_message(stage, "@_leave", ""));
    from_b(presence(stage, true));
  }
  EXPECT_LT(frames_to_b(), 1000U);
}

TEST_F(HubBoundsTest, AMessageBeyondTheLimitIsDroppedOnce) {
  const std::string piece(16348, 'x');
  for (std::size_t i = 0; i < 20; ++i) {
    const Chunk chunk{
        "big", 0, {i == 19, false, false, false}, progress_byte(i, 20), as_bytes(piece)};
    from_b(data(stage, chunk));
  }
  EXPECT_THAT(a.notes().drops, ElementsAre("a message larger than 100000 bytes"));
  EXPECT_THAT(a.notes().messages, IsEmpty());
  from_b(text_message(stage, "big", "fits", 0));
  EXPECT_THAT(a.notes().take_texts(), ElementsAre("big 'fits'"));
}

TEST_F(HubBoundsTest, ChunksWithoutAnEndHarmNobodyElse) {
  Node c("C");
  Pipe to_c;
  a.hub.link_up(pair.now, c.id, to_c, stage);
  a.hub.handle_frame(pair.now, c.id, text_message(stage, "@_hsready", ""));
  const std::string piece(16348, 'x');
  const Chunk first{"file", 7, {false, false, false, false}, 128, as_bytes(piece)};
  const Chunk last{"file", 7, {true, false, false, false}, 255, as_bytes("end")};
  a.hub.handle_frame(pair.now, c.id, data(stage, first));
  for (int i = 0; i < 5000; ++i) {
    const Chunk endless{
        "file", static_cast<std::uint16_t>(i), {false, false, false, false}, 85, as_bytes(piece)};
    from_b(data(stage, endless));
  }
  a.hub.handle_frame(pair.now, c.id, data(stage, last));
  ASSERT_EQ(a.notes().messages.size(), 1U);
  EXPECT_EQ(a.notes().messages[0].peer, c.id);
  EXPECT_EQ(a.notes().messages[0].payload, Payload(piece + "end"));
}

TEST_F(HubBoundsTest, InvalidMessagesAreDroppedAndCounted) {
  const std::size_t joined_events = a.notes().events.size();
  Chunk bad_json{"x", 0, {true, false, false, true}, 255, as_bytes("{")};
  from_b(data(stage, bad_json));
  from_b(text_message(stage, "x", "\xff"));
  from_b(text_message(stage, "@_unknown", ""));
  from_b(text_message(stage, "@_response", "x"));
  from_b(text_message(foyer, "x", "no such room"));
  from_b(Bytes{});
  from_b(Bytes{9, 9, 9});
  from_b(Bytes{1, 0, 1, 'x'});
  Bytes short_chunk = text_message(stage, "x", "");
  short_chunk.pop_back();
  from_b(short_chunk);
  EXPECT_EQ(a.notes().drops.size(), 9U);
  EXPECT_EQ(a.notes().events.size(), joined_events);
  EXPECT_THAT(a.notes().messages, IsEmpty());
  from_b(text_message(stage, "@_pong", ""));
  from_b(text_message(stage, "@_track", "{}"));
  EXPECT_EQ(a.notes().drops.size(), 9U);
  from_b(text_message(stage, "x", "still here"));
  EXPECT_EQ(a.notes().messages.size(), 1U);
}

TEST_F(HubBoundsTest, HandshakesOfUnknownRoomsAreKeptWithinBounds) {
  for (int i = 0; i < 1000; ++i) {
    const RoomId room("unknown " + std::to_string(i));
    from_b(text_message(room, "@_hsready", ""));
    from_b(presence(room, true));
  }
  EXPECT_EQ(a.notes().drops.size(), 1000U - 64);
  // Room 3 is among those that were kept: its handshake is over at once.
  a.hub.join(pair.now, {RoomId("unknown 3"), ""});
  EXPECT_THAT(a.hub.peers(RoomId("unknown 3")), ElementsAre(b.id));
  a.hub.join(pair.now, {RoomId("unknown 999"), ""});
  EXPECT_THAT(a.hub.peers(RoomId("unknown 999")), IsEmpty());
  // Ten seconds later they are worth nothing.
  pair.now += 11s;
  a.notes().drops.clear();
  from_b(text_message(RoomId("another"), "@_hsready", ""));
  EXPECT_THAT(a.notes().drops, IsEmpty());
}

TEST_F(HubBoundsTest, PresenceInTooManyRoomsIsForgotten) {
  for (int i = 0; i < 3000; ++i)
    from_b(presence(RoomId("room " + std::to_string(i)), true));
  EXPECT_EQ(a.notes().drops.size(), 3000U - 1024 + 1);
}

TEST_F(HubBoundsTest, RandomFramesDoNoHarm) {
  const std::uint64_t seed = 20240611;
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededEntropy random(seed);
  const std::vector<std::string> actions = {"x",         "file",       "@_leave",
                                            "@_hsready", "@_hsdata",   "@_ping",
                                            "@_pong",    "@_response", "@_signal"};
  for (int i = 0; i < 20'000; ++i) {
    if (random.below(20) == 0) from_b(presence(stage, random.below(4) != 0));
    Bytes payload(random.below(50));
    random.fill(payload);
    Chunk chunk;
    chunk.action = actions[random.below(actions.size())];
    chunk.nonce = static_cast<std::uint16_t>(random.below(4));
    chunk.tag = {random.below(2) == 0, random.below(4) == 0, random.below(2) == 0,
                 random.below(2) == 0};
    chunk.progress = static_cast<std::uint8_t>(random.below(256));
    chunk.payload = payload;
    Bytes frame = data(random.below(8) == 0 ? foyer : stage, chunk);
    if (random.below(10) == 0) frame.resize(random.below(frame.size()));
    from_b(frame);
    if (random.below(100) == 0) pair.a_to_b = Pipe();
    if (random.below(200) == 0) pair.advance(1s);
  }
  // A peer that begins anew is served as if nothing had been.
  a.hub.link_down(pair.now, b.id, "enough");
  b.hub.link_down(pair.now, a.id, "enough");
  a.notes().take_events();
  pair.connect();
  pair.run();
  EXPECT_THAT(a.hub.peers(stage), ElementsAre(b.id));
}

}  // namespace
}  // namespace roomwire::room
