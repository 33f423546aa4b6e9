// The connections of one app: how many there may be.
#include "mesh/links.hpp"

#include <gtest/gtest.h>

#include "base/entropy.hpp"
#include "mesh/app.hpp"
#include "room/hub.hpp"

namespace roomwire::mesh {
namespace {

struct NoNetwork final : rtc::DatagramPort {
  void send(const Endpoint&, const Endpoint&, ByteView) override {}
};

struct NoObserver final : LinksObserver {
  void on_candidate(signal::AttemptId, const std::string&) override {}
  void on_attempt_gone(signal::AttemptId) override {}
  void on_link_up(const PeerId&) override {}
  void on_link_down(const PeerId&) override {}
  void on_link_status(Status) override {}
  void on_link_dropped(const PeerId&, const std::string&) override {}
};

TEST(Links, AreBoundedAndTakeMoreWhenSomeHaveGone) {
  const auto stack = *rtc::Stack::create();
  SeededEntropy entropy(1);
  NoNetwork network;
  NoObserver observer;
  const auto transport = rtc::Transport::create(*stack, network, entropy);
  room::Hub hub({AppId("app"), PeerId("self")}, entropy);
  Links links(*transport, hub, observer);
  const RoomId stage("stage");
  const std::string offer = links.offer(stage, PeerId("0")).sdp;
  signal::AttemptId last{};
  for (std::size_t i = 1; i < Links::max_attempts; ++i) {
    ASSERT_FALSE(links.is_full());
    const auto attempt = links.answer(stage, PeerId(std::to_string(i)), offer);
    ASSERT_TRUE(attempt) << attempt.error().message;
    last = attempt->id;
  }
  EXPECT_TRUE(links.is_full());
  const auto refused = links.answer(stage, PeerId("one more"), offer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::limit);
  links.abandon(last);
  EXPECT_FALSE(links.is_full());
  EXPECT_TRUE(links.answer(stage, PeerId("one more"), offer));
  links.settle();
}

TEST(Pool, HoldsTwoMessagesOfAnySize) {
  constexpr std::size_t mib = 1U << 20;
  EXPECT_EQ(max_pending_bytes(1024), 256 * mib);
  EXPECT_EQ(max_pending_bytes(64 * mib), 256 * mib);
  EXPECT_EQ(max_pending_bytes(1024 * mib), 2048 * mib);
}

}  // namespace
}  // namespace roomwire::mesh
