#include <gtest/gtest.h>

#include <base/bytes.hpp>
#include <base/encoding.hpp>
#include <net/loop.hpp>
#include <net/mdns_message.hpp>
#include <net/mdns_resolver.hpp>
#include <net/udp_socket.hpp>
#include <string>
#include <vector>

#include "run_until.hpp"

namespace roomwire::net {
namespace {

constexpr std::string_view host = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";

// Writes responses, right ones and wrong ones.
class ResponseWriter {
 public:
  explicit ResponseWriter(std::uint16_t id, std::uint16_t flags = 0x8400) {
    writer_.u16(id);
    writer_.u16(flags);
    writer_.zeros(8);
  }

  ResponseWriter& name(std::string_view text) {
    while (!text.empty()) {
      const std::string_view label = text.substr(0, text.find('.'));
      writer_.u8(static_cast<std::uint8_t>(label.size()));
      writer_.bytes(as_bytes(label));
      text.remove_prefix(std::min(text.size(), label.size() + 1));
    }
    writer_.u8(0);
    return *this;
  }
  ResponseWriter& pointer(std::uint16_t to) {
    writer_.u16(static_cast<std::uint16_t>(0xc000U | to));
    return *this;
  }
  ResponseWriter& record(std::uint16_t type, ByteView data, std::uint16_t record_class = 0x8001,
                         std::uint32_t time_to_live = 120) {
    writer_.u16(type);
    writer_.u16(record_class);
    writer_.u32(time_to_live);
    writer_.u16(static_cast<std::uint16_t>(data.size()));
    writer_.bytes(data);
    ++bytes_[7];
    return *this;
  }
  ResponseWriter& question() {
    writer_.u16(1);
    writer_.u16(1);
    ++bytes_[5];
    return *this;
  }
  ResponseWriter& a(std::string_view address) {
    return record(1, as_bytes(IpAddress::parse(address)->bytes()));
  }
  ResponseWriter& aaaa(std::string_view address) {
    return record(28, as_bytes(IpAddress::parse(address)->bytes()));
  }
  Bytes& bytes() { return bytes_; }

 private:
  Bytes bytes_;
  ByteWriter writer_{bytes_};
};

std::string text_of(const std::optional<MdnsResponse>& response) {
  if (!response) return "refused";
  std::string text;
  for (const MdnsAnswer& answer : response->answers)
    text += answer.name + "=" + answer.address.to_string() + " ";
  return text;
}

TEST(MdnsMessage, QueryIsWhatRfc1035Says) {
  EXPECT_EQ(to_hex(mdns_query(0x1234, "ab.local.", MdnsType::aaaa)),
            "1234"
            "0000"
            "0001"
            "0000"
            "0000"
            "0000"
            "026162"
            "056c6f63616c"
            "00"
            "001c"
            "0001");
}

TEST(MdnsMessage, ReadsAddressesOfAllSectionsAndSkipsOtherRecords) {
  ResponseWriter writer(7);
  writer.name("Ab.LOCAL").a("192.0.2.7");
  writer.name("txt.local").record(16, as_bytes("hello"));
  writer.pointer(12).aaaa("fd00::7");
  const Bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9};
  writer.name("v.local").record(28, mapped);
  writer.bytes()[7] = 1;
  writer.bytes()[9] = 1;
  writer.bytes()[11] = 2;
  const auto response = parse_mdns_response(writer.bytes());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->id, 7);
  EXPECT_EQ(text_of(response), "ab.local=192.0.2.7 ab.local=fd00::7 v.local=192.0.2.9 ");
}

TEST(MdnsMessage, ReadsALegacyAnswerThatRepeatsTheQuestion) {
  ResponseWriter writer(9);
  writer.name("x.local").question();
  writer.pointer(12).record(1, as_bytes(IpAddress::parse("192.0.2.1")->bytes()), 1, 10);
  EXPECT_EQ(text_of(parse_mdns_response(writer.bytes())), "x.local=192.0.2.1 ");
}

TEST(MdnsMessage, LeavesOutWhatIsNoAddressToReach) {
  ResponseWriter writer(0);
  writer.name("a.local").a("224.0.0.251");
  writer.pointer(12).a("0.0.0.0");
  writer.pointer(12).aaaa("ff02::fb");
  writer.pointer(12).record(1, as_bytes("12345"));
  writer.pointer(12).record(28, as_bytes("1234"));
  writer.pointer(12).record(1, as_bytes("1234"), 3);          // another class
  writer.pointer(12).record(1, as_bytes("1234"), 0x8001, 0);  // a good-bye
  EXPECT_EQ(text_of(parse_mdns_response(writer.bytes())), "");
}

TEST(MdnsMessage, RefusesWhatIsNoResponse) {
  const auto with_flags = [](std::uint16_t flags) {
    return text_of(parse_mdns_response(ResponseWriter(0, flags).name("a.b").a("1.2.3.4").bytes()));
  };
  EXPECT_EQ(with_flags(0x8400), "a.b=1.2.3.4 ");
  EXPECT_EQ(with_flags(0x0000), "refused") << "a query";
  EXPECT_EQ(with_flags(0x8403), "refused") << "an error";
  EXPECT_EQ(with_flags(0xa800), "refused") << "another operation";
}

TEST(MdnsMessage, RefusesEveryTruncation) {
  ResponseWriter writer(7);
  writer.name("a.local").question().pointer(12).a("192.0.2.7").pointer(12).aaaa("fd00::7");
  const ByteView whole = writer.bytes();
  ASSERT_TRUE(parse_mdns_response(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_mdns_response(whole.first(size))) << size;
}

TEST(MdnsMessage, RefusesNamesThatLoopOrAreTooLong) {
  EXPECT_FALSE(parse_mdns_response(ResponseWriter(0).pointer(12).a("1.2.3.4").bytes()))
      << "points to itself";
  EXPECT_FALSE(parse_mdns_response(ResponseWriter(0).pointer(40).a("1.2.3.4").bytes()))
      << "points ahead";
  // Label after label, each a pointer to the one before it: longer than a name may be.
  ResponseWriter writer(0);
  const std::string label(60, 'x');
  std::uint16_t before = 0;
  for (int i = 0; i < 6; ++i) {
    const auto at = static_cast<std::uint16_t>(writer.bytes().size());
    writer.bytes().push_back(60);
    for (const char c : label)
      writer.bytes().push_back(static_cast<std::uint8_t>(c));
    if (i == 0) {
      writer.bytes().push_back(0);
    } else {
      writer.pointer(before);
    }
    writer.a("1.2.3.4");
    before = at;
    EXPECT_EQ(parse_mdns_response(writer.bytes()).has_value(), i < 4) << i;
  }
}

TEST(MdnsMessage, TakesABoundedNumberOfAnswersFromOnePacket) {
  ResponseWriter writer(0);
  writer.name("a.local").a("1.2.3.4");
  for (int i = 0; i < 200; ++i)
    writer.pointer(12).a("1.2.3.4");
  const auto response = parse_mdns_response(writer.bytes());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->answers.size(), 64U);
}

TEST(MdnsMessage, KnowsDnsNames) {
  EXPECT_TRUE(is_dns_name("a.local"));
  EXPECT_TRUE(is_dns_name("a.local."));
  EXPECT_TRUE(is_dns_name(std::string(63, 'a') + ".local"));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a..local"), std::string(".local"),
        std::string(64, 'a') + ".local", std::string(254, 'a')})
    EXPECT_FALSE(is_dns_name(bad)) << bad;
  std::string many;
  while (many.size() < 256)
    many += "a.";
  EXPECT_FALSE(is_dns_name(many));
}

TEST(MdnsResolver, KnowsLocalNames) {
  EXPECT_TRUE(MdnsResolver::is_local_name(host));
  EXPECT_TRUE(MdnsResolver::is_local_name("X.LOCAL."));
  for (const std::string_view bad : {"", "local", ".local", "a.localx", "a.example", "a..local"})
    EXPECT_FALSE(MdnsResolver::is_local_name(bad)) << bad;
}

TEST(MdnsResolver, RoutesGoToTheGroupsOfRfc6762) {
  const std::vector<LocalAddress> addresses{{"eth0", *IpAddress::parse("192.0.2.1"), 2, false},
                                            {"eth0", *IpAddress::parse("fd00::1"), 2, false},
                                            {"eth0", *IpAddress::parse("fe80::1%2"), 2, false}};
  const auto routes = mdns_routes(addresses);
  ASSERT_EQ(routes.size(), 2U) << "one for each family on the interface";
  EXPECT_EQ(routes[0].destination.to_string(), "224.0.0.251:5353");
  EXPECT_EQ(routes[1].destination.to_string(), "[ff02::fb]:5353");
  EXPECT_EQ(routes[1].index, 2U);
}

// A responder on loopback. Nothing of these tests leaves it.
class MdnsResolverTest : public testing::Test {
 protected:
  using Answer = std::function<void(std::uint16_t id, const Datagram&)>;

  MdnsRoute route_to(const Endpoint& destination) {
    return {*IpAddress::parse("127.0.0.1"), 0, destination};
  }

  // Answers every question, once its bytes were looked at.
  MdnsRoute responder(Answer answer) {
    auto bound = UdpSocket::bind(loop_, {*IpAddress::parse("127.0.0.1"), 0},
                                 [this, answer](std::span<const Datagram> datagrams) {
                                   for (const Datagram& query : datagrams) {
                                     ++queries_;
                                     answer(ByteReader(query.data).u16(), query);
                                   }
                                 });
    EXPECT_TRUE(bound);
    responder_ = std::move(*bound);
    return route_to(responder_->local());
  }

  MdnsResolver::Done keep() {
    return [this](Result<IpAddress> result) { results_.push_back(std::move(result)); };
  }
  bool wait(std::size_t count = 1) {
    return run_until(loop_, [this, count] { return results_.size() >= count; });
  }

  Loop loop_;
  SeededEntropy entropy_{1};
  std::unique_ptr<UdpSocket> responder_;
  int queries_ = 0;
  std::vector<Result<IpAddress>> results_;
};

TEST_F(MdnsResolverTest, ResolvesANameAskedInAnyCase) {
  MdnsResolver resolver(loop_, entropy_, {responder([&](std::uint16_t id, const Datagram& query) {
                          EXPECT_EQ(Bytes(query.data.begin() + 2, query.data.end() - 4), [] {
                            Bytes expected = mdns_query(0, host, MdnsType::a);
                            return Bytes(expected.begin() + 2, expected.end() - 4);
                          }());
                          responder_->send(query.remote,
                                           ResponseWriter(id).name(host).a("127.0.0.9").bytes());
                        })});
  std::string name(host);
  name[1] = 'F';
  resolver.resolve(name + ".", keep());
  EXPECT_TRUE(results_.empty()) << "never inside the call";
  ASSERT_TRUE(wait());
  ASSERT_TRUE(results_[0]);
  EXPECT_EQ(results_[0]->to_string(), "127.0.0.9");
  settle(loop_);
  EXPECT_EQ(results_.size(), 1U) << "once, although A and AAAA were both answered";
}

TEST_F(MdnsResolverTest, GathersAllAddressesIpv4First) {
  MdnsRoute route = responder([&](std::uint16_t id, const Datagram& query) {
    if (queries_ == 2) return;
    ResponseWriter writer(id);
    writer.name(host).aaaa("fe80::7").pointer(12).aaaa("fd00::7");
    responder_->send(query.remote, writer.bytes());
    responder_->send(query.remote, ResponseWriter(id).name(host).a("127.0.0.9").bytes());
    responder_->send(query.remote, ResponseWriter(id).name(host).a("127.0.0.9").bytes());
  });
  route.index = 3;
  // A limit that is not waited for: IPv4 is there.
  MdnsResolver resolver(loop_, entropy_, {route}, {.tries = 1, .wait = 1h});
  std::vector<Result<std::vector<IpAddress>>> all;
  resolver.resolve_all("1F4712db-ea17-4bcf-a596-105139dfd8bf.local",
                       [&](auto found) { all.push_back(std::move(found)); });
  ASSERT_TRUE(run_until(loop_, [&] { return !all.empty(); }));
  ASSERT_TRUE(all[0]);
  std::string texts;
  for (const IpAddress& address : *all[0])
    texts += address.to_string() + " ";
  EXPECT_EQ(texts, "127.0.0.9 fe80::7%3 fd00::7 ");
  settle(loop_);
  EXPECT_EQ(all.size(), 1U);
}

TEST_F(MdnsResolverTest, TakesIpv6WhenThatIsAllThereIs) {
  MdnsResolver resolver(loop_, entropy_, {responder([&](std::uint16_t id, const Datagram& query) {
                          responder_->send(query.remote,
                                           ResponseWriter(id).name(host).aaaa("::1").bytes());
                        })},
                        {.tries = 1, .wait = 30ms});
  std::vector<Result<std::vector<IpAddress>>> all;
  resolver.resolve_all(std::string(host), [&](auto found) { all.push_back(std::move(found)); });
  ASSERT_TRUE(run_until(loop_, [&] { return !all.empty(); }));
  EXPECT_EQ(all[0].value(), std::vector{*IpAddress::parse("::1")});
}

TEST_F(MdnsResolverTest, AsksAgainWhenAQueryIsLost) {
  MdnsResolver resolver(loop_, entropy_, {responder([&](std::uint16_t id, const Datagram& query) {
                          if (queries_ > 2)  // A and AAAA of the first try are lost
                            responder_->send(query.remote,
                                             ResponseWriter(id).name(host).aaaa("::1").bytes());
                        })},
                        {.tries = 2, .wait = 300ms});
  resolver.resolve(std::string(host), keep());
  ASSERT_TRUE(wait());
  ASSERT_TRUE(results_[0]);
  EXPECT_EQ(results_[0]->to_string(), "::1");
}

TEST_F(MdnsResolverTest, ALinkLocalAnswerIsOnTheInterfaceThatItCameInOn) {
  MdnsRoute route = responder([&](std::uint16_t id, const Datagram& query) {
    responder_->send(query.remote, ResponseWriter(id).name(host).aaaa("fe80::9").bytes());
  });
  route.index = 7;
  MdnsResolver resolver(loop_, entropy_, {route});
  resolver.resolve(std::string(host), keep());
  ASSERT_TRUE(wait());
  ASSERT_TRUE(results_[0]);
  EXPECT_EQ(results_[0]->to_string(), "fe80::9%7");
}

TEST_F(MdnsResolverTest, GivesUpInTheEnd) {
  MdnsResolver resolver(loop_, entropy_, {responder([](auto, const auto&) {})},
                        {.tries = 2, .wait = 5ms});
  resolver.resolve(std::string(host), keep());
  ASSERT_TRUE(wait());
  EXPECT_EQ(results_[0].error().kind, ErrorKind::timed_out);
  EXPECT_TRUE(run_until(loop_, [&] { return queries_ == 4; }));
  // And may be asked again.
  resolver.resolve(std::string(host), keep());
  EXPECT_TRUE(wait(2));
  EXPECT_TRUE(run_until(loop_, [&] { return queries_ == 8; }));
}

TEST_F(MdnsResolverTest, IgnoresWhatIsNotAnAnswerToItsQuestion) {
  Loop& loop = loop_;
  auto stranger = UdpSocket::bind(loop, {*IpAddress::parse("127.0.0.1"), 0}, {});
  ASSERT_TRUE(stranger);
  MdnsResolver resolver(
      loop_, entropy_, {responder([&](std::uint16_t id, const Datagram& query) {
        const auto right = ResponseWriter(id).name(host).a("127.0.0.1").bytes();
        const auto wrong_id =
            ResponseWriter(static_cast<std::uint16_t>(id + 1)).name(host).a("127.0.0.2").bytes();
        (*stranger)->send(query.remote, ResponseWriter(id).name(host).a("127.0.0.3").bytes());
        (*stranger)->flush();
        responder_->send(query.remote, wrong_id);
        responder_->send(query.remote, ResponseWriter(id).name("other.local").a("1.2.3.4").bytes());
        responder_->send(query.remote, query.data);
        responder_->send(query.remote, as_bytes("rubbish"));
        responder_->send(query.remote, {});
        responder_->send(query.remote, right);
      })});
  resolver.resolve(std::string(host), keep());
  ASSERT_TRUE(wait());
  ASSERT_TRUE(results_[0]);
  EXPECT_EQ(results_[0]->to_string(), "127.0.0.1");
}

// As Chromium answers: to the group, with id 0. The group is on loopback and at a port of its own.
TEST_F(MdnsResolverTest, HearsAnswersToTheGroup) {
  const IpAddress local = *IpAddress::parse("127.0.0.1");
  const IpAddress group = *IpAddress::parse("239.255.77.78");
  Endpoint destination;
  auto bound = UdpSocket::bind(
      loop_, {group, 0},
      [&](std::span<const Datagram> datagrams) {
        for (const Datagram& datagram : datagrams) {
          if ((datagram.data[2] & 0x80) != 0) continue;  // our own answer
          responder_->send(destination, ResponseWriter(0).name(host).a("127.0.0.5").bytes());
        }
      },
      {.shared = true});
  ASSERT_TRUE(bound);
  destination = (*bound)->local();
  ASSERT_TRUE((*bound)->join(group, local, 0));
  auto answers = UdpSocket::bind(loop_, {local, destination.port}, {}, {.shared = true});
  ASSERT_TRUE(answers);
  responder_ = std::move(*answers);
  responder_->set_multicast_interface(local, 0);
  MdnsResolver resolver(loop_, entropy_, {route_to(destination)});
  resolver.resolve(std::string(host), keep());
  ASSERT_TRUE(wait());
  ASSERT_TRUE(results_[0]) << results_[0].error().message;
  EXPECT_EQ(results_[0]->to_string(), "127.0.0.5");
}

// A browser that opens many connections at once has a name for each.
TEST_F(MdnsResolverTest, ManyNamesWaitTheirTurn) {
  MdnsResolver resolver(loop_, entropy_, {responder([&](std::uint16_t id, const Datagram& query) {
                          constexpr std::size_t label_at = 12;
                          const std::string_view data = as_text(query.data);
                          const auto size = static_cast<std::uint8_t>(data[label_at]);
                          const std::string label(data.substr(label_at + 1, size));
                          responder_->send(
                              query.remote,
                              ResponseWriter(id).name(label + ".local").a("127.0.0.9").bytes());
                        })},
                        {.tries = 1, .wait = 1h});
  for (int i = 0; i < 64; ++i)
    resolver.resolve("n" + std::to_string(i) + ".local", keep());
  ASSERT_TRUE(wait(64));
  for (const auto& result : results_)
    EXPECT_TRUE(result) << result.error().message;
}

TEST_F(MdnsResolverTest, BoundsTheNamesThatWait) {
  MdnsResolver resolver(loop_, entropy_, {responder([](auto, const auto&) {})},
                        {.tries = 1, .wait = 1ms});
  for (int i = 0; i < 16 + 512 + 4; ++i)
    resolver.resolve("n" + std::to_string(i) + ".local", keep());
  ASSERT_TRUE(wait(16 + 512 + 4));
  int limited = 0;
  for (const auto& result : results_)
    limited += result.error().kind == ErrorKind::limit ? 1 : 0;
  EXPECT_EQ(limited, 4);
}

TEST_F(MdnsResolverTest, RefusesOtherNamesAndNoRoutes) {
  MdnsResolver resolver(loop_, entropy_, {});
  resolver.resolve("example.org", keep());
  resolver.resolve(std::string(host), keep());
  ASSERT_TRUE(wait(2));
  EXPECT_EQ(results_[0].error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(results_[1].error().kind, ErrorKind::unavailable);
}

TEST_F(MdnsResolverTest, DestroyedCallsNobody) {
  {
    MdnsResolver resolver(loop_, entropy_, {responder([&](std::uint16_t id, const Datagram& query) {
                            responder_->send(query.remote,
                                             ResponseWriter(id).name(host).a("127.0.0.9").bytes());
                          })});
    resolver.resolve(std::string(host), keep());
    resolver.resolve("not local", keep());
  }
  settle(loop_);
  EXPECT_TRUE(results_.empty());
}

TEST_F(MdnsResolverTest, MayBeDestroyedInItsCallback) {
  std::unique_ptr<MdnsResolver> resolver;
  int calls = 0;
  resolver = std::make_unique<MdnsResolver>(
      loop_, entropy_, std::vector{responder([&](std::uint16_t id, const Datagram& query) {
        // Two answers: nobody is there any more for the second.
        responder_->send(
            query.remote,
            ResponseWriter(id).name(host).a("127.0.0.9").pointer(12).a("127.0.0.8").bytes());
      })});
  resolver->resolve(std::string(host), [&, token = std::make_shared<int>(7)](auto) {
    resolver.reset();
    calls += *token;
  });
  resolver->resolve("second.local", [&](auto) { calls += 1'000; });
  EXPECT_TRUE(run_until(loop_, [&] { return calls > 0; }));
  settle(loop_);
  EXPECT_EQ(calls, 7);
}

}  // namespace
}  // namespace roomwire::net
