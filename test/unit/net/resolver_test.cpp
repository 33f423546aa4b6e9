#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <net/loop.hpp>
#include <net/resolver.hpp>
#include <net/udp_socket.hpp>
#include <string>
#include <vector>

#include "run_until.hpp"

namespace roomwire::net {
namespace {

Resolver::Addresses not_found() {
  return failure(ErrorKind::unavailable, "host not found");
}

class ResolverTest : public testing::Test {
 protected:
  Resolver::Done keep() {
    return [this](Resolver::Addresses found) {
      EXPECT_TRUE(loop_.on_loop_thread());
      results_.push_back(std::move(found));
    };
  }
  bool wait(std::size_t count) {
    return run_until(loop_, [this, count] { return results_.size() >= count; });
  }

  Loop loop_;
  std::vector<Resolver::Addresses> results_;
};

TEST_F(ResolverTest, TakesAddressesAsTheyAre) {
  Resolver resolver(loop_, [](const std::string&) -> Resolver::Addresses {
    ADD_FAILURE() << "no lookup is needed";
    return failure(ErrorKind::unavailable, "");
  });
  resolver.resolve("127.0.0.1", keep());
  resolver.resolve("::1", keep());
  EXPECT_TRUE(results_.empty()) << "never inside the call";
  ASSERT_TRUE(wait(2));
  EXPECT_EQ(results_[0], std::vector{*IpAddress::parse("127.0.0.1")});
  EXPECT_EQ(results_[1], std::vector{*IpAddress::parse("::1")});
}

TEST_F(ResolverTest, KnowsLocalhost) {
  Resolver resolver(loop_);
  resolver.resolve("localhost", keep());
  ASSERT_TRUE(wait(1));
  ASSERT_TRUE(results_[0]) << results_[0].error().message;
  for (const IpAddress& address : *results_[0])
    EXPECT_TRUE(address.is_loopback());
}

// Who answers for desk.local, as multicast DNS does, at a port of its own.
class LocalNames : public ResolverTest {
 protected:
  LocalNames() {
    auto bound = UdpSocket::bind(loop_, {*IpAddress::parse("127.0.0.1"), 0},
                                 [this](std::span<const Datagram> datagrams) {
                                   for (const Datagram& query : datagrams)
                                     if (answers_) responder_->send(query.remote, answer(query));
                                 });
    EXPECT_TRUE(bound);
    responder_ = std::move(*bound);
  }
  // The question, turned into a response with one A record: 127.0.0.9.
  static Bytes answer(const Datagram& query) {
    Bytes bytes(query.data.begin(), query.data.end());
    bytes[2] = 0x84;
    bytes[7] = 1;
    for (const int byte : {0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 127, 0, 0, 9})
      bytes.push_back(static_cast<std::uint8_t>(byte));
    return bytes;
  }
  std::vector<MdnsRoute> routes() const {
    return {{*IpAddress::parse("127.0.0.1"), 0, responder_->local()}};
  }

  bool answers_ = true;
  std::unique_ptr<UdpSocket> responder_;
};

TEST_F(LocalNames, AreAskedForByMulticast) {
  Resolver resolver(
      loop_, [](const std::string&) { return not_found(); }, [this] { return routes(); });
  resolver.resolve("Desk.local", keep());
  resolver.resolve("desk.example", keep());
  ASSERT_TRUE(wait(2));
  const auto& found = results_[0] ? results_[0] : results_[1];
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, std::vector{*IpAddress::parse("127.0.0.9")});
  settle(loop_);
  EXPECT_EQ(results_.size(), 2U);
}

TEST_F(LocalNames, MayBeKnownToTheSystemAlone) {
  answers_ = false;
  Resolver resolver(
      loop_,
      [](const std::string&) -> Resolver::Addresses {
        return std::vector{*IpAddress::parse("127.0.0.8")};
      },
      [this] { return routes(); });
  resolver.resolve("desk.local", keep());
  ASSERT_TRUE(wait(1));
  EXPECT_EQ(results_[0].value(), std::vector{*IpAddress::parse("127.0.0.8")});
}

TEST_F(LocalNames, ThatNobodyKnowsAreSaidToBeSo) {
  answers_ = false;
  Resolver resolver(
      loop_, [](const std::string&) { return not_found(); }, [this] { return routes(); });
  resolver.resolve("desk.local", keep());
  ASSERT_TRUE(wait(1));
  EXPECT_EQ(results_[0].error().message,
            "host not found: neither by multicast DNS nor by the system");
}

TEST_F(ResolverTest, SaysThatAHostIsNotFound) {
  Resolver resolver(loop_);
  resolver.resolve("a..b", keep());  // not asked of any server: no name
  ASSERT_TRUE(wait(1));
  ASSERT_FALSE(results_[0]);
  EXPECT_EQ(results_[0].error().kind, ErrorKind::unavailable);
  EXPECT_EQ(results_[0].error().message.rfind("host not found", 0), 0U);
}

TEST_F(ResolverTest, AHangingNameHoldsUpNoOther) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  const auto found = *IpAddress::parse("192.0.2.1");
  Resolver resolver(loop_, [released, found](const std::string& host) -> Resolver::Addresses {
    if (host == "dead") released.wait();
    return std::vector{found};
  });
  resolver.resolve("dead", [](auto) {});
  resolver.resolve("alive", keep());
  EXPECT_TRUE(wait(1));
  release.set_value();
}

TEST_F(ResolverTest, QueuesAndBoundsLookups) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  const auto at_once = std::make_shared<std::atomic<int>>(0);
  const auto most = std::make_shared<std::atomic<int>>(0);
  Resolver resolver(loop_, [=](const std::string&) -> Resolver::Addresses {
    const int now = ++*at_once;
    int before = *most;
    while (before < now && !most->compare_exchange_weak(before, now)) {
    }
    released.wait();
    --*at_once;
    return std::vector{IpAddress()};
  });
  constexpr std::size_t lookups = 300;
  for (std::size_t i = 0; i < lookups; ++i)
    resolver.resolve("host", keep());
  ASSERT_TRUE(wait(lookups - 8 - 256)) << "those beyond the bound fail at once";
  for (const auto& result : results_)
    EXPECT_EQ(result.error().kind, ErrorKind::limit);
  results_.clear();
  release.set_value();
  ASSERT_TRUE(wait(8 + 256));
  for (const auto& result : results_)
    EXPECT_TRUE(result);
  EXPECT_LE(*most, 8);
}

TEST_F(ResolverTest, DestroyedCallsNobodyAndDoesNotWait) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> ended;
  auto done = std::make_shared<std::promise<void>>(std::move(ended));
  auto finished = done->get_future();
  const auto token = std::make_shared<int>();
  {
    Loop loop;
    Resolver resolver(loop, [released, done](const std::string&) -> Resolver::Addresses {
      released.wait();
      done->set_value();
      return std::vector{IpAddress()};
    });
    resolver.resolve("host", [token](auto) { FAIL() << "the resolver is gone"; });
    resolver.resolve("127.0.0.1", [token](auto) { FAIL() << "the resolver is gone"; });
  }
  EXPECT_EQ(token.use_count(), 1) << "what the caller gave is destroyed on its own thread";
  release.set_value();
  finished.wait();
}

TEST_F(ResolverTest, MayBeDestroyedInItsCallback) {
  auto resolver = std::make_unique<Resolver>(
      loop_, [](const std::string&) -> Resolver::Addresses { return std::vector{IpAddress()}; });
  bool called = false;
  resolver->resolve("host", [&](auto) {
    resolver.reset();
    called = true;
  });
  EXPECT_TRUE(run_until(loop_, [&] { return called; }));
}

}  // namespace
}  // namespace roomwire::net
