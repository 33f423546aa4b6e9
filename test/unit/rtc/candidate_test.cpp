#include "rtc/candidate.hpp"

#include <gtest/gtest.h>

namespace roomwire::rtc {
namespace {

TEST(Candidate, ReadsWhatChromiumWrites) {
  const auto candidate = Candidate::parse(
      "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0 "
      "generation 0 ufrag x+/Y network-cost 999");
  ASSERT_TRUE(candidate);
  EXPECT_EQ(candidate->foundation, "842163049");
  EXPECT_EQ(candidate->priority, 1677729535U);
  EXPECT_EQ(candidate->type, CandidateType::server_reflexive);
  EXPECT_EQ(candidate->endpoint, Endpoint::parse("203.0.113.7:46154"));
  EXPECT_EQ(candidate->related, Endpoint::parse("0.0.0.0:0"));
  EXPECT_EQ(candidate->mdns_name, "");
}

TEST(Candidate, ReadsAnMdnsName) {
  const auto candidate = Candidate::parse(
      "candidate:1 1 UDP 2113937151 4e3a1b2c-0d5e-4f60-8a7b-9c8d7e6f5a4b.local 51472 typ host "
      "generation 0 ufrag 3Jxs network-cost 999");
  ASSERT_TRUE(candidate);
  EXPECT_EQ(candidate->mdns_name, "4e3a1b2c-0d5e-4f60-8a7b-9c8d7e6f5a4b.local");
  EXPECT_EQ(candidate->endpoint.port, 51472);
  EXPECT_TRUE(candidate->endpoint.address.is_unspecified());
  EXPECT_FALSE(candidate->related);
}

TEST(Candidate, ReadsTheSpellingsOfOthers) {
  for (const char* line : {
           "a=candidate:1 1 UDP 2114977791 192.0.2.5 38442 typ host\r\n",       // libdatachannel
           "candidate:0 1 UDP 2122252543 192.0.2.5 38442 typ host",             // Firefox
           "candidate:4f1c8e 1 udp 2130706431 192.0.2.5 38442 typ host",        // werift
           "candidate:3  1  udp 659136 192.0.2.5 38442 typ host generation 0",  // double spaces
           "candidate:9 1 udp 1 ::ffff:192.0.2.5 38442 typ host",               // mapped IPv4
       }) {
    const auto candidate = Candidate::parse(line);
    ASSERT_TRUE(candidate) << line;
    EXPECT_EQ(candidate->endpoint, Endpoint::parse("192.0.2.5:38442")) << line;
    EXPECT_EQ(candidate->type, CandidateType::host) << line;
  }
  const auto six = Candidate::parse(
      "candidate:2 1 UDP 1686109951 2001:db8::5 61345 typ relay raddr 2001:db8::9 rport 61345");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->endpoint, Endpoint::parse("[2001:db8::5]:61345"));
  EXPECT_EQ(six->related, Endpoint::parse("[2001:db8::9]:61345"));
  EXPECT_EQ(six->type, CandidateType::relayed);
}

TEST(Candidate, RefusesWhatIsOfNoUse) {
  for (const std::string& line : {
           std::string(),  // The end of candidates.
           std::string("candidate:"),
           std::string("candidate:1 1 tcp 1518280447 192.0.2.5 9 typ host tcptype active"),
           std::string("candidate:1 2 udp 2130706430 192.0.2.5 38442 typ host"),
           std::string("candidate:1 1 udp 4294967296 192.0.2.5 38442 typ host"),
           std::string("candidate:1 1 udp -1 192.0.2.5 38442 typ host"),
           std::string("candidate:1 1 udp 1 192.0.2.5 65536 typ host"),
           std::string("candidate:1 1 udp 1 192.0.2.5 0 typ host"),
           std::string("candidate:1 1 udp 1 192.0.2.5 38442 host"),
           std::string("candidate:1 1 udp 1 192.0.2.5 38442 typ guest"),
           std::string("candidate:1 1 udp 1 example.org 38442 typ host"),
           std::string("candidate:1 1 udp 1 \x1b[31m.local 38442 typ host"),
           std::string("candidate:1 1 udp 1 .local 38442 typ host"),
           std::string("candidate:1;2 1 udp 1 192.0.2.5 38442 typ host"),
           std::string("candidate:1 1 udp 1 192.0.2.5 38442 typ"),
           "candidate:" + std::string(33, '1') + " 1 udp 1 192.0.2.5 38442 typ host",
           "candidate:1 1 udp 1 192.0.2.5 38442 typ host " + std::string(1000, 'x'),
       }) {
    EXPECT_FALSE(Candidate::parse(line)) << line;
  }
}

TEST(Candidate, RoundTrip) {
  for (const char* line : {
           "candidate:1 1 udp 2130706431 192.0.2.5 38442 typ host",
           "candidate:a+/9 1 udp 7 2001:db8::5 1 typ prflx raddr 2001:db8::1 rport 65535",
           "candidate:1 1 udp 2113937151 4e3a1b2c.local 51472 typ host",
           "candidate:2 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0",
       }) {
    const auto candidate = Candidate::parse(line);
    ASSERT_TRUE(candidate) << line;
    EXPECT_EQ(candidate->to_string(), line);
    EXPECT_EQ(Candidate::parse(candidate->to_string()), candidate);
  }
}

TEST(Candidate, AZoneStaysAtHome) {
  Candidate candidate;
  candidate.foundation = "1";
  candidate.priority = 1;
  candidate.endpoint = {*IpAddress::parse("fe80::1%2"), 5};
  EXPECT_EQ(candidate.to_string(), "candidate:1 1 udp 1 fe80::1 5 typ host");
  // RFC 8839 section 5.1 forbids the peer to name one, which is no reason not to meet it.
  for (const char* zone : {"%2", "%eth0"}) {
    const auto read = Candidate::parse(std::string("candidate:1 1 udp 1 fe80::1") + zone +
                                       " 5 typ host raddr fe80::1" + zone + " rport 5");
    ASSERT_TRUE(read) << zone;
    EXPECT_EQ(read->endpoint, Endpoint::parse("[fe80::1]:5"));
    EXPECT_EQ(read->related, Endpoint::parse("[fe80::1]:5"));
  }
}

TEST(Candidate, PriorityPutsTypesInOrder) {
  EXPECT_EQ(candidate_priority(CandidateType::host, 65535), 2130706431U);
  EXPECT_EQ(candidate_priority(CandidateType::server_reflexive, 65535), 1694498815U);
  EXPECT_GT(candidate_priority(CandidateType::host, 0),
            candidate_priority(CandidateType::peer_reflexive, 65535));
  EXPECT_GT(candidate_priority(CandidateType::server_reflexive, 0),
            candidate_priority(CandidateType::relayed, 65535));
}

TEST(Candidate, FoundationTellsTypeBaseAndServerApart) {
  const IpAddress one = *IpAddress::parse("192.0.2.1");
  const IpAddress two = *IpAddress::parse("192.0.2.2");
  const auto host = candidate_foundation(CandidateType::host, one);
  EXPECT_EQ(host, candidate_foundation(CandidateType::host, one));
  EXPECT_NE(host, candidate_foundation(CandidateType::host, two));
  EXPECT_NE(host, candidate_foundation(CandidateType::server_reflexive, one));
  EXPECT_NE(candidate_foundation(CandidateType::server_reflexive, one, one),
            candidate_foundation(CandidateType::server_reflexive, one, two));
  EXPECT_TRUE(Candidate::parse("candidate:" + host + " 1 udp 1 192.0.2.1 5 typ host"));
}

}  // namespace
}  // namespace roomwire::rtc
