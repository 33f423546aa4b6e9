// The connections of one app: how many there may be, and what is told of their ends.
#include "mesh/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "base/entropy.hpp"
#include "mesh/app.hpp"
#include "room/hub.hpp"

namespace roomwire::mesh {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

/// Keeps what is sent, for whoever delivers it.
struct Network final : rtc::DatagramPort {
  struct Packet {
    Endpoint from;
    Endpoint to;
    Bytes bytes;
  };
  void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) override {
    packets.push_back({local, remote, {datagram.begin(), datagram.end()}});
  }
  std::deque<Packet> packets;
};

/// The other end of a connection, on a socket of its own, as browsers have it.
struct OtherEnd final : rtc::ConnectionObserver {
  OtherEnd(rtc::Stack& stack, Network& network, Entropy& entropy, std::uint8_t host)
      : endpoint{IpAddress::v4({10, 0, 0, host}), 5000},
        transport(rtc::Transport::create(stack, network, entropy)),
        connection(transport->connect(rtc::IceRole::controlled, *this)) {
    transport->set_local_endpoints({}, {endpoint});
  }
  void on_local_candidate(const rtc::Candidate&) override {}
  void on_open(const rtc::IcePair&) override { is_open = true; }
  void on_pair_changed(const rtc::IcePair&) override {}
  void on_message(ByteView, bool) override {}
  void on_writable() override {}
  void on_closed(const std::string&) override {}

  Endpoint endpoint;
  std::unique_ptr<rtc::Transport> transport;
  std::unique_ptr<rtc::PeerConnection> connection;
  bool is_open = false;
};

class LinksTest : public testing::Test {
 protected:
  LinksTest() { transport->set_local_endpoints(now, {near_end}); }
  /// Answers an attempt of ours at the other end.
  void answer(OtherEnd& end, signal::AttemptId id, const RoomId& room) {
    const std::string offer = *links.offer(id, room, peer);
    ASSERT_TRUE(links.accept_answer(id, *end.connection->accept_offer(now, offer)));
  }
  bool run_until(const std::function<bool()>& done) {
    for (int steps = 0; !done() && steps < 10'000; ++steps) {
      if (network.packets.empty()) {
        now += 1ms;
        links.set_time(now);
        stack->handle_timeout(now);
        for (const auto& [end, each] : transports())
          each->handle_timeout(now);
        continue;
      }
      const Network::Packet packet = std::move(network.packets.front());
      network.packets.pop_front();
      for (const auto& [end, each] : transports()) {
        if (end == packet.to) each->handle_datagram(now, end, packet.from, packet.bytes, false);
      }
    }
    return done();
  }
  std::vector<std::pair<Endpoint, rtc::Transport*>> transports() const {
    return {{near_end, transport.get()},
            {one.endpoint, one.transport.get()},
            {two.endpoint, two.transport.get()}};
  }
  /// What the outputs tell of the peer, a word each.
  std::vector<std::string> told() {
    std::vector<std::string> words;
    for (const Links::Output& output : links.take_outputs()) {
      if (std::holds_alternative<Links::PeerReached>(output)) words.emplace_back("reached");
      if (std::holds_alternative<Links::PeerLost>(output)) words.emplace_back("lost");
      const auto* status = std::get_if<Status>(&output);
      if (status == nullptr) continue;
      if (std::holds_alternative<PeerConnecting>(*status)) words.emplace_back("connecting");
      if (std::holds_alternative<PeerConnected>(*status)) words.emplace_back("connected");
      const auto* ended = std::get_if<PeerDisconnected>(status);
      if (ended != nullptr)
        words.push_back((ended->was_given_up ? "" : "failed: ") + ended->reason);
    }
    return words;
  }

  std::unique_ptr<rtc::Stack> stack = *rtc::Stack::create();
  SeededEntropy entropy{1};
  Network network;
  Time now{};
  const Endpoint near_end{IpAddress::v4({10, 0, 0, 1}), 5000};
  std::unique_ptr<rtc::Transport> transport = rtc::Transport::create(*stack, network, entropy);
  OtherEnd one{*stack, network, entropy, 2};
  OtherEnd two{*stack, network, entropy, 3};
  room::Hub hub{{AppId("app"), PeerId("self")}, entropy};
  Links links{*transport, hub};
  const RoomId stage{"stage"};
  const RoomId foyer{"foyer"};
  const PeerId peer{"peer"};
};

TEST_F(LinksTest, AreBoundedAndTakeMoreWhenSomeHaveGone) {
  const std::string offer = *links.offer(signal::AttemptId{}, stage, PeerId("0"));
  for (std::size_t i = 1; i < Links::max_attempts; ++i) {
    ASSERT_FALSE(links.is_full());
    const auto answer = links.answer(signal::AttemptId{i}, stage, PeerId(std::to_string(i)), offer);
    ASSERT_TRUE(answer) << answer.error().message;
  }
  EXPECT_TRUE(links.is_full());
  constexpr signal::AttemptId next{Links::max_attempts};
  const auto refused = links.answer(next, stage, PeerId("one more"), offer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::limit);
  EXPECT_FALSE(links.offer(next, stage, PeerId("one more")));
  links.abandon(signal::AttemptId{1});
  EXPECT_FALSE(links.is_full());
  EXPECT_TRUE(links.answer(next, stage, PeerId("one more"), offer));
}

TEST_F(LinksTest, APeerWhoseConnectionsOpenAndCloseWhileTheyRaceLeavesNothing) {
  answer(one, signal::AttemptId{1}, stage);
  answer(two, signal::AttemptId{2}, foyer);
  ASSERT_TRUE(run_until([&] { return one.is_open && two.is_open && network.packets.empty(); }));
  EXPECT_THAT(told(), ElementsAre("connecting", "connecting", "reached"));
  one.connection->close(now);
  two.connection->close(now);
  ASSERT_TRUE(run_until([&] { return network.packets.empty(); }));
  EXPECT_THAT(told(), ElementsAre("lost", StartsWith("failed: ")));
  EXPECT_TRUE(links.connected_peers().empty());
  EXPECT_TRUE(links.tried_peers().empty());
  EXPECT_EQ(links.next_timeout(), std::nullopt);
}

TEST_F(LinksTest, TellTheEndOfWhatTheyToldAsBegun) {
  links.offer(signal::AttemptId{1}, stage, peer);
  EXPECT_THAT(told(), ElementsAre("connecting"));
  links.abandon(signal::AttemptId{1});
  EXPECT_THAT(told(), ElementsAre("no answer"));

  EXPECT_FALSE(links.answer(signal::AttemptId{2}, stage, peer, "nonsense"));
  EXPECT_THAT(told(), ElementsAre());

  links.offer(signal::AttemptId{3}, stage, peer);
  links.offer(signal::AttemptId{4}, foyer, peer);
  links.abandon_room(stage);
  EXPECT_THAT(told(), ElementsAre("connecting", "connecting"));
  links.abandon_room(foyer);
  EXPECT_THAT(told(), ElementsAre("the room was left"));
}

TEST(Pool, HoldsTwoMessagesOfAnySize) {
  constexpr std::size_t mib = 1U << 20;
  EXPECT_EQ(max_pending_bytes(1024), 256 * mib);
  EXPECT_EQ(max_pending_bytes(64 * mib), 256 * mib);
  EXPECT_EQ(max_pending_bytes(1024 * mib), 2048 * mib);
}

}  // namespace
}  // namespace roomwire::mesh
