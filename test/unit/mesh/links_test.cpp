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

struct NoRooms final : room::HubSink {
  void on_peer_join(const RoomId&, const PeerId&) override {}
  void on_peer_leave(const RoomId&, const PeerId&, const std::string&) override {}
  void on_message(const RoomId&, const PeerId&, const std::string&, Payload,
                  std::optional<Json>) override {}
  void on_receive_progress(const RoomId&, const PeerId&, const std::string&, double,
                           const std::optional<Json>&) override {}
  void on_send_progress(room::SendId, const PeerId&, double) override {}
  void on_sent(room::SendId) override {}
  void on_response(room::RequestId, Result<Payload>) override {}
  void on_pong(room::PingId, Result<Duration>) override {}
  void on_wrong_password(const RoomId&, const PeerId&) override {}
  void on_signal(const RoomId&, const PeerId&, const Json&) override {}
  void on_link_idle(const PeerId&) override {}
  void on_link_abandoned(const PeerId&) override {}
  void on_undelivered(const PeerId&) override {}
  void on_left(const RoomId&) override {}
  void on_dropped(const PeerId&, const std::string&) override {}
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
  NoRooms rooms;
  NoObserver observer;
  const auto transport = rtc::Transport::create(*stack, network, entropy);
  room::Hub hub({AppId("app"), PeerId("self")}, entropy, rooms);
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
