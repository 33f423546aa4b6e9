#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <base/bytes.hpp>
#include <net/mdns_host.hpp>
#include <string>
#include <vector>

namespace roomwire::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Endpoint asker = *Endpoint::parse("192.0.2.9:5353");
const Endpoint legacy_asker = *Endpoint::parse("192.0.2.9:4000");

std::string shown(const MdnsRecord& record) {
  std::string text = record.name + " " + std::to_string(static_cast<int>(record.type)) + " " +
                     std::to_string(record.time_to_live) + (record.unique ? " unique" : "");
  return text;
}

class MdnsHostTest : public testing::Test, public MdnsHostPort {
 protected:
  struct Sent {
    Time at;
    std::size_t route;
    MdnsMessage message;
    std::optional<Endpoint> to;
  };

  void send(std::size_t route, ByteView packet, const std::optional<Endpoint>& to) override {
    const auto message = parse_mdns_message(packet);
    ASSERT_TRUE(message);
    sent.push_back({now, route, *message, to});
  }
  void renamed(const std::string& from, const std::string& to) override {
    names.push_back(from + " > " + to);
  }

  void start(std::size_t routes = 1) {
    std::vector<std::vector<IpAddress>> addresses(routes, {*IpAddress::parse("192.0.2.1")});
    host.set_routes(now, addresses);
  }
  void run(Duration length) {
    const Time end = now + length;
    for (auto due = host.next_timeout(); due && *due <= end; due = host.next_timeout()) {
      now = *due;
      host.handle_timeout(now);
    }
    now = end;
  }
  void settle() {
    start();
    run(10s);
    sent.clear();
  }
  void ask(const std::string& name, MdnsType record, const Endpoint& from = asker,
           std::vector<MdnsRecord> known = {}, std::vector<MdnsRecord> claims = {}) {
    host.handle(
        now, 0, from,
        mdns_message({7, false, {{name, record}}, std::move(known), std::move(claims), {}}));
  }
  /// Somebody else has the instance, or claims it.
  MdnsRecord rival(std::uint8_t first_byte) const {
    Bytes data{first_byte, 0, 0, 0, 0, 9};
    const Bytes name = mdns_name("other.local");
    data.insert(data.end(), name.begin(), name.end());
    return {instance, MdnsType::srv, 120, true, data};
  }
  void answer(const MdnsRecord& record) {
    host.handle(now, 0, asker, mdns_message({0, true, {}, {record}, {}, {}}));
  }
  std::vector<std::string> answers(std::size_t index = 0) const {
    std::vector<std::string> all;
    for (const MdnsRecord& record : sent.at(index).message.answers)
      all.push_back(shown(record));
    return all;
  }

  const std::string type = "_osc._udp.local";
  const std::string instance = "roomwire osc (Stage)._osc._udp.local";
  const std::string low = "roomwire osc (stage)._osc._udp.local";
  SeededEntropy entropy{1};
  Time now{1h};
  std::vector<Sent> sent;
  std::vector<std::string> names;
  MdnsHost host{*this, entropy, {{"_osc._udp", "roomwire osc (Stage)", 9000}}};
};

TEST_F(MdnsHostTest, ClaimsItsNamesAndTellsTwice) {
  const Time began = now;
  start();
  run(1h);
  ASSERT_THAT(sent, SizeIs(5));
  EXPECT_LE(sent[0].at - began, 250ms);
  for (std::size_t i = 0; i < 3; ++i) {
    const MdnsMessage& probe = sent[i].message;
    EXPECT_FALSE(probe.is_response);
    ASSERT_THAT(probe.questions, SizeIs(2));
    EXPECT_EQ(probe.questions[1].name, low);
    EXPECT_EQ(probe.questions[1].type, MdnsType::any);
    ASSERT_THAT(probe.authorities, SizeIs(2));
    EXPECT_EQ(shown(probe.authorities[1]), low + " 33 120");
    EXPECT_EQ(sent[i + 1].at - sent[i].at, 250ms);
  }
  const std::string host_name = sent[0].message.questions[0].name;
  EXPECT_TRUE(host_name.starts_with("roomwire-"));
  EXPECT_TRUE(sent[3].message.is_response);
  EXPECT_THAT(answers(3),
              ElementsAre(type + " 12 4500", low + " 33 120 unique", low + " 16 4500 unique",
                          "_services._dns-sd._udp.local 12 4500", host_name + " 1 120 unique"));
  EXPECT_EQ(answers(4), answers(3));
  EXPECT_EQ(sent[4].at - sent[3].at, 1s);
  Bytes location{0, 0, 0, 0, 9000 >> 8, 9000 & 0xff};
  const Bytes target = mdns_name(host_name);
  location.insert(location.end(), target.begin(), target.end());
  EXPECT_EQ(sent[3].message.answers[1].data, location);
}

TEST_F(MdnsHostTest, AnswersWhoAsks) {
  settle();
  ask(type, MdnsType::ptr);
  run(120ms);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_FALSE(sent[0].to);
  EXPECT_THAT(answers(), ElementsAre(type + " 12 4500"));
  EXPECT_THAT(sent[0].message.additionals, SizeIs(3)) << "where it is, its text, its address";
  // What many ask at once is said once, and again after a second.
  for (int i = 0; i < 100; ++i)
    ask(low, MdnsType::any);
  ask("_services._dns-sd._udp.local", MdnsType::ptr);
  run(1h);
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[1].at - sent[0].at, 1s);
  EXPECT_THAT(answers(1), SizeIs(3));
}

TEST_F(MdnsHostTest, SaysNothingThatIsKnownOrNotItsOwn) {
  settle();
  ask(type, MdnsType::ptr, asker, {{type, MdnsType::ptr, 2'250, false, mdns_name(instance)}});
  ask("_http._tcp.local", MdnsType::ptr);
  ask(type, MdnsType::a);
  ask("other.local", MdnsType::any);
  run(1h);
  EXPECT_THAT(sent, IsEmpty());
  ask(type, MdnsType::ptr, asker, {{type, MdnsType::ptr, 2'249, false, mdns_name(instance)}});
  run(1h);
  EXPECT_THAT(sent, SizeIs(1)) << "it is about to be forgotten there";
}

TEST_F(MdnsHostTest, AnswersProgramsThatKnowNoMulticastAsANameServer) {
  settle();
  ask(low, MdnsType::srv, legacy_asker);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].to, legacy_asker);
  EXPECT_EQ(sent[0].message.id, 7);
  ASSERT_THAT(sent[0].message.questions, SizeIs(1));
  EXPECT_THAT(answers(), ElementsAre(low + " 33 10", low + " 16 10"));
}

TEST_F(MdnsHostTest, TakesAnotherNameWhenOneIsTaken) {
  start();
  run(300ms);
  answer(rival(0));
  EXPECT_THAT(names, ElementsAre(instance + " > roomwire osc (Stage) (2)._osc._udp.local"));
  sent.clear();
  run(10s);
  ASSERT_THAT(sent, SizeIs(5)) << "claimed anew";
  EXPECT_EQ(sent[0].message.questions[1].name, "roomwire osc (stage) (2)._osc._udp.local");
  // Also later; and its own words, which come back, are no rival.
  const MdnsRecord own = sent[3].message.answers[1];
  answer(own);
  EXPECT_THAT(names, SizeIs(1));
  MdnsRecord other = rival(0);
  other.name = own.name;
  answer(other);
  EXPECT_THAT(names, SizeIs(2));
}

TEST_F(MdnsHostTest, WaitsWhenAnotherClaimsAtTheSameTimeAndWins) {
  for (const bool wins : {true, false}) {
    sent.clear();
    start();
    run(300ms);
    const Time claimed = now;
    MdnsRecord claim = rival(wins ? 1 : 0);
    if (!wins) claim.data = {0, 0, 0, 0, 0, 1, 0};
    ask(low, MdnsType::any, asker, {}, {claim});
    sent.clear();
    run(10s);
    ASSERT_FALSE(sent.empty());
    EXPECT_EQ(sent[0].at - claimed >= 1s, wins);
    EXPECT_THAT(names, IsEmpty());
  }
}

TEST_F(MdnsHostTest, DefendsItsNameAtOnce) {
  settle();
  ask(type, MdnsType::ptr);
  run(200ms);
  sent.clear();
  ask(low, MdnsType::any, asker, {}, {rival(9)});
  run(1ms);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(answers()[0], low + " 33 120 unique");
}

TEST_F(MdnsHostTest, TakesEverythingBack) {
  settle();
  host.say_goodbye();
  ASSERT_THAT(sent, SizeIs(1));
  for (const MdnsRecord& record : sent[0].message.answers)
    EXPECT_EQ(record.time_to_live, 0U);
  EXPECT_THAT(answers(), SizeIs(4));
  // Nothing was said yet, so there is nothing to take back.
  start();
  sent.clear();
  host.say_goodbye();
  EXPECT_THAT(sent, IsEmpty());
}

TEST_F(MdnsHostTest, GivesTwoServicesOfOneNameTwoNames) {
  const std::string long_label = "ä." + std::string(100, 'x');
  MdnsHost two(*this, entropy, {{"_osc._udp", long_label, 1}, {"_osc._udp", long_label, 2}});
  two.set_routes(now, {{}});
  two.handle_timeout(now + 1s);
  ASSERT_THAT(sent, SizeIs(1));
  const auto& questions = sent[0].message.questions;
  ASSERT_THAT(questions, SizeIs(3));
  EXPECT_EQ(questions[1].name, "ä-" + std::string(60, 'x') + "." + type);
  EXPECT_EQ(questions[2].name, "ä-" + std::string(56, 'x') + " (2)." + type);
}

TEST_F(MdnsHostTest, IsUnmovedByNonsense) {
  settle();
  host.handle(now, 0, asker, as_bytes("rubbish"));
  host.handle(now, 0, asker, {});
  host.handle(now, 7, asker, mdns_query(1, type, MdnsType::ptr));
  // An answer from another port is none.
  host.handle(now, 0, legacy_asker, mdns_message({0, true, {}, {rival(1)}, {}, {}}));
  run(1h);
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_THAT(names, IsEmpty());
}

TEST(MdnsMessage, IsReadAsItWasWritten) {
  const MdnsMessage message{
      9,
      true,
      {{"a.local", MdnsType::any}},
      {{"a.local", MdnsType::txt, 5, true, {0}}},
      {{"b.local", MdnsType::ptr, 6, false, mdns_name("c.local")}},
      {{"d.local", MdnsType::srv, 7, false, {0, 0, 0, 0, 1, 2, 1, 'x', 0}}},
  };
  const Bytes bytes = mdns_message(message);
  const auto read = parse_mdns_message(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, 9);
  EXPECT_TRUE(read->is_response);
  ASSERT_THAT(read->questions, SizeIs(1));
  EXPECT_EQ(read->answers, message.answers);
  EXPECT_EQ(read->authorities, message.authorities);
  EXPECT_EQ(read->additionals, message.additionals);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_mdns_message(ByteView(bytes).first(size))) << size;
}

}  // namespace
}  // namespace roomwire::net
