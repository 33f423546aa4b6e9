#include <sys/socket.h>
#include <unistd.h>

#include <net/socket_address.hpp>
#include <net/udp_socket.hpp>
#include <sockets/receiver_gauge.hpp>

#include "sockets/test_sockets.hpp"

namespace roomwire::sockets {
namespace {

using Texts = std::vector<std::string>;

// A socket with the system's buffers, which is read only when somebody asks.
class PlainReceiver {
 public:
  explicit PlainReceiver(std::uint16_t port = 0, const char* host = "127.0.0.1")
      : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    net::SocketAddress address;
    socklen_t length = net::to_socket_address({*IpAddress::parse(host), port}, address);
    EXPECT_EQ(::bind(fd_, &address.any, length), 0);
    ::getsockname(fd_, &address.any, &length);
    endpoint_ = *net::from_socket_address(&address.any);
  }
  ~PlainReceiver() { ::close(fd_); }
  PlainReceiver(const PlainReceiver&) = delete;
  PlainReceiver& operator=(const PlainReceiver&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

  void read(std::size_t most = SIZE_MAX) {
    std::array<char, 65'536> buffer;
    for (; most > 0; --most) {
      net::SocketAddress from;
      socklen_t length = sizeof from;
      const ssize_t size = ::recvfrom(fd_, buffer.data(), buffer.size(), 0, &from.any, &length);
      if (size < 0) return;
      received.emplace_back(buffer.data(), static_cast<std::size_t>(size));
      remote = *net::from_socket_address(&from.any);
    }
  }
  void send(std::string_view packet) {
    net::SocketAddress address;
    const socklen_t length = net::to_socket_address(remote, address);
    ::sendto(fd_, packet.data(), packet.size(), 0, &address.any, length);
  }

  Texts received;
  Endpoint remote;

 private:
  int fd_;
  Endpoint endpoint_;
};

class UdpFamilies : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, UdpFamilies, testing::Values("127.0.0.1", "[::1]"),
                         [](const auto& host) { return host.param == "[::1]" ? "V6" : "V4"; });

TEST_P(UdpFamilies, CarryPacketsAndAnswersInOrder) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const std::string port = far.listen(GetParam() + ":0");
  const auto destination = near->add_destination(to(GetParam() + ":" + port));
  far.when_heard = [&](const Source& source, ByteView packet) {
    EXPECT_TRUE(far->send_to(source, packet));
  };
  Texts sent;
  for (int i = 0; i < 300; ++i) {
    sent.push_back("packet " + std::to_string(i));
    near.send(destination, sent.back());
  }
  ASSERT_TRUE(run_until(loop, [&] { return near.heard.size() == sent.size(); }));
  EXPECT_EQ(far.packets(), sent);
  EXPECT_EQ(near.packets(), sent);
  EXPECT_EQ(far.heard[0].source.remote, near->sources().at(0));
  EXPECT_EQ(far.heard[0].source.end, (std::variant<ListenerId, DestinationId>{ListenerId{0}}));
  EXPECT_EQ(near.heard[0].source.end, (std::variant<ListenerId, DestinationId>{DestinationId{0}}));
  EXPECT_EQ(near->stats(destination).sent, sent.size());
  EXPECT_TRUE(near.changes.empty());
}

TEST(UdpListener, OnAPortAloneHearsBothFamilies) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const std::string port = far.listen("0");
  ASSERT_EQ(far->listening_on(*far.listener).size(), 2U);
  near.send(near->add_destination(to("127.0.0.1:" + port)), "four");
  near.send(near->add_destination(to("[::1]:" + port)), "six");
  EXPECT_TRUE(run_until(loop, [&] { return far.heard.size() == 2; }));
}

TEST(UdpListener, SaysWhichPortIsTakenAndWhatToDo) {
  net::Loop loop;
  TestSockets first(loop);
  TestSockets second(loop);
  const std::string port = first.listen("0");
  const auto taken = second->listen(at(port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(taken.error().message, "UDP port " + port +
                                       " is taken: close what listens there, or listen "
                                       "on another port");
  const auto foreign = second->listen(at("192.0.2.77:" + port));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().message,
            "cannot listen on 192.0.2.77:" + port +
                ": this machine has no such address; leave it out to listen on all");
  const auto group = second->listen(at("239.0.0.1:0?interface=none0"));
  ASSERT_FALSE(group);
  EXPECT_NE(group.error().message.find("no interface none0"), std::string::npos);
}

TEST(UdpListener, SharesItsPortWithWhoSharesItToo) {
  net::Loop loop;
  TestSockets first(loop);
  TestSockets second(loop);
  SocketUrl url = at("127.0.0.1:0");
  url.port_use = PortUse::shared;
  const auto listener = first->listen(url);
  ASSERT_TRUE(listener);
  url.port = first->listening_on(*listener).front().port;
  EXPECT_TRUE(second->listen(url));
  url.port_use = PortUse::alone;
  EXPECT_FALSE(second->listen(url));
}

TEST(UdpDestination, OfANameGetsWhatWasSentBeforeItWasKnown) {
  net::Loop loop;
  TestSockets near(loop);
  PlainReceiver receiver;
  const auto destination =
      near->add_destination(to("localhost:" + std::to_string(receiver.endpoint().port)));
  near.send(destination, "1");
  near.send(destination, "2");
  EXPECT_TRUE(run_until(loop, [&] {
    receiver.read();
    return receiver.received == Texts{"1", "2"};
  }));
}

// What both ways of hearing answers have in common.
class UdpSources : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, UdpSources, testing::Bool(),
                         [](const auto& strict) { return strict.param ? "Strict" : "AnyPort"; });

/// Until the receiver knows where we send from.
testing::AssertionResult reads_one(net::Loop& loop, PlainReceiver& receiver) {
  const bool came = run_until(loop, [&] {
    receiver.read();
    return !receiver.received.empty();
  });
  return came ? testing::AssertionSuccess() : testing::AssertionFailure() << "nothing came";
}

TEST(UdpDestination, HearsItsHostFromEveryPortAndNobodyElse) {
  net::Loop loop;
  TestSockets near(loop, false);
  PlainReceiver receiver;
  const auto destination = near->add_destination(to(receiver.endpoint().to_string()));
  near.send(destination, "question");
  ASSERT_TRUE(reads_one(loop, receiver));
  EXPECT_EQ(receiver.remote, near->sources().at(0));
  EXPECT_EQ(receiver.remote.address.to_string(), "127.0.0.1");
  EXPECT_EQ(near->remote(destination), receiver.endpoint());
  PlainReceiver other_port;
  PlainReceiver other_host(0, "127.0.0.2");
  for (PlainReceiver* sender : {&other_host, &other_port, &receiver}) {
    sender->remote = receiver.remote;
    sender->send(sender == &other_host ? "foreign" : "answer");
  }
  ASSERT_TRUE(run_until(loop, [&] { return near.heard.size() == 2; }));
  EXPECT_EQ(near.packets(), (Texts{"answer", "answer"}));
  EXPECT_EQ(near.heard[0].source.remote, other_port.endpoint());
  EXPECT_EQ(near.notices, (Texts{other_host.endpoint().to_string() + " sends to where " +
                                     receiver.endpoint().to_string() +
                                     " should answer, and is not heard: use --listen for others",
                                 receiver.endpoint().to_string() + " answers from port " +
                                     std::to_string(other_port.endpoint().port) +
                                     ", which is heard (--strict-source leaves such out)"}));
}

TEST(UdpDestination, ThatIsStrictHearsOnePortAlone) {
  net::Loop loop;
  TestSockets near(loop);
  PlainReceiver receiver;
  near.send(near->add_destination(to(receiver.endpoint().to_string())), "question");
  ASSERT_TRUE(reads_one(loop, receiver));
  PlainReceiver other_port;
  other_port.remote = receiver.remote;
  other_port.send("unheard");
  receiver.send("answer");
  ASSERT_TRUE(run_until(loop, [&] { return !near.heard.empty(); }));
  EXPECT_EQ(near.packets(), Texts{"answer"});
}

// A program that opens a socket for each answer has closed it when it is answered in turn.
TEST(UdpDestination, IsNotDownBecauseASocketThatAnsweredIsGone) {
  net::Loop loop;
  TestSockets near(loop, false);
  PlainReceiver receiver;
  const auto destination = near->add_destination(to(receiver.endpoint().to_string()));
  near.send(destination, "question");
  ASSERT_TRUE(reads_one(loop, receiver));
  {
    PlainReceiver other_port;
    other_port.remote = receiver.remote;
    other_port.send("answer");
    ASSERT_TRUE(run_until(loop, [&] { return !near.heard.empty(); }));
  }
  Texts sent = receiver.received;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(near->send_to(near.heard[0].source, as_bytes("nobody there")));
    sent.push_back(std::to_string(i));
    near.send(destination, sent.back());
    net::settle(loop);
  }
  receiver.read();
  EXPECT_EQ(receiver.received, sent);
  EXPECT_TRUE(near.changes.empty());
  EXPECT_EQ(near->stats(destination).refused, 0U);
}

TEST(UdpDestination, OfANameThatIsNotThereIsSaidOnceAndDropped) {
  net::Loop loop;
  TestSockets near(loop);
  const auto destination = near->add_destination(to("nowhere.invalid:9"));
  near.send(destination, "early");
  ASSERT_TRUE(run_until(loop, [&] { return !near.changes.empty(); }));
  near.send(destination, "late");
  EXPECT_FALSE(near.changes[0].up);
  EXPECT_EQ(near.changes[0].line.rfind("nowhere.invalid:9: host not found", 0), 0U)
      << near.changes[0].line;
  EXPECT_EQ(near->stats(destination).dropped_down, 2U);
  EXPECT_FALSE(near->is_up(destination));
}

TEST_P(UdpSources, ThatRefusedAndCameBackLosesNothingMore) {
  net::Loop loop;
  TestSockets near(loop, GetParam());
  const Endpoint endpoint = PlainReceiver().endpoint();
  const auto destination = near->add_destination(to(endpoint.to_string()));
  for (int i = 0; i < 10; ++i) {
    near.send(destination, "lost");
    if (i >= 5) net::settle(loop);
  }
  ASSERT_EQ(near.changes.size(), 1U);
  EXPECT_FALSE(near->is_up(destination));
  EXPECT_EQ(near.changes[0].line,
            endpoint.to_string() + " refuses (nobody listens there); trying on");
  EXPECT_GE(near->stats(destination).refused, 1U);

  // The last refusal still lies in the socket: it must not cost the first packet.
  std::vector<std::string> sent;
  std::optional<PlainReceiver> receiver;
  loop.post([&] {
    near.send(destination, "last lost");
    loop.post([&] {
      receiver.emplace(endpoint.port);
      for (int i = 0; i < 10; ++i) {
        sent.push_back(std::to_string(i));
        near.send(destination, sent.back());
      }
    });
  });
  EXPECT_TRUE(run_until(loop, [&] {
    if (receiver) receiver->read();
    return receiver && receiver->received == sent;
  }));
  EXPECT_TRUE(run_until(loop, [&] { return near.changes.size() == 2; }));
  EXPECT_EQ(near.changes[1].line, endpoint.to_string() + " is there again");
  EXPECT_TRUE(near->is_up(destination));
}

TEST_P(UdpSources, IsUpAgainWhenItAnswers) {
  net::Loop loop;
  TestSockets near(loop, GetParam());
  const Endpoint endpoint = PlainReceiver().endpoint();
  const auto destination = near->add_destination(to(endpoint.to_string()));
  near.send(destination, "lost");
  ASSERT_TRUE(run_until(loop, [&] { return !near->is_up(destination); }));
  PlainReceiver receiver(endpoint.port);
  near.send(destination, "question");
  ASSERT_TRUE(reads_one(loop, receiver));
  receiver.send("answer");
  ASSERT_TRUE(run_until(loop, [&] { return !near.heard.empty(); }));
  EXPECT_EQ(near.heard[0].packet, "answer");
  EXPECT_TRUE(near->is_up(destination));
}

TEST(UdpEnds, HearNothingOfTheirOwn) {
  net::Loop loop;
  TestSockets bridge(loop);
  TestSockets other(loop);
  const std::string port = bridge.listen("0");
  const auto to_itself = bridge->add_destination(to("127.0.0.1:" + port));
  for (int i = 0; i < 10; ++i)
    bridge.send(to_itself, "own");
  ASSERT_TRUE(run_until(loop, [&] { return bridge->own_ignored() == 10; }));
  other.send(other->add_destination(to("127.0.0.1:" + port)), "foreign");
  ASSERT_TRUE(run_until(loop, [&] { return !bridge.heard.empty(); }));
  EXPECT_EQ(bridge.packets(), Texts{"foreign"});

  // Neither what answers bring about, from one listener to another.
  const std::string second = bridge.listen("0");
  Source forged = bridge.heard[0].source;
  forged.remote = {*IpAddress::parse("127.0.0.1"),
                   bridge->listening_on(*bridge.listener).front().port};
  EXPECT_TRUE(bridge->send_to(forged, as_bytes("own answer")));
  EXPECT_TRUE(run_until(loop, [&] { return bridge->own_ignored() == 11; }));
  EXPECT_EQ(bridge.heard.size(), 1U);
}

// A fader box that is slow, with the system's buffers, which hold some 270 packets.
TEST_P(UdpSources, LoseNothingToASlowReaderWithDefaultBuffers) {
  net::Loop loop;
  TestSockets near(loop, GetParam());
  PlainReceiver receiver;
  if (!ReceiverGauge({*IpAddress::parse("127.0.0.1"), 1}, receiver.endpoint()).level())
    GTEST_SKIP() << "the kernel does not tell how full a receiver is";
  const auto destination = near->add_destination(to(receiver.endpoint().to_string()));
  Texts expected;
  for (int i = 0; i < 20'000; ++i)
    expected.push_back(std::to_string(i));
  std::size_t next = 0;
  const auto send_more = [&] {
    while (next < expected.size() && !near->is_congested())
      near.send(destination, expected[next++]);
  };
  near.when_room = send_more;
  send_more();
  EXPECT_LT(next, expected.size());
  ASSERT_TRUE(run_until(loop, [&] {
    receiver.read(60);
    return receiver.received.size() >= expected.size();
  }));
  EXPECT_TRUE(receiver.received == expected);
  EXPECT_GT(near.rooms, 0);
  EXPECT_EQ(near->stats(destination).dropped_slow, 0U);
}

TEST(UdpDestination, KeepsABoundedQueueAndDropsTheOldest) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const auto destination = near->add_destination(to("127.0.0.1:" + far.listen("127.0.0.1:0")));
  for (int i = 0; i < 70'000; ++i)
    near.send(destination, std::to_string(i));
  EXPECT_EQ(near->stats(destination).queued, 65'536U);
  EXPECT_EQ(near->stats(destination).dropped_slow, 70'000U - 65'536U);
  ASSERT_TRUE(run_until(loop, [&] { return !far.heard.empty(); }));
  EXPECT_EQ(far.heard[0].packet, std::to_string(70'000 - 65'536));
}

TEST(UdpDestination, CountsWhatNoDatagramHolds) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const auto destination = near->add_destination(to("127.0.0.1:" + far.listen("127.0.0.1:0")));
  near.send(destination, "before");
  near.send(destination, std::string(70'000, 'x'));
  near.send(destination, "after");
  ASSERT_TRUE(run_until(loop, [&] { return far.heard.size() == 2; }));
  EXPECT_EQ(far.packets(), (Texts{"before", "after"}));
  EXPECT_EQ(near->stats(destination).failed, 1U);
  EXPECT_TRUE(near->is_up(destination));
}

TEST(UdpEnds, MayBeDestroyedInTheirCallbacks) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const auto destination = near->add_destination(to("127.0.0.1:" + far.listen("127.0.0.1:0")));
  const Endpoint dead = PlainReceiver().endpoint();
  std::string copy;
  far.when_heard = [&](const Source&, ByteView packet) {
    far.sockets.reset();
    copy = as_text(packet);  // still valid
  };
  for (int i = 0; i < 10; ++i)
    near.send(destination, "packet");
  ASSERT_TRUE(run_until(loop, [&] { return far.sockets == nullptr; }));
  net::settle(loop);
  EXPECT_EQ(far.heard.size(), 1U);
  EXPECT_EQ(copy, "packet");

  near.when_changed = [&] { near.sockets.reset(); };
  near.send(near->add_destination(to(dead.to_string())), "x");
  ASSERT_TRUE(run_until(loop, [&] { return near.sockets == nullptr; }));
  net::settle(loop);
}

TEST(UdpEnds, SendWhatIsQueuedWhenTheyEnd) {
  net::Loop loop;
  PlainReceiver receiver;
  {
    TestSockets near(loop);
    near.send(near->add_destination(to(receiver.endpoint().to_string())), "bye");
  }
  receiver.read();
  EXPECT_EQ(receiver.received, Texts{"bye"});
}

TEST(ReceiverGauge, LosesPatienceWithAReceiverThatHangs) {
  PlainReceiver receiver;
  PlainReceiver sender;
  sender.remote = receiver.endpoint();
  ReceiverGauge gauge(sender.endpoint(), receiver.endpoint());
  const auto empty = gauge.level();
  if (!empty) GTEST_SKIP() << "the kernel does not tell how full a receiver is";
  EXPECT_EQ(empty->used, 0U);
  PacketQueue queue({1'000, 1U << 20});
  for (int i = 0; i < 1'000; ++i)
    queue.push({}, as_bytes("0123456789"));
  Time now{};
  const auto allow_and_send = [&] {
    const std::size_t allowed = gauge.allow(queue, now).value_or(0);
    for (std::size_t i = 0; i < allowed; ++i)
      sender.send("0123456789");
    return allowed;
  };
  std::size_t sent = 0;
  while (const std::size_t more = allow_and_send())
    sent += more;
  EXPECT_GE(sent, 50U);
  // All of it fitted.
  receiver.read();
  EXPECT_EQ(receiver.received.size(), sent);
  EXPECT_GT(allow_and_send(), 0U);
  while (allow_and_send() > 0) {
  }
  now += ReceiverGauge::patience;
  EXPECT_EQ(gauge.allow(queue, now), std::nullopt);
}

}  // namespace
}  // namespace roomwire::sockets
