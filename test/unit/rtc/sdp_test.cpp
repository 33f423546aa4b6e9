#include "rtc/sdp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roomwire::rtc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// From test/vectors/23-listen.json: node-datachannel, everything of DTLS at the session's level.
constexpr std::string_view node_offer =
    "v=0\r\no=rtc 2665177062 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "a=msid-semantic:WMS *\r\na=ice-options:ice2,trickle\r\n"
    "a=fingerprint:sha-256 5E:9F:07:B1:D9:7D:6F:31:0B:78:01:E5:F2:9E:C4:B0:C3:8D:4D:D5:DC:FB:9B:D9:"
    "54:B5:2E:8F:EA:C5:35:27\r\n"
    "m=application 48817 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 192.0.2.2\r\na=mid:0\r\n"
    "a=sendrecv\r\na=sctp-port:5000\r\na=max-message-size:262144\r\na=setup:actpass\r\n"
    "a=ice-ufrag:bg8N\r\na=ice-pwd:WyQxb6kUc5SDFHHxA5nkut\r\n"
    "a=candidate:2 1 UDP 2116026111 fd00::2 48817 typ host\r\n"
    "a=candidate:1 1 UDP 2114977791 192.0.2.2 48817 typ host\r\na=end-of-candidates\r\n";

// Chromium 156, which adds audio to an open connection; of many payload types three.
constexpr std::string_view chromium_reoffer =
    "v=0\r\no=- 1478342238709374154 3 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
    "a=candidate:1858378153 1 udp 2113937151 9e3eff35-6f90-4e1b-bd7d-29358fda6523.local 37371 typ "
    "host generation 0 network-cost 999\r\n"
    "a=ice-ufrag:JEQv\r\na=ice-pwd:B7DlOIeu8uBNVLgcgqgzaoj8\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 C1:48:27:FB:71:93:2E:F1:07:CB:C7:8F:83:07:66:66:33:D7:88:32:49:4D:A5:B6:"
    "3B:93:50:A8:B8:5A:7A:0A\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:JEQv\r\na=ice-pwd:B7DlOIeu8uBNVLgcgqgzaoj8\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 C1:48:27:FB:71:93:2E:F1:07:CB:C7:8F:83:07:66:66:33:D7:88:32:49:4D:A5:B6:"
    "3B:93:50:A8:B8:5A:7A:0A\r\n"
    "a=setup:actpass\r\na=mid:1\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\n";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result(text);
  const auto found = result.find(what);
  EXPECT_NE(found, std::string::npos) << what;
  return result.replace(found, what.size(), by);
}

LocalDescription some_local() {
  LocalDescription local;
  local.session_id = 77;
  local.credentials = {"ourufrag", "ourpasswordourpassword"};
  local.fingerprint = {"sha-256", Bytes(32, 0xAB)};
  local.max_message_size = 262144;
  return local;
}

TEST(Sdp, ReadsNodeDatachannelsOffer) {
  const auto offer = SessionDescription::parse(node_offer);
  ASSERT_TRUE(offer) << offer.error().message;
  EXPECT_EQ(offer->origin, "rtc");
  EXPECT_EQ(offer->credentials, (IceCredentials{"bg8N", "WyQxb6kUc5SDFHHxA5nkut"}));
  ASSERT_EQ(offer->fingerprints.size(), 1U);
  EXPECT_EQ(offer->fingerprints[0].to_string(),
            "sha-256 5E:9F:07:B1:D9:7D:6F:31:0B:78:01:E5:F2:9E:C4:B0:C3:8D:4D:D5:DC:FB:9B:D9:54:B5:"
            "2E:8F:EA:C5:35:27");
  EXPECT_EQ(offer->setup, DtlsSetup::actpass);
  EXPECT_EQ(offer->sctp_port, 5000);
  EXPECT_EQ(offer->max_message_size, 262144U);
  ASSERT_EQ(offer->candidates.size(), 2U);
  EXPECT_EQ(offer->candidates[0].endpoint.to_string(), "[fd00::2]:48817");
  EXPECT_TRUE(offer->bundled);
}

TEST(Sdp, ReadsLinesThatEndInLineFeedsAlone) {
  std::string unix_lines(node_offer);
  std::erase(unix_lines, '\r');
  const auto offer = SessionDescription::parse(unix_lines);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->credentials.ufrag, "bg8N");
  EXPECT_EQ(offer->candidates.size(), 2U);
}

TEST(Sdp, WritesAnOfferThatItReadsBack) {
  LocalDescription local = some_local();
  local.candidates.push_back(
      *Candidate::parse("candidate:1 1 udp 2114977791 192.0.2.2 48817 typ host"));
  const auto offer = SessionDescription::parse(write_offer(local));
  ASSERT_TRUE(offer) << offer.error().message;
  EXPECT_EQ(offer->credentials, local.credentials);
  EXPECT_THAT(offer->fingerprints, ElementsAre(local.fingerprint));
  EXPECT_EQ(offer->candidates, local.candidates);
  EXPECT_EQ(offer->setup, DtlsSetup::actpass);
  EXPECT_EQ(offer->max_message_size, 262144U);
  EXPECT_EQ(offer->sctp_port, 5000);
  ASSERT_EQ(offer->sections.size(), 1U);
  EXPECT_EQ(offer->sections[0].mid, "0");
}

TEST(Sdp, RefusesMediaAndKeepsTheDataChannel) {
  const auto offer = SessionDescription::parse(chromium_reoffer);
  ASSERT_TRUE(offer) << offer.error().message;
  LocalDescription local = some_local();
  local.setup = DtlsSetup::passive;
  const std::string answer = write_answer(local, *offer);
  EXPECT_THAT(answer, HasSubstr("a=group:BUNDLE 0\r\n"));
  EXPECT_THAT(answer, HasSubstr("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
  EXPECT_THAT(answer, HasSubstr("a=setup:passive\r\n"));
  const auto audio = answer.find("m=audio");
  ASSERT_NE(audio, std::string::npos);
  EXPECT_EQ(answer.substr(audio),
            "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 9\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=inactive\r\n"
            "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\n");
}

TEST(Sdp, AnswersInTheOrderAndWithTheMidsOfTheOffer) {
  std::string offer_text(node_offer);
  offer_text = replaced(offer_text, "a=group:BUNDLE 0", "a=group:BUNDLE v data");
  offer_text = replaced(offer_text, "m=application",
                        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\nm=application");
  offer_text = replaced(offer_text, "a=mid:0", "a=mid:data");
  const auto offer = SessionDescription::parse(offer_text);
  ASSERT_TRUE(offer) << offer.error().message;
  const std::string answer = write_answer(some_local(), *offer);
  EXPECT_THAT(answer, HasSubstr("a=group:BUNDLE data\r\n"));
  EXPECT_THAT(answer, HasSubstr("a=mid:data\r\n"));
  EXPECT_LT(answer.find("m=video 0 "), answer.find("m=application 9 "));
}

TEST(Sdp, TakesTheTransportFromAnotherSectionOfTheBundle) {
  std::string offer_text(chromium_reoffer);
  offer_text =
      replaced(offer_text, "a=ice-ufrag:JEQv\r\na=ice-pwd:B7DlOIeu8uBNVLgcgqgzaoj8\r\n", "");
  const auto offer = SessionDescription::parse(offer_text);
  ASSERT_TRUE(offer) << offer.error().message;
  EXPECT_EQ(offer->credentials.ufrag, "JEQv");
}

TEST(Sdp, ReadsAndAnswersTheOldFormOfDataChannels) {
  std::string offer_text(node_offer);
  offer_text = replaced(offer_text, "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5001");
  offer_text = replaced(offer_text, "a=sctp-port:5000", "a=sctpmap:5001 webrtc-datachannel 1024");
  offer_text = replaced(offer_text, "a=max-message-size:262144\r\n", "");
  const auto offer = SessionDescription::parse(offer_text);
  ASSERT_TRUE(offer) << offer.error().message;
  EXPECT_EQ(offer->sctp_port, 5001);
  EXPECT_EQ(offer->max_message_size, 65536U) << "RFC 8841's default";
  EXPECT_THAT(write_answer(some_local(), *offer), HasSubstr("m=application 9 DTLS/SCTP 5001\r\n"));
}

TEST(Sdp, PortZeroIsARefusalUnlessItIsBundleOnly) {
  const std::string refused = replaced(node_offer, "application 48817", "application 0");
  EXPECT_FALSE(SessionDescription::parse(refused));
  EXPECT_TRUE(SessionDescription::parse(replaced(refused, "a=mid:0", "a=mid:0\r\na=bundle-only")));
}

TEST(Sdp, ReadsFingerprintsWhateverTheirCase) {
  std::string text = replaced(node_offer, "sha-256 5E:9F", "SHA-256 5e:9f");
  text = replaced(text, "a=fingerprint:", "a=fingerprint:sha-1 zz\r\na=fingerprint:");
  const auto offer = SessionDescription::parse(text);
  ASSERT_TRUE(offer);
  ASSERT_EQ(offer->fingerprints.size(), 1U) << "a malformed one is left out";
  EXPECT_EQ(offer->fingerprints[0].algorithm, "sha-256");
  EXPECT_EQ(offer->fingerprints[0].digest[1], 0x9F);
}

TEST(Sdp, SaysWhatIsWrong) {
  const auto reason = [](std::string_view sdp) {
    const auto parsed = SessionDescription::parse(sdp);
    return parsed ? "nothing" : parsed.error().message;
  };
  EXPECT_THAT(reason(""), HasSubstr("v=0"));
  EXPECT_THAT(reason("hello"), HasSubstr("v=0"));
  EXPECT_THAT(reason("v=0\r\n"), HasSubstr("no data channel"));
  EXPECT_THAT(reason(replaced(node_offer, "m=application", "m=audio")), HasSubstr("data channel"));
  EXPECT_THAT(reason(replaced(node_offer, "webrtc-datachannel", "soup")),
              HasSubstr("data channel"));
  EXPECT_THAT(reason(replaced(node_offer, "application 48817", "application x")), HasSubstr("m="));
  EXPECT_THAT(reason(replaced(node_offer, "ufrag:bg8N", "ufrag:bg8")), HasSubstr("ice-ufrag"));
  EXPECT_THAT(reason(replaced(node_offer, "ufrag:bg8N", "ufrag:bg 8N")), HasSubstr("ice-ufrag"));
  EXPECT_THAT(reason(replaced(node_offer, "WyQxb6kUc5", "")), HasSubstr("ice-pwd"));
  EXPECT_THAT(reason(replaced(node_offer, "5E:9F", "5E9F")), HasSubstr("fingerprint"));
  EXPECT_THAT(reason(replaced(node_offer, "sctp-port:5000", "sctp-port:0")),
              HasSubstr("sctp-port"));
}

TEST(Sdp, KeepsItsBounds) {
  std::string many(node_offer);
  for (int i = 0; i < 500; ++i) {
    many += "a=candidate:1 1 UDP 1 192.0.2.2 " + std::to_string(1000 + i) + " typ host\r\n";
  }
  const auto offer = SessionDescription::parse(many);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->candidates.size(), SessionDescription::max_candidates);

  std::string sections(node_offer);
  for (int i = 0; i < 100; ++i)
    sections += "m=audio 9 RTP/AVP 0\r\n";
  EXPECT_FALSE(SessionDescription::parse(sections));
  EXPECT_FALSE(SessionDescription::parse(std::string(node_offer) + std::string(200000, ' ')));
}

TEST(Sdp, RepeatsNoControlCharactersOfTheOffer) {
  const std::string sneaky = replaced(node_offer, "a=mid:0", "a=mid:0\ra=x");
  const auto offer = SessionDescription::parse(sneaky);
  ASSERT_TRUE(offer);
  EXPECT_THAT(write_answer(some_local(), *offer), Not(HasSubstr("a=x")));
}

}  // namespace
}  // namespace roomwire::rtc
