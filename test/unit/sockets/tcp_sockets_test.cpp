#include <base/entropy.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <osc/framing.hpp>

#include "sockets/test_sockets.hpp"

namespace roomwire::sockets {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Texts = std::vector<std::string>;

tcp::endpoint loopback(const std::string& port) {
  return {boost::asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(std::stoi(port))};
}

// A client that writes what it is told and reads when it is told.
struct Client {
  Client(net::Loop& loop, const std::string& port) : socket(loop.io()) {
    socket.connect(loopback(port));
    socket.non_blocking(true);
  }
  void write(ByteView bytes) {
    ErrorCode error;
    boost::asio::write(socket, boost::asio::buffer(bytes.data(), bytes.size()), error);
  }
  // What has come; `closed` when that was the end.
  Bytes read() {
    Bytes bytes(1U << 20);
    ErrorCode error;
    bytes.resize(socket.read_some(boost::asio::buffer(bytes), error));
    if (error && error != boost::asio::error::would_block) closed = true;
    return bytes;
  }
  tcp::socket socket;
  bool closed = false;
};

Bytes framed(osc::Framing framing, const Texts& packets) {
  Bytes bytes;
  for (const std::string& packet : packets)
    osc::append_frame(framing, as_bytes(packet), bytes);
  return bytes;
}

class TcpFramings : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, TcpFramings, testing::Values("size", "slip"),
                         [](const auto& framing) { return framing.param; });

TEST_P(TcpFramings, CarryPacketsAndAnswersInOrder) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const std::string url = "osc.tcp://127.0.0.1:" + far.listen("osc.tcp://127.0.0.1:0");
  const auto destination = near->add_destination(to(url + "?framing=" + GetParam()));
  far.when_heard = [&](const Source& source, ByteView packet) {
    EXPECT_TRUE(far->send_to(source, packet));
  };
  // Before the connection is there, and with bytes that SLIP must escape.
  Texts sent;
  for (int i = 0; i < 2'000; ++i) {
    sent.push_back("/packet\xc0\xdb" + std::to_string(i));
    near.send(destination, sent.back());
  }
  ASSERT_TRUE(run_until(loop, [&] { return near.heard.size() == sent.size(); }));
  EXPECT_TRUE(far.packets() == sent);
  EXPECT_TRUE(near.packets() == sent);
  EXPECT_EQ(far.heard[0].source.remote, near->sources().at(0));
  EXPECT_EQ(near->stats(destination).sent, sent.size());
  ASSERT_EQ(near.changes.size(), 1U);
  EXPECT_TRUE(near.changes[0].up);
}

// A desk that is configured for the other framing says so by what it sends.
TEST_P(TcpFramings, FollowAnEndThatSpeaksTheOther) {
  net::Loop loop;
  TestSockets near(loop);
  tcp::acceptor acceptor(loop.io(), loopback("0"));
  acceptor.non_blocking(true);
  const auto other = GetParam() == "size" ? osc::Framing::slip : osc::Framing::size_prefix;
  const auto own = GetParam() == "size" ? osc::Framing::size_prefix : osc::Framing::slip;
  const std::string url =
      "osc.tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  const auto destination = near->add_destination(to(url + "?framing=" + GetParam()));
  tcp::socket socket(loop.io());
  const auto accept = [&] {
    socket = tcp::socket(loop.io());
    return run_until(loop, [&] {
      ErrorCode error;
      acceptor.accept(socket, error);
      return !error;
    });
  };
  const auto comes = [&](const Bytes& expected) {
    Bytes bytes;
    return run_until(loop, [&] {
      bytes.resize(expected.size());
      ErrorCode error;
      socket.receive(boost::asio::buffer(bytes), tcp::socket::message_peek, error);
      return bytes == expected;
    });
  };
  ASSERT_TRUE(accept());
  near.send(destination, "first");
  ASSERT_TRUE(comes(framed(own, {"first"})));
  Bytes taken(framed(own, {"first"}).size());
  boost::asio::read(socket, boost::asio::buffer(taken));
  boost::asio::write(socket, boost::asio::buffer(framed(other, {"hello"})));
  ASSERT_TRUE(run_until(loop, [&] { return near.packets() == Texts{"hello"}; }));
  near.send(destination, "second");
  ASSERT_TRUE(comes(framed(other, {"second"})));
  const bool slip = other == osc::Framing::slip;
  EXPECT_EQ(near.notices,
            Texts{url + (slip ? " speaks SLIP" : "?framing=slip speaks with sizes") +
                  ", and is spoken to so from now on; what was sent before may be lost: write " +
                  url + (slip ? "?framing=slip" : "")});

  // Also when it connects again.
  socket.close();
  ASSERT_TRUE(run_until(loop, [&] { return !near->is_up(destination); }));
  ASSERT_TRUE(accept());
  ASSERT_TRUE(run_until(loop, [&] { return near->is_up(destination); }));
  near.send(destination, "third");
  ASSERT_TRUE(comes(framed(other, {"third"})));
  EXPECT_EQ(near.notices.size(), 1U);
}

TEST_P(TcpFramings, TakeAStreamHoweverItIsCut) {
  net::Loop loop;
  TestSockets far(loop);
  Client client(loop, far.listen("osc.tcp://127.0.0.1:0"));
  const osc::Framing framing =
      GetParam() == "slip" ? osc::Framing::slip : osc::Framing::size_prefix;
  const Texts packets{"/one", "/two", "/three"};
  for (const std::uint8_t byte : framed(framing, packets)) {
    client.write({&byte, 1});
    net::settle(loop);
  }
  ASSERT_TRUE(run_until(loop, [&] { return far.heard.size() == packets.size(); }));
  EXPECT_EQ(far.packets(), packets);
  // The answer comes in the client's own framing.
  ASSERT_TRUE(far->send_to(far.heard[0].source, as_bytes("/answer")));
  Bytes answer;
  ASSERT_TRUE(run_until(loop, [&] { return !(answer = client.read()).empty(); }));
  EXPECT_EQ(answer, framed(framing, {"/answer"}));
}

TEST(TcpDestination, ConnectsAgainAfterTheServerRestarts) {
  net::Loop loop;
  TestSockets near(loop);
  auto far = std::make_unique<TestSockets>(loop);
  const std::string port = far->listen("osc.tcp://127.0.0.1:0");
  const auto destination = near->add_destination(to("osc.tcp://127.0.0.1:" + port));
  near.send(destination, "before");
  ASSERT_TRUE(run_until(loop, [&] { return far->heard.size() == 1; }));
  far.reset();
  ASSERT_TRUE(run_until(loop, [&] { return !near->is_up(destination); }));
  near.send(destination, "stale");
  EXPECT_EQ(near->stats(destination).dropped_down, 1U);
  far = std::make_unique<TestSockets>(loop);
  far->listen("osc.tcp://127.0.0.1:" + port);
  ASSERT_TRUE(run_until(loop, [&] { return near->is_up(destination); }));
  near.send(destination, "after");
  ASSERT_TRUE(run_until(loop, [&] { return !far->heard.empty(); }));
  EXPECT_EQ(far->packets(), Texts{"after"});
  ASSERT_EQ(near.changes.size(), 3U);
  const std::string url = "osc.tcp://127.0.0.1:" + port + "/";
  EXPECT_EQ(near.changes[0].line, url + " is connected");
  EXPECT_EQ(near.changes[1].line, url + ": connection lost; trying again");
  EXPECT_EQ(near.changes[2].line, url + " is connected again");
  EXPECT_EQ(near->stats(destination).sent, 2U);
}

TEST(TcpDestination, ThatClosesEachConnectionAtOnceIsNotSpokenOfEachTime) {
  net::Loop loop;
  tcp::acceptor acceptor(loop.io(), {boost::asio::ip::make_address("127.0.0.1"), 0});
  TestSockets near(loop);
  near->add_destination(
      to("osc.tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())));
  std::size_t accepted = 0;
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](const ErrorCode& error, tcp::socket) {
      if (error) return;
      ++accepted;
      accept();
    });
  };
  accept();
  ASSERT_TRUE(run_until(loop, [&] { return accepted == 5; }));
  EXPECT_EQ(near.changes.size(), 4U);  // Connected, lost, and both once more.
}

TEST(TcpDestination, ThatIsNotThereIsSaidOnce) {
  net::Loop loop;
  TestSockets near(loop);
  std::string port;
  {
    TestSockets gone(loop);
    port = gone.listen("osc.tcp://127.0.0.1:0");
  }
  const auto destination = near->add_destination(to("osc.tcp://127.0.0.1:" + port));
  near.send(destination, "early");
  ASSERT_TRUE(run_until(loop, [&] { return !near.changes.empty(); }));
  EXPECT_EQ(near.changes[0].line,
            "osc.tcp://127.0.0.1:" + port + "/: connection refused; trying again");
  EXPECT_EQ(near->stats(destination).dropped_down, 1U);
  TestSockets far(loop);
  far.listen("osc.tcp://127.0.0.1:" + port);
  ASSERT_TRUE(run_until(loop, [&] { return near->is_up(destination); }));
  EXPECT_EQ(near.changes.size(), 2U);
}

TEST(TcpListener, ClosesAConnectionWhoseSizesCannotBe) {
  net::Loop loop;
  TestSockets far(loop);
  Client client(loop, far.listen("osc.tcp://127.0.0.1:0"));
  Bytes bytes = framed(osc::Framing::size_prefix, {"/good"});
  bytes.insert(bytes.end(), {0x7f, 0xff, 0xff, 0xff, 1, 2, 3});
  client.write(bytes);
  ASSERT_TRUE(run_until(loop, [&] { return client.read(), client.closed; }));
  EXPECT_EQ(far.packets(), Texts{"/good"});
  ASSERT_EQ(far.malformed.size(), 1U);
  EXPECT_NE(far.malformed[0].find("2147483647 bytes"), std::string::npos) << far.malformed[0];
}

TEST(TcpListener, LeavesOutABadFrameOfSlipAndGoesOn) {
  net::Loop loop;
  TestSockets far(loop);
  Client client(loop, far.listen("osc.tcp://127.0.0.1:0"));
  Bytes bytes{0xc0, '/', 0xdb, 'x', 0xc0};
  const Bytes good = framed(osc::Framing::slip, {"/good"});
  bytes.insert(bytes.end(), good.begin(), good.end());
  client.write(bytes);
  ASSERT_TRUE(run_until(loop, [&] { return !far.heard.empty() && !far.malformed.empty(); }));
  EXPECT_EQ(far.packets(), Texts{"/good"});
  EXPECT_FALSE((client.read(), client.closed));
}

TEST(TcpListener, SurvivesRandomBytes) {
  net::Loop loop;
  TestSockets far(loop);
  const std::string port = far.listen("osc.tcp://127.0.0.1:0");
  SeededEntropy entropy(7);
  for (int i = 0; i < 50; ++i) {
    Client client(loop, port);
    Bytes bytes(entropy.below(3'000));
    entropy.fill(bytes);
    client.write(bytes);
    net::settle(loop);
  }
  Client client(loop, port);
  client.write(framed(osc::Framing::size_prefix, {"/still here"}));
  EXPECT_TRUE(run_until(
      loop, [&] { return !far.heard.empty() && far.heard.back().packet == "/still here"; }));
}

TEST(TcpListener, HoldsSixtyFourConnections) {
  net::Loop loop;
  TestSockets far(loop);
  const std::string port = far.listen("osc.tcp://127.0.0.1:0");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 65; ++i) {
    clients.push_back(std::make_unique<Client>(loop, port));
    clients.back()->write(framed(osc::Framing::size_prefix, {"/hello"}));
    net::settle(loop);
  }
  ASSERT_TRUE(run_until(loop, [&] { return clients.back()->read(), clients.back()->closed; }));
  ASSERT_TRUE(run_until(loop, [&] { return far.heard.size() == 64; }));
  EXPECT_EQ(far.malformed, Texts{"64 connections are open: this one was closed"});
  // One leaves, and another may come.
  clients.front().reset();
  net::settle(loop);
  Client late(loop, port);
  late.write(framed(osc::Framing::size_prefix, {"/late"}));
  EXPECT_TRUE(run_until(loop, [&] { return far.heard.back().packet == "/late"; }));
}

TEST(TcpListener, SaysWhichPortIsTaken) {
  net::Loop loop;
  TestSockets first(loop);
  TestSockets second(loop);
  const std::string port = first.listen("osc.tcp://0");
  EXPECT_EQ(first->listening_on(*first.listener).size(), 2U);
  const auto taken = second->listen(at("osc.tcp://" + port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "TCP port " + port +
                                       " is taken: close what listens there, or listen "
                                       "on another port");
}

TEST(TcpDestination, LosesNothingWhenTheCallerWaitsForRoom) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const auto destination =
      near->add_destination(to("osc.tcp://127.0.0.1:" + far.listen("osc.tcp://127.0.0.1:0")));
  std::size_t next = 0;
  const auto send_more = [&] {
    while (next < 100'000 && !near->is_congested())
      near.send(destination, std::to_string(next++));
  };
  near.when_room = send_more;
  // From before the connection is there.
  send_more();
  EXPECT_LT(next, 100'000U);
  ASSERT_TRUE(run_until(loop, [&] { return far.heard.size() == 100'000; }));
  for (std::size_t i = 0; i < 100'000; ++i)
    ASSERT_EQ(far.heard[i].packet, std::to_string(i));
}

TEST(TcpDestination, KeepsABoundedQueueForASlowReader) {
  net::Loop loop;
  tcp::acceptor acceptor(loop.io(), {boost::asio::ip::make_address("127.0.0.1"), 0});
  tcp::socket server(loop.io());
  TestSockets near(loop);
  const auto destination = near->add_destination(
      to("osc.tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())));
  acceptor.async_accept(server, [](const ErrorCode&) {});
  ASSERT_TRUE(run_until(loop, [&] { return near->is_up(destination) && server.is_open(); }));
  const std::string packet(10'000, 'x');
  for (int i = 0; i < 4'000; ++i) {
    near.send(destination, packet);
    if (i % 100 == 0) net::settle(loop);
  }
  const DestinationStats stats = near->stats(destination);
  EXPECT_GT(stats.dropped_slow, 0U);
  EXPECT_LE(stats.queued * packet.size(), 16U << 20);
  EXPECT_EQ(stats.sent + stats.dropped_slow + stats.queued, 4'000U);
  near.send(destination, std::string((1U << 20) + 1, 'x'));
  EXPECT_EQ(near->stats(destination).failed, 1U);
  // When it reads at last, whole frames come, and the newest is among them.
  near.send(destination, "newest");
  const Bytes end = framed(osc::Framing::size_prefix, {"newest"});
  server.non_blocking(true);
  Bytes tail;
  std::size_t total = 0;
  EXPECT_TRUE(run_until(loop, [&] {
    Bytes more(1U << 20);
    ErrorCode error;
    more.resize(server.read_some(boost::asio::buffer(more), error));
    total += more.size();
    tail.insert(tail.end(), more.begin(), more.end());
    if (tail.size() > end.size())
      tail.erase(tail.begin(), tail.end() - static_cast<std::ptrdiff_t>(end.size()));
    return tail == end;
  }));
  EXPECT_EQ((total - end.size()) % (packet.size() + 4), 0U);
}

TEST(TcpEnds, HearNothingOfTheirOwn) {
  net::Loop loop;
  TestSockets bridge(loop);
  const std::string port = bridge.listen("osc.tcp://127.0.0.1:0");
  bridge.send(bridge->add_destination(to("osc.tcp://127.0.0.1:" + port)), "own");
  EXPECT_TRUE(run_until(loop, [&] { return bridge->own_ignored() == 1; }));
  EXPECT_TRUE(bridge.heard.empty());
}

TEST(TcpEnds, MayBeDestroyedInTheirCallbacks) {
  net::Loop loop;
  TestSockets near(loop);
  TestSockets far(loop);
  const auto destination =
      near->add_destination(to("osc.tcp://127.0.0.1:" + far.listen("osc.tcp://127.0.0.1:0")));
  far.when_heard = [&](const Source&, ByteView) { far.sockets.reset(); };
  near.when_changed = [&] {
    if (!near.changes.back().up) near.sockets.reset();
  };
  for (int i = 0; i < 10; ++i)
    near.send(destination, "packet");
  ASSERT_TRUE(run_until(loop, [&] { return near.sockets == nullptr; }));
  net::settle(loop);
  EXPECT_EQ(far.heard.size(), 1U);
}

TEST(TcpEnds, AnswersToAConnectionThatIsGoneAreRefused) {
  net::Loop loop;
  TestSockets far(loop);
  const std::string port = far.listen("osc.tcp://127.0.0.1:0");
  {
    Client client(loop, port);
    client.write(framed(osc::Framing::size_prefix, {"/hello"}));
    ASSERT_TRUE(run_until(loop, [&] { return !far.heard.empty(); }));
  }
  EXPECT_TRUE(
      run_until(loop, [&] { return !far->send_to(far.heard[0].source, as_bytes("/answer")); }));
}

}  // namespace
}  // namespace roomwire::sockets
