// One agent against hand-made packets.
#include "rtc/ice_agent.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/crypto.hpp"
#include "rtc/ice_support.hpp"
#include "rtc/stun.hpp"

namespace roomwire::rtc {
namespace {

class ScriptedPeer : public ::testing::Test, public IceSink {
 protected:
  ScriptedPeer() {
    theirs = IceCredentials::draw(entropy);
    make(IceRole::controlled);
  }
  void make(IceRole role) {
    sent.clear();
    agent = std::make_unique<IceAgent>(role, IceCredentials::draw(entropy), entropy, *this);
    agent->add_local_candidate(now, host("10.0.0.1:1000"));
  }
  void send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) override {
    sent.push_back({local, remote, {packet.begin(), packet.end()}});
  }
  void on_ice_state(IceState state, const std::optional<IcePair>&) override { last = state; }

  StunMessage check() {
    StunMessage request;
    request.transaction = draw_transaction_id(entropy);
    request.username = agent->local_credentials().ufrag + ":" + theirs.ufrag;
    request.priority = 1000;
    request.controlling = 1;
    return request;
  }
  bool receive(const StunMessage& message, const Endpoint& from) {
    return receive(message.serialise(agent->local_credentials().password), from);
  }
  bool receive(const Bytes& packet, const Endpoint& from) {
    return agent->handle_stun(now, at("10.0.0.1:1000"), from, packet);
  }
  /// Answers the checks that the agent has sent to `from`; how many.
  int answer_checks(const Endpoint& from) {
    int answered = 0;
    for (const Datagram& each : std::vector<Datagram>(std::move(sent))) {
      const auto request = StunMessage::parse(each.packet);
      if (each.remote != from || request->kind != StunClass::request) continue;
      StunMessage response;
      response.kind = StunClass::success;
      response.transaction = request->transaction;
      response.mapped_address = each.local;
      answered += receive(response.serialise(theirs.password), from) ? 1 : 0;
    }
    sent.clear();
    return answered;
  }
  /// The peer checks a pair, nominating it or not, and answers the agent's check.
  void nominate(const Endpoint& from, bool use_candidate = true) {
    StunMessage request = check();
    request.use_candidate = use_candidate;
    EXPECT_TRUE(receive(request, from));
    answer_checks(from);
  }
  std::optional<StunMessage> last_reply() const {
    return sent.empty() ? std::nullopt : StunMessage::parse(sent.back().packet);
  }
  void pass(Duration duration) {
    now += duration;
    agent->handle_timeout(now);
  }

  SeededEntropy entropy{7};
  Time now = ms(1000);
  IceCredentials theirs;
  std::unique_ptr<IceAgent> agent;
  std::vector<Datagram> sent;
  std::optional<IceState> last;
  const Endpoint one = at("10.0.0.2:1");
  const Endpoint two = at("10.0.0.2:2");
};

TEST_F(ScriptedPeer, FollowsTheSelectionOfThePeer) {
  agent->set_remote_credentials(now, theirs);
  nominate(one);
  ASSERT_TRUE(agent->selected());
  EXPECT_EQ(agent->selected()->remote, one);
  EXPECT_EQ(last, IceState::connected);
  pass(3s);
  nominate(two, false);
  EXPECT_EQ(agent->selected()->remote, one);  // Checked, not nominated.
  nominate(two);
  EXPECT_EQ(agent->selected()->remote, two);
  pass(3s);
  nominate(one);
  EXPECT_EQ(agent->selected()->remote, one);
}

TEST_F(ScriptedPeer, OfAggressivelyNominatedPairsTheBestCounts) {
  Candidate good = host("10.0.0.2:2");
  agent->add_remote_candidate(now, good);
  agent->set_remote_credentials(now, theirs);
  sent.clear();
  nominate(one);
  EXPECT_EQ(agent->selected()->remote, one);
  nominate(two);
  EXPECT_EQ(agent->selected()->remote, two);
  nominate(one);
  EXPECT_EQ(agent->selected()->remote, two);
}

TEST_F(ScriptedPeer, ANominationBeforeTheCredentialsIsRemembered) {
  StunMessage request = check();
  request.use_candidate = true;
  EXPECT_TRUE(receive(request, one));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(last_reply()->kind, StunClass::success);
  EXPECT_EQ(last_reply()->mapped_address, one);
  sent.clear();
  agent->set_remote_credentials(now, theirs);
  EXPECT_EQ(answer_checks(one), 1);
  ASSERT_TRUE(agent->selected());
  EXPECT_EQ(agent->selected()->remote, one);
}

TEST_F(ScriptedPeer, RepliesFromTheSocketThatWasAsked) {
  agent->add_local_candidate(now, host("10.0.0.7:7"));
  EXPECT_TRUE(agent->handle_stun(now, at("10.0.0.7:7"), one,
                                 check().serialise(agent->local_credentials().password)));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].local, at("10.0.0.7:7"));
  EXPECT_EQ(sent[0].remote, one);
}

TEST_F(ScriptedPeer, RefusesForgedRequestsAndLearnsNothingFromThem) {
  agent->set_remote_credentials(now, theirs);
  EXPECT_FALSE(receive(check().serialise("not the password here"), one));
  EXPECT_EQ(last_reply()->error->code, stun_unauthenticated);
  EXPECT_FALSE(receive(check().serialise(std::nullopt), one));
  EXPECT_EQ(last_reply()->error->code, stun_bad_request);
  StunMessage stranger = check();
  stranger.username = "someone:" + theirs.ufrag;
  EXPECT_FALSE(receive(stranger, one));
  EXPECT_EQ(last_reply()->error->code, stun_unauthenticated);
  sent.clear();
  pass(1s);
  EXPECT_TRUE(sent.empty());
}

TEST_F(ScriptedPeer, RefusesAttributesThatItWouldHaveToUnderstand) {
  agent->set_remote_credentials(now, theirs);
  StunMessage message = check();
  Bytes plain = message.serialise(std::nullopt);
  plain.resize(plain.size() - 8);
  ByteWriter writer(plain);
  writer.u32(0x00030004);
  writer.u32(0);
  // Signed by hand, since the codec writes no attribute that it does not know.
  const std::size_t size = plain.size();
  plain[3] = static_cast<std::uint8_t>(size - 20 + 24);
  const auto code = hmac_sha1(as_bytes(agent->local_credentials().password), plain);
  writer.u32(0x00080014);
  writer.bytes(code);
  EXPECT_TRUE(receive(plain, one));
  EXPECT_EQ(last_reply()->error->code, stun_unknown_attribute);
  EXPECT_EQ(last_reply()->unknown_attributes, std::vector<std::uint16_t>{3});
}

TEST_F(ScriptedPeer, BelievesOnlyAnswersToItsOwnQuestions) {
  agent->add_remote_candidate(now, host("10.0.0.2:1"));
  agent->set_remote_credentials(now, theirs);
  ASSERT_EQ(sent.size(), 1U);
  const auto request = StunMessage::parse(sent[0].packet);
  StunMessage response;
  response.kind = StunClass::success;
  response.transaction = request->transaction;
  response.mapped_address = sent[0].local;
  EXPECT_FALSE(receive(response.serialise("not the password here"), one));
  EXPECT_FALSE(receive(response.serialise(std::nullopt), one));
  EXPECT_FALSE(receive(response.serialise(theirs.password), two));  // From elsewhere.
  StunMessage other = response;
  other.transaction[0] ^= 1;
  EXPECT_FALSE(receive(other.serialise(theirs.password), one));
  EXPECT_TRUE(receive(response.serialise(theirs.password), one));
  EXPECT_FALSE(receive(response.serialise(theirs.password), one));  // Twice.
}

TEST_F(ScriptedPeer, KnowsAnAnswerToItsQuestionBeforeItIsRead) {
  agent->set_remote_credentials(now, theirs);
  agent->add_remote_candidate(now, host("10.0.0.2:1000"));
  ASSERT_EQ(sent.size(), 1U);
  const Endpoint local = sent[0].local;
  const Endpoint remote = sent[0].remote;
  const StunTransactionId asked = stun_transaction(sent[0].packet);
  EXPECT_TRUE(agent->awaits(local, remote, asked));
  EXPECT_FALSE(agent->awaits(local, remote, draw_transaction_id(entropy))) << "nobody asked";
  EXPECT_FALSE(agent->awaits(local, at("10.0.0.3:1000"), asked)) << "another answers";
  EXPECT_EQ(answer_checks(remote), 1);
  EXPECT_FALSE(agent->awaits(local, remote, asked)) << "answered";
}

TEST_F(ScriptedPeer, RoleConflictIsSettledByTheTieBreaker) {
  for (const IceRole role : {IceRole::controlling, IceRole::controlled}) {
    for (const bool peer_wins : {false, true}) {
      make(role);
      agent->set_remote_credentials(now, theirs);
      StunMessage request = check();
      const std::uint64_t tie_breaker = peer_wins ? ~std::uint64_t{0} : 0;
      request.controlling.reset();
      (role == IceRole::controlling ? request.controlling : request.controlled) = tie_breaker;
      EXPECT_TRUE(receive(request, one));
      // The larger one is controlling afterwards; whoever has to give way switches.
      const bool agent_switches = (role == IceRole::controlling) == peer_wins;
      const auto reply = StunMessage::parse(sent[0].packet);
      EXPECT_EQ(reply->kind, agent_switches ? StunClass::success : StunClass::error);
      EXPECT_TRUE(reply->has_integrity(sent[0].packet, agent->local_credentials().password));
      if (agent_switches) {
        ASSERT_EQ(sent.size(), 2U);  // And a check of its own, which tells its new role.
        EXPECT_EQ(last_reply()->controlling.has_value(), role == IceRole::controlled);
      } else {
        EXPECT_EQ(reply->error->code, stun_role_conflict);
      }
    }
  }
}

TEST_F(ScriptedPeer, SwitchesWhenToldOfTheConflict) {
  make(IceRole::controlling);
  agent->add_remote_candidate(now, host("10.0.0.2:1"));
  agent->set_remote_credentials(now, theirs);
  StunMessage response;
  response.kind = StunClass::error;
  response.error = StunError{stun_role_conflict, {}};
  response.transaction = stun_transaction(sent[0].packet);
  EXPECT_FALSE(receive(response.serialise(std::nullopt), one));  // Anyone could say that.
  EXPECT_TRUE(receive(response.serialise(theirs.password), one));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_TRUE(last_reply()->controlled);
}

TEST_F(ScriptedPeer, RepeatsAnUnansweredCheckEverMoreSlowly) {
  agent->add_remote_candidate(now, host("10.0.0.2:1"));
  agent->set_remote_credentials(now, theirs);
  std::vector<Time> times;
  Time end = now + 20s;
  while (now < end) {
    if (!sent.empty()) times.push_back(now);
    sent.clear();
    now = *agent->next_timeout();
    agent->handle_timeout(now);
  }
  ASSERT_GE(times.size(), 6U);
  EXPECT_EQ(times[1] - times[0], Duration(100ms));
  for (std::size_t i = 2; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], times[i - 1] - times[i - 2]);
    EXPECT_LE(times[i] - times[i - 1], Duration(2s));
  }
}

TEST_F(ScriptedPeer, ManyCandidatesAreBoundedAndPaced) {
  agent->set_remote_credentials(now, theirs);
  for (int i = 0; i < 5000; ++i) {
    Candidate candidate = host("10.1.0.1:1");
    candidate.endpoint.port = static_cast<std::uint16_t>(1 + i);
    agent->add_remote_candidate(now, candidate);
  }
  EXPECT_LE(sent.size(), 8U);  // At once.
  for (int i = 0; i < 1000; ++i)
    pass(5ms);
  std::set<Endpoint> destinations;
  for (const Datagram& each : sent)
    destinations.insert(each.remote);
  EXPECT_EQ(destinations.size(), 64U);
  EXPECT_LE(sent.size(), 1010U);
}

TEST_F(ScriptedPeer, ReplayedRequestsCannotCrowdOutSignalledCandidates) {
  const Bytes packet = check().serialise(agent->local_credentials().password);
  for (int i = 1; i <= 5000; ++i)
    receive(packet, {one.address, static_cast<std::uint16_t>(i)});
  agent->add_remote_candidate(now, host("10.0.0.3:3"));
  sent.clear();
  agent->set_remote_credentials(now, theirs);
  for (int i = 0; i < 200; ++i)
    pass(5ms);
  std::set<Endpoint> destinations;
  for (const Datagram& each : sent)
    destinations.insert(each.remote);
  EXPECT_EQ(destinations.size(), 33U);
  EXPECT_EQ(destinations.count(at("10.0.0.3:3")), 1U);
}

TEST_F(ScriptedPeer, GarbageDoesNoHarm) {
  agent->add_remote_candidate(now, host("10.0.0.2:1"));
  agent->set_remote_credentials(now, theirs);
  const Bytes genuine = check().serialise(agent->local_credentials().password);
  for (int i = 0; i < 20000; ++i) {
    Bytes packet = genuine;
    if (i % 2 == 0) entropy.fill(packet);
    for (std::uint64_t n = 1 + entropy.below(4); n > 0; --n) {
      packet[entropy.below(packet.size())] ^= static_cast<std::uint8_t>(1 + entropy.below(255));
    }
    packet.resize(entropy.below(packet.size() + 1));
    EXPECT_FALSE(receive(packet, two));
    EXPECT_FALSE(receive(packet, one));
  }
  nominate(one);
  EXPECT_EQ(agent->state(), IceState::connected);
}

TEST_F(ScriptedPeer, IgnoresMdnsNamesAndDuplicates) {
  Candidate hidden = host("10.0.0.2:1");
  hidden.mdns_name = "4e3a1b2c.local";
  hidden.endpoint.address = IpAddress();
  agent->add_remote_candidate(now, hidden);
  agent->add_remote_candidate(now, host("10.0.0.2:1"));
  agent->add_remote_candidate(now, host("10.0.0.2:1"));
  agent->set_remote_credentials(now, theirs);
  EXPECT_EQ(sent.size(), 1U);
}

TEST(IceCredentials, AreDrawnAsTheStandardWants) {
  SeededEntropy entropy(3);
  const auto one = IceCredentials::draw(entropy);
  const auto two = IceCredentials::draw(entropy);
  EXPECT_GE(one.ufrag.size(), 4U);
  EXPECT_GE(one.password.size(), 22U);
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace roomwire::rtc
