#include "cli/screen/status_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Told {
  std::vector<std::string> lines;
  std::vector<UnmetPeer> unmet;
  StatusLines status;

  explicit Told(Verbosity verbosity, bool relays_named = true)
      : status(
            verbosity, relays_named,
            [this](Tone, const std::string& line) { lines.push_back(line); },
            [this] { return unmet; }) {}

  void wait_with(std::vector<UnmetPeer> heard, std::size_t peers = 0, std::size_t wanted = 1) {
    unmet = std::move(heard);
    status.waiting(peers, wanted);
  }
};

const PeerId ada("zAda");
const TriedPairs two_pairs{{{"10.0.0.1:1", "10.9.0.2:2"},
                            {"10.0.0.1:1", "192.0.2.3:3", AddressPair::Kind::server_reflexive,
                             AddressPair::Kind::peer_reflexive}},
                           9};

TEST(StatusLines, TheNormalCaseIsAHandfulOfLines) {
  Told told(Verbosity::normal);
  told.status.joining(RoomId("my-room"), PeerId("zMe"));
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.on_status(PeerConnecting{ada});
  told.status.on_status(PeerConnected{ada, {Path::Kind::local, "10.0.0.1:1", "10.0.0.2:2"}});
  told.status.peer_joined(ada, Path{Path::Kind::local, "10.0.0.1:1", "10.0.0.2:2"});
  told.status.peer_left(ada, "left the room");
  told.status.on_status(PeerDisconnected{ada, "left", true});
  told.status.ended({});
  EXPECT_THAT(told.lines,
              ElementsAre("room my-room, you are zMe; waiting for relays and peers",
                          "relay ws://a:1 answers", "joined: zAda, at 10.0.0.2:2 (local network)",
                          "left: zAda (left the room)"));
}

TEST(StatusLines, QuietSaysNothing) {
  Told told(Verbosity::quiet);
  told.status.joining(RoomId("r"), PeerId("zMe"));
  told.status.on_status(RelayFailed{"ws://a:1", "refused", 1s, false});
  told.status.on_status(WrongPassword{ada, RoomId("r")});
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines, IsEmpty());
}

TEST(StatusLines, AMessageThatIsLostIsAnErrorThatQuietSaysToo) {
  Told told(Verbosity::quiet);
  told.status.on_status(Undelivered{ada});
  told.status.on_status(Undelivered{PeerId("zBob")});
  ASSERT_THAT(told.lines, SizeIs(1));
  EXPECT_THAT(told.lines[0], HasSubstr("not delivered: zAda"));
}

TEST(StatusLines, ARelayThatRefusesIsSaidOnceUntilItAnswers) {
  Told told(Verbosity::normal);
  const RelayFailed refused{"ws://a:1", "connection refused", 2s, false};
  told.status.on_status(refused);
  told.status.on_status(refused);
  ASSERT_THAT(told.lines, SizeIs(1));
  EXPECT_THAT(told.lines[0],
              HasSubstr("ws://a:1 does not answer: connection refused; trying again"));
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.on_status(RelayFailed{"ws://a:1", "closed", 1s, true});
  told.status.on_status(refused);
  ASSERT_THAT(told.lines, SizeIs(3));
  EXPECT_THAT(told.lines[2], HasSubstr("ws://a:1 is lost: closed"));
}

TEST(StatusLines, OneUrlForBothStrategiesIsTwoRelays) {
  Told told(Verbosity::normal);
  told.status.on_status(RelayConnected{"ws://a:1", RelayUrl::Kind::nostr});
  told.status.on_status(RelayFailed{"ws://a:1", "not found", 1s, false, RelayUrl::Kind::ws_relay});
  ASSERT_THAT(told.lines, SizeIs(2));
  EXPECT_EQ(told.lines[0], "relay ws://a:1 answers");
  EXPECT_THAT(told.lines[1], HasSubstr("ws-relay ws://a:1 does not answer: not found"));
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines[2], HasSubstr("1 of 2 relays answer"));
}

TEST(StatusLines, OfManyPublicRelaysOnlyTheNumberMatters) {
  Told told(Verbosity::normal, false);
  told.status.on_status(RelayFailed{"wss://a", "refused", 1s, false});
  told.status.on_status(RelayConnected{"wss://b"});
  told.status.on_status(RelayConnected{"wss://c"});
  EXPECT_THAT(told.lines, ElementsAre("relay wss://b answers"));
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines.back(), HasSubstr("2 of 3 relays answer"));
}

TEST(StatusLines, AWrongPasswordIsSaidWithThePeer) {
  Told told(Verbosity::normal);
  told.status.on_status(WrongPassword{ada, RoomId("r")});
  told.status.on_status(WrongPassword{ada, RoomId("r")});
  ASSERT_THAT(told.lines, SizeIs(1));
  EXPECT_THAT(told.lines[0], HasSubstr("zAda has another password"));
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines[2], HasSubstr("--password"));
}

TEST(StatusLines, APeerOutOfReachIsSaidOnceUntilItIsMet) {
  Told told(Verbosity::normal);
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.unmet = {{PeerId("zBob"), 1s}, {ada, 40s, true, false, "no path", two_pairs}};
  told.status.on_status(PeerDisconnected{ada, "no path"});
  told.status.on_status(PeerDisconnected{ada, "no path"});
  ASSERT_THAT(told.lines, SizeIs(2));
  EXPECT_THAT(told.lines[1], HasSubstr("cannot reach zAda: no path; tried 10.0.0.1:1 (host) to "
                                       "10.9.0.2:2 (host), 10.0.0.1:1 (srflx) to 192.0.2.3:3 "
                                       "(prflx) and 7 more; a firewall"));
  told.unmet.clear();
  told.status.on_status(PeerConnected{ada, {}});
  told.status.on_status(PeerDisconnected{ada, "no path"});
  ASSERT_THAT(told.lines, SizeIs(3));
  EXPECT_THAT(told.lines[2], HasSubstr("cannot reach zAda: no path; a firewall"));
}

TEST(StatusLines, WhoIsHeardAndNotReachedIsNamedWhileItIsWaitedFor) {
  Told told(Verbosity::normal);
  told.status.on_status(RelayConnected{"ws://a:1"});
  UnmetPeer peer{ada, 12'345ms, true, false, "", two_pairs};
  told.wait_with({peer});
  EXPECT_THAT(told.lines.back(),
              HasSubstr("still waiting: nobody is met (1 of 1 relay answers); zAda, first heard "
                        "12 s ago, tried 10.0.0.1:1 (host) to 10.9.0.2:2 (host), "));
  EXPECT_THAT(told.lines.back(), HasSubstr("--ice-port"));
  EXPECT_THAT(told.lines.back(), Not(HasSubstr("nobody else is in the room")));
  peer.tried = {};
  told.wait_with({peer});
  EXPECT_THAT(told.lines.back(), HasSubstr("zAda, first heard 12 s ago, not connected so far"));
  peer.reason = "no network path works";
  told.wait_with({peer}, 1, 3);
  EXPECT_THAT(told.lines.back(), HasSubstr("1 of 3 peers are here"));
  EXPECT_THAT(told.lines.back(), HasSubstr("ago, no network path works, it named no address"));
  std::vector<UnmetPeer> many(500, peer);
  told.wait_with(many);
  EXPECT_THAT(told.lines.back(), HasSubstr("and 497 more"));
  EXPECT_LE(told.lines.back().size(), 1000U);
}

TEST(StatusLines, APageThatDoesNotHearUsIsToBeReloaded) {
  Told told(Verbosity::normal);
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.on_status(PeerDeaf{ada});
  EXPECT_THAT(told.lines.back(), HasSubstr("zAda announces itself and does not hear us"));
  EXPECT_THAT(told.lines.back(), HasSubstr("reload that page"));
  told.wait_with({{ada, 30s, false, true}});
  EXPECT_THAT(told.lines.back(), HasSubstr("zAda, first heard 30 s ago, does not hear us"));
  EXPECT_THAT(told.lines.back(), HasSubstr("reload that page"));
  EXPECT_THAT(told.lines.back(), Not(HasSubstr("--ice-port")));
  told.wait_with({{ada, 30s}});
  EXPECT_THAT(told.lines.back(), HasSubstr("has not answered so far"));
  EXPECT_THAT(told.lines.back(), Not(HasSubstr("reload")));
}

TEST(StatusLines, ARelayThatAnswersAndIsOfNoUseIsSaid) {
  Told told(Verbosity::normal);
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.on_status(RelayRefused{"ws://a:1", "rate-limited: slow down"});
  told.status.on_status(RelayRefused{"ws://a:1", "rate-limited: 57 s to go"});
  told.status.on_status(RelayRefused{"ws://a:1", "rate-limited: slow down"});
  ASSERT_THAT(told.lines, SizeIs(2));
  EXPECT_EQ(
      told.lines[1],
      "relay ws://a:1 refuses what we send: rate-limited: slow down; peers may not be met there");
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines[2],
              HasSubstr("perhaps nobody hears us (1 of 1 relay answers, 1 without "
                        "serving us): relay ws://a:1 refuses what we send: rate-limited"));
  told.status.on_status(PeerDeaf{ada});
  told.wait_with({{ada, 30s, false, true}});
  EXPECT_THAT(told.lines.back(), HasSubstr("perhaps nobody hears us"));
  told.lines.pop_back();
  told.unmet.clear();
  told.status.on_status(RelayPasses{"ws://a:1"});
  EXPECT_EQ(told.lines[3], "relay ws://a:1 passes on what we send");
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines[4], HasSubstr("nobody else is in the room"));
  told.status.on_status(RelayRefused{"ws://a:1", "", true});
  EXPECT_THAT(told.lines[5], HasSubstr("takes what we send and passes nothing on; peers may"));
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines[6], HasSubstr("nobody else is in the room (1 of 1 relay answers)"));
}

// The others carry the room.
TEST(StatusLines, OneOfThePublicRelaysThatRefusesIsSaidWithVAlone) {
  for (const auto& [verbosity, lines] :
       {std::pair(Verbosity::normal, 1U), std::pair(Verbosity::verbose, 3U)}) {
    Told told(verbosity, false);
    told.status.on_status(RelayConnected{"wss://a"});
    told.status.on_status(RelayConnected{"wss://b"});
    told.status.on_status(RelayRefused{"wss://b", "rate-limited: slow down"});
    ASSERT_THAT(told.lines, SizeIs(lines));
    EXPECT_EQ(told.lines[0], "relay wss://a answers");
    told.status.waiting(0, 1);
    EXPECT_THAT(told.lines.back(), HasSubstr("nobody else is in the room (2 of 2 relays answer, 1 "
                                             "without serving us)"));
  }
}

TEST(StatusLines, WhenEveryPublicRelayRefusesTheHintSaysSo) {
  Told told(Verbosity::normal, false);
  told.status.on_status(RelayFailed{"wss://a", "refused", 1s, false});
  for (const char* url : {"wss://b", "wss://c"}) {
    told.status.on_status(RelayConnected{url});
    told.status.on_status(RelayRefused{url, "auth-required: who are you?"});
  }
  EXPECT_THAT(told.lines, ElementsAre("relay wss://b answers"));
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines.back(), HasSubstr("perhaps nobody hears us (2 of 3 relays answer, 2 "));
  EXPECT_THAT(told.lines.back(), HasSubstr("auth-required: who are you?"));
  told.status.on_status(RelayPasses{"wss://c"});
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines.back(), HasSubstr("nobody else is in the room (2 of 3 relays answer, 1"));
}

TEST(StatusLines, WaitingNamesWhatIsMissing) {
  Told told(Verbosity::normal);
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines.back(), HasSubstr("waiting for a relay (no answer"));
  told.status.on_status(RelayFailed{"ws://a:1", "connection refused", 2s, false});
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines.back(), HasSubstr("ws://a:1: connection refused"));
  told.status.on_status(RelayConnected{"ws://a:1"});
  told.status.waiting(0, 1);
  EXPECT_THAT(told.lines.back(), HasSubstr("nobody else is in the room"));
  EXPECT_THAT(told.lines.back(), HasSubstr("password"));
  told.status.waiting(1, 3);
  EXPECT_THAT(told.lines.back(), HasSubstr("1 of 3 peers are here"));
}

TEST(StatusLines, TheNetworkCannotFloodOrSteerTheTerminal) {
  Told told(Verbosity::normal);
  for (int i = 0; i < 1000; ++i) {
    told.status.on_status(WrongPassword{PeerId("z" + std::to_string(i)), RoomId("r")});
  }
  told.status.on_status(Dropped{"z1\x1b", "\x1b[2Jbad"});
  EXPECT_LE(told.lines.size(), 102U);
  for (const std::string& line : told.lines)
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(StatusLines, WhatIsDroppedIsToldAgainWithItsCount) {
  Told told(Verbosity::normal);
  told.status.on_status(Dropped{"ada", "too long"});
  told.status.on_status(Dropped{"ada", "too long", 41, true});
  told.status.on_status(Dropped{"", "", 999, true});
  EXPECT_THAT(told.lines, testing::ElementsAre("dropped, from ada: too long",
                                               "dropped 41 more, from ada: too long",
                                               "dropped 999 more, of other kinds"));
}

TEST(StatusLines, VerboseSaysAll) {
  Told told(Verbosity::verbose, false);
  told.status.on_status(RelayFailed{"wss://a", "refused", 500ms, false});
  told.status.on_status(RelayNotice{"wss://b", "slow\ndown"});
  told.status.on_status(PeerConnecting{ada});
  told.status.on_status(Dropped{"wss://b", "bad signature"});
  told.status.ended({});
  ASSERT_THAT(told.lines, SizeIs(5));
  EXPECT_THAT(told.lines[0], HasSubstr("in less than 1 s"));
  EXPECT_EQ(told.lines[1], "relay wss://b says: slow?down");
}

TEST(StatusLines, SaysWhatToDoAboutARelay) {
  struct Case {
    const char* url;
    ErrorCode code;
    const char* remedy;
  };
  for (const auto& [url, code, remedy] :
       std::vector<Case>{{"wss://a:1", ErrorCode::tls_failed, "write ws://"},
                         {"ws://a:1", ErrorCode::no_websocket, "write wss://"},
                         {"ws://a:1", ErrorCode::http_refused, "no relay"},
                         {"wss://a:1", ErrorCode::certificate_invalid, "SSL_CERT_FILE"}}) {
    Told told(Verbosity::normal);
    told.status.on_status(
        RelayFailed{url, "in whatever words", 1s, false, RelayUrl::Kind::nostr, code});
    ASSERT_EQ(told.lines.size(), 1U);
    EXPECT_THAT(told.lines[0], HasSubstr(remedy));
  }
}

}  // namespace
}  // namespace roomwire::cli
