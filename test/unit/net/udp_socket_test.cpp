#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <base/bytes.hpp>
#include <base/entropy.hpp>
#include <net/interfaces.hpp>
#include <net/loop.hpp>
#include <net/udp_socket.hpp>
#include <string>
#include <vector>

#include "run_until.hpp"

namespace roomwire::net {
namespace {

Endpoint loopback(bool v6 = false) {
  return {*IpAddress::parse(v6 ? "::1" : "127.0.0.1"), 0};
}

struct Received {
  Endpoint remote;
  Bytes data;
  bool operator==(const Received&) const = default;
};

struct Peer {
  Peer(Loop& loop, const Endpoint& local, UdpOptions options = {}) {
    auto bound = UdpSocket::bind(
        loop, local,
        [this](std::span<const Datagram> datagrams) {
          largest_batch = std::max(largest_batch, datagrams.size());
          for (const Datagram& datagram : datagrams)
            received.push_back(
                {datagram.remote, Bytes(datagram.data.begin(), datagram.data.end())});
        },
        options);
    EXPECT_TRUE(bound) << bound.error().message;
    socket = std::move(*bound);
  }

  std::unique_ptr<UdpSocket> socket;
  std::vector<Received> received;
  std::size_t largest_batch = 0;
};

// Every way that a kernel may leave us with, over both families.
struct Way {
  std::string name;
  UdpOptions options;
  bool v6 = false;
};

class UdpSocketWays : public testing::TestWithParam<Way> {};

INSTANTIATE_TEST_SUITE_P(
    , UdpSocketWays,
    testing::Values(Way{"All", {}}, Way{"AllV6", {}, true},
                    Way{"NoSegmentOffload", {.segment_offload = false}},
                    Way{"NoReceiveOffload", {.receive_offload = false}},
                    Way{"NoOffload", {.segment_offload = false, .receive_offload = false}},
                    Way{"NoBatch", {.batch = false}},
                    Way{"Nothing",
                        {.segment_offload = false, .receive_offload = false, .batch = false}},
                    Way{"NothingV6",
                        {.segment_offload = false, .receive_offload = false, .batch = false},
                        true}),
    [](const auto& way) { return way.param.name; });

TEST_P(UdpSocketWays, DeliversEveryDatagramWholeAndInOrder) {
  Loop loop;
  Peer receiver(loop, loopback(GetParam().v6), GetParam().options);
  Peer sender(loop, loopback(GetParam().v6), GetParam().options);
  SeededEntropy entropy(1);
  std::vector<Received> expected;
  for (int i = 0; i < 600; ++i) {
    // Runs of one size, some odd ones, and an empty one.
    std::size_t size = 1'200;
    if (i % 50 == 49) size = entropy.below(1'300);
    if (i == 100) size = 0;
    Bytes data(size);
    entropy.fill(data);
    sender.socket->send(receiver.socket->local(), data);
    expected.push_back({sender.socket->local(), std::move(data)});
  }
  EXPECT_TRUE(run_until(loop, [&] { return receiver.received.size() >= expected.size(); }));
  EXPECT_TRUE(receiver.received == expected);
  EXPECT_EQ(sender.socket->stats().sent, expected.size());
  EXPECT_EQ(receiver.socket->stats().received, expected.size());
  EXPECT_LE(receiver.largest_batch, 1'024U);
}

TEST_P(UdpSocketWays, CarriesTheLargestDatagram) {
  Loop loop;
  Peer receiver(loop, loopback(GetParam().v6), GetParam().options);
  Peer sender(loop, loopback(GetParam().v6), GetParam().options);
  const Bytes largest(65'507, 7);
  sender.socket->send(receiver.socket->local(), largest);
  ASSERT_TRUE(run_until(loop, [&] { return !receiver.received.empty(); }));
  EXPECT_EQ(receiver.received[0].data, largest);
}

TEST(UdpSocket, EchoesFromItsCallbackWithinTheTurn) {
  Loop loop;
  std::unique_ptr<UdpSocket> echo;
  auto bound = UdpSocket::bind(loop, loopback(), [&](std::span<const Datagram> datagrams) {
    for (const Datagram& datagram : datagrams)
      echo->send(datagram.remote, datagram.data);
  });
  ASSERT_TRUE(bound);
  echo = std::move(*bound);
  Peer peer(loop, loopback());
  peer.socket->send(echo->local(), as_bytes("hello"));
  ASSERT_TRUE(run_until(loop, [&] { return !peer.received.empty(); }));
  EXPECT_EQ(as_text(peer.received[0].data), "hello");
  EXPECT_EQ(peer.received[0].remote, echo->local());
}

TEST(UdpSocket, FlushSendsWithoutALoop) {
  Loop loop;
  Peer receiver(loop, loopback());
  Peer sender(loop, loopback());
  sender.socket->send(receiver.socket->local(), as_bytes("now"));
  EXPECT_EQ(sender.socket->stats().sent, 0U);
  sender.socket->flush();
  EXPECT_EQ(sender.socket->stats().sent, 1U);
}

TEST(UdpSocket, AnEndingSocketStillSendsWhatIsQueued) {
  Loop loop;
  Peer receiver(loop, loopback());
  {
    Peer sender(loop, loopback());
    sender.socket->send(receiver.socket->local(), as_bytes("bye"));
  }
  EXPECT_TRUE(run_until(loop, [&] { return receiver.received.size() == 1; }));
}

TEST(UdpSocket, TakesAFixedPortOnceAndSaysWhyNotTwice) {
  Loop loop;
  Peer first(loop, loopback());
  EXPECT_NE(first.socket->local().port, 0);
  const auto second = UdpSocket::bind(loop, first.socket->local(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_NE(second.error().message.find(first.socket->local().to_string()), std::string::npos)
      << second.error().message;
  const auto foreign = UdpSocket::bind(loop, {*IpAddress::parse("192.0.2.77"), 0}, {});
  EXPECT_FALSE(foreign);
}

TEST(UdpSocket, OnePortServesBothFamilies) {
  Loop loop;
  Peer v4(loop, {*IpAddress::parse("0.0.0.0"), 0});
  const auto v6 = UdpSocket::bind(loop, {*IpAddress::parse("::"), v4.socket->local().port}, {});
  EXPECT_TRUE(v6) << v6.error().message;
}

TEST(UdpSocket, WhatCannotBeSentIsCountedAndHurtsNobody) {
  Loop loop;
  Peer receiver(loop, loopback());
  Peer sender(loop, loopback());
  const Bytes data(100, 1);
  Endpoint closed = [&] { return Peer(loop, loopback()).socket->local(); }();
  for (int i = 0; i < 3; ++i) {
    sender.socket->send({*IpAddress::parse("::1"), 9}, data);
    sender.socket->send({*IpAddress::parse("127.0.0.1"), 0}, data);
    sender.socket->send(closed, data);
    sender.socket->send({*IpAddress::parse("0.0.0.0"), 0}, data);
    sender.socket->send(receiver.socket->local(), Bytes(70'000));
    sender.socket->send(receiver.socket->local(), data);
  }
  EXPECT_TRUE(run_until(loop, [&] { return receiver.received.size() == 3; }));
  EXPECT_GE(sender.socket->stats().send_dropped, 12U);
}

TEST(UdpSocket, AFloodOnOneSocketLeavesTurnsForAnother) {
  Loop loop;
  Peer flooded(loop, loopback(), {.receive_offload = false});
  std::size_t flood_before = SIZE_MAX;
  const auto quiet =
      UdpSocket::bind(loop, loopback(), [&](auto) { flood_before = flooded.received.size(); });
  ASSERT_TRUE(quiet);
  Peer sender(loop, loopback(), {.segment_offload = false});
  const Bytes data(100, 1);
  for (int i = 0; i < 2'000; ++i)
    sender.socket->send(flooded.socket->local(), data);
  sender.socket->send((*quiet)->local(), data);
  sender.socket->flush();
  EXPECT_TRUE(run_until(loop, [&] { return flooded.received.size() == 2'000; }));
  EXPECT_LT(flood_before, 2'000U);
}

TEST(UdpSocket, ATimerWaitsForNoMoreThanTheTurnInWhichItFallsDue) {
  constexpr std::size_t all = 64;
  Loop loop;
  std::size_t received = 0;
  std::size_t first_turn = 0;
  std::size_t when_due = 0;
  Timer timer(loop, [&] { when_due = received; });
  auto slow = UdpSocket::bind(loop, loopback(), [&](std::span<const Datagram> datagrams) {
    if (received == 0) {
      timer.set(loop.now());
      first_turn = datagrams.size();
    }
    received += datagrams.size();
    const Time end = std::chrono::steady_clock::now() + 1ms;
    while (std::chrono::steady_clock::now() < end) {
    }
  });
  ASSERT_TRUE(slow);
  Peer sender(loop, loopback());
  for (std::size_t i = 0; i < all; ++i)
    sender.socket->send((*slow)->local(), as_bytes("x"));
  ASSERT_TRUE(run_until(loop, [&] { return received == all; }));
  EXPECT_EQ(when_due, first_turn);
  EXPECT_LT(when_due, all);
}

TEST(UdpSocket, MayBeDestroyedInItsOwnCallback) {
  Loop loop;
  int calls = 0;
  std::unique_ptr<UdpSocket> socket;
  auto bound = UdpSocket::bind(loop, loopback(), [&](std::span<const Datagram> datagrams) {
    socket->send(datagrams[0].remote, datagrams[0].data);
    socket.reset();
    calls += static_cast<int>(datagrams[0].data.size());  // still valid
  });
  ASSERT_TRUE(bound);
  socket = std::move(*bound);
  Peer peer(loop, loopback());
  peer.socket->send(socket->local(), as_bytes("1234567"));
  EXPECT_TRUE(run_until(loop, [&] { return !peer.received.empty(); }));
  EXPECT_EQ(calls, 7);
}

TEST(UdpSocket, DestroyedHearsNothing) {
  Loop loop;
  Peer sender(loop, loopback());
  int calls = 0;
  auto bound = UdpSocket::bind(loop, loopback(), [&](auto) { ++calls; });
  ASSERT_TRUE(bound);
  sender.socket->send((*bound)->local(), as_bytes("x"));
  sender.socket->flush();
  bound->reset();
  settle(loop);
  EXPECT_EQ(calls, 0);
}

TEST(UdpSocket, SharedSocketsHearAGroupOnLoopback) {
  Loop loop;
  const IpAddress local = *IpAddress::parse("127.0.0.1");
  const IpAddress group = *IpAddress::parse("239.255.77.77");
  Peer one(loop, {group, 0}, {.shared = true});
  Peer two(loop, one.socket->local(), {.shared = true});
  ASSERT_TRUE(one.socket->join(group, local, 0));
  ASSERT_TRUE(two.socket->join(group, local, 0));
  Peer sender(loop, loopback());
  sender.socket->set_multicast_interface(local, 0);
  sender.socket->send(one.socket->local(), as_bytes("all"));
  EXPECT_TRUE(run_until(loop, [&] { return !one.received.empty() && !two.received.empty(); }));
}

// Where the machine has a link-local address.
TEST(UdpSocket, LinkLocalRemotesHaveTheScopeOfTheirInterface) {
  const auto all = local_addresses().value();
  const auto own = std::find_if(all.begin(), all.end(), [](const LocalAddress& address) {
    return address.address.is_v6() && address.address.is_link_local();
  });
  if (own == all.end()) GTEST_SKIP() << "no link-local IPv6 address here";
  ASSERT_NE(own->address.scope(), 0U);
  Loop loop;
  Peer one(loop, {own->address, 0});
  Peer two(loop, {own->address, 0});
  Peer any(loop, {IpAddress::v6({}), 0});
  EXPECT_EQ(one.socket->local().address, own->address);
  const Endpoint to_two = two.socket->local();
  one.socket->send(to_two, as_bytes("hi"));
  one.socket->send(to_two.with_scope(0), as_bytes("the socket knows"));
  any.socket->send(to_two, as_bytes("from any"));
  one.socket->send({own->address, any.socket->local().port}, as_bytes("to any"));
  ASSERT_TRUE(run_until(loop, [&] { return two.received.size() == 3 && !any.received.empty(); }));
  EXPECT_EQ(two.received[0].remote, one.socket->local());
  EXPECT_EQ(two.received[1].remote, one.socket->local());
  EXPECT_EQ(any.received[0].remote, one.socket->local());
}

TEST(Interfaces, ListLoopbackLastAndBindable) {
  Loop loop;
  const auto all = local_addresses().value();
  ASSERT_FALSE(all.empty());
  EXPECT_LE(all.size(), max_local_addresses);
  EXPECT_TRUE(all.back().loopback);
  bool v4_loopback = false;
  for (const LocalAddress& local : all) {
    if (local.address.to_string() == "127.0.0.1") {
      v4_loopback = true;
      EXPECT_EQ(local.prefix, 8U);
      EXPECT_FALSE(local.broadcast);
    }
    EXPECT_NE(local.index, 0U);
    EXPECT_TRUE(UdpSocket::bind(loop, {local.address, 0}, {})) << local.address.to_string();
  }
  EXPECT_TRUE(v4_loopback);
}

TEST(Interfaces, ThatCannotBeListedAreNotCalledMissing) {
  const std::vector<std::string> names{"lo"};
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto listed = local_addresses();
  const auto unknown = unknown_interfaces(names);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(listed);
  EXPECT_NE(listed.error().message.find("Too many open files"), std::string::npos);
  EXPECT_FALSE(unknown);
}

TEST(Interfaces, ThatAreNotThereAreNamed) {
  const std::vector<std::string> names{"lo", "nosuch0", "127.0.0.1", "192.0.2.77"};
  EXPECT_EQ(unknown_interfaces(names).value(), (std::vector<std::string>{"nosuch0", "192.0.2.77"}));
}

TEST(Interfaces, KnowWhoIsInTheirNetwork) {
  const auto in = [](const char* address, unsigned prefix, const char* other) {
    const LocalAddress local{"eth0", *IpAddress::parse(address), 2, false, {}, prefix};
    return local.is_in_network(*IpAddress::parse(other));
  };
  EXPECT_TRUE(in("10.99.0.1", 24, "10.99.0.255"));
  EXPECT_FALSE(in("10.99.0.1", 24, "10.99.1.1"));
  EXPECT_TRUE(in("10.99.0.1", 23, "10.99.1.1"));
  EXPECT_FALSE(in("10.99.0.1", 23, "10.99.2.1"));
  EXPECT_TRUE(in("10.99.0.1", 32, "10.99.0.1"));
  EXPECT_FALSE(in("10.99.0.1", 32, "10.99.0.0"));
  EXPECT_FALSE(in("10.99.0.1", 0, "10.99.0.1"));
  EXPECT_TRUE(in("2001:db8::1", 64, "2001:db8::2:3"));
  EXPECT_FALSE(in("2001:db8::1", 8, "32.1.13.184"));
  EXPECT_TRUE(in("fe80::1%2", 64, "fe80::2%2"));
  EXPECT_FALSE(in("fe80::1%2", 64, "fe80::2%3"));
}

TEST(Interfaces, AreFilteredByNameOrAddress) {
  const LocalAddress wire{"eth0", *IpAddress::parse("192.0.2.1"), 2, false};
  const LocalAddress link{"eth0", *IpAddress::parse("fe80::1%2"), 2, false};
  const LocalAddress radio{"wlan0", *IpAddress::parse("192.0.2.2"), 3, false};
  const LocalAddress self{"lo", *IpAddress::parse("127.0.0.1"), 1, true};
  const std::vector<LocalAddress> all{self, wire, link, radio};
  const auto select = [&](std::vector<std::string> only) { return select_addresses(all, only); };
  using List = std::vector<LocalAddress>;
  EXPECT_EQ(select({}), (List{wire, link, radio, self}));
  EXPECT_EQ(select({"eth0"}), (List{wire, link}));
  EXPECT_EQ(select({"192.0.2.2", "lo"}), (List{radio, self}));
  EXPECT_EQ(select({"fe80::1"}), (List{link}));
  EXPECT_EQ(select({"fe80::1%2"}), (List{link}));
  EXPECT_EQ(select({"fe80::1%3"}), (List{}));
  EXPECT_EQ(select({"eth"}), (List{}));
}

TEST(Interfaces, AreBoundedAndWithoutWhatNobodyCanReach) {
  std::vector<LocalAddress> all{{"lo", *IpAddress::parse("127.0.0.1"), 1, true},
                                {"x", *IpAddress::parse("0.0.0.0"), 2, false},
                                {"x", *IpAddress::parse("224.0.0.1"), 2, false}};
  for (std::uint8_t i = 1; i < 40; ++i) {
    const LocalAddress local{"docker", IpAddress::v4({10, 0, 0, i}), i, false};
    all.push_back(local);
    all.push_back(local);
  }
  const auto chosen = select_addresses(all, {});
  ASSERT_EQ(chosen.size(), max_local_addresses);
  EXPECT_EQ(chosen[0].address.to_string(), "10.0.0.1");
  EXPECT_EQ(chosen[1].address.to_string(), "10.0.0.2");
}

}  // namespace
}  // namespace roomwire::net
