#include "signal/default_relays.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace roomwire::signal {
namespace {

std::vector<std::string> urls(const std::string& app, std::string_view release) {
  std::vector<std::string> all;
  const auto relays = default_relays(AppId(app), release).value();
  for (const RelayUrl& relay : relays) {
    EXPECT_EQ(relay.kind(), RelayUrl::Kind::nostr);
    all.push_back(relay.url());
  }
  return all;
}

using Urls = std::vector<std::string>;

// What getRelays of @trystero-p2p/core gives for each release's defaultRelayUrls, run with Node.
TEST(DefaultRelays, ArePatchiesChoiceInEachRelease) {
  EXPECT_EQ(urls("patchies", "0.23.0"),
            (Urls{"wss://relay02.lnfi.network", "wss://purplerelay.com", "wss://relay.satlantis.io",
                  "wss://nostr-relay.corb.net", "wss://testing.gathr.gives"}));
  EXPECT_EQ(urls("patchies", "0.23.1"),
            (Urls{"wss://nostr.tegila.com.br", "wss://relay.nostr.place", "wss://top.testrelay.top",
                  "wss://nostr.sathoarder.com", "wss://relay.libernet.app"}));
  for (const char* release : {"0.25.1", "0.25.2", "0.25.3"}) {
    EXPECT_EQ(urls("patchies", release),
              (Urls{"wss://yabu.me/v2", "wss://relay.froth.zone",
                    "wss://ftp.halifax.rwth-aachen.de/nostr", "wss://relay.nostr.place",
                    "wss://relay-can.zombi.cloudrodion.com"}));
  }
  EXPECT_EQ(urls("patchies", "0.25.4"),
            (Urls{"wss://basspistol.org", "wss://staging.yabu.me", "wss://nostr.data.haus",
                  "wss://social.amanah.eblessing.co", "wss://strfry.shock.network"}));
}

TEST(DefaultRelays, CountUtf16UnitsOfTheAppId) {
  EXPECT_EQ(urls("żółć 🎛", "0.25.4"),
            (Urls{"wss://chorus.pjv.me", "wss://relay-rpi.edufeed.org", "wss://basspistol.org",
                  "wss://schnorr.me", "wss://relay02.lnfi.network"}));
}

TEST(DefaultRelays, AreTrysterosForFiveThousandApps) {
  // SHA-256 of the lines `getRelays(…).join(' ')` for the app ids below, computed with Node.
  const std::map<std::string, std::string> expected{
      {"0.23.0", "feb4816c178565ba00d60a59850dbdd484a42572e1673f09349dd4a5d9267494"},
      {"0.23.1", "d3bac9c1f50250721f8213a576d1fb4c73fbf111c40d4514dde691f143eb486b"},
      {"0.25.1", "17597b8685ba7f3e360486973affd576844e385963450b98c9761c17531a829f"},
      {"0.25.2", "17597b8685ba7f3e360486973affd576844e385963450b98c9761c17531a829f"},
      {"0.25.3", "17597b8685ba7f3e360486973affd576844e385963450b98c9761c17531a829f"},
      {"0.25.4", "03332b5ea03e093f0cf9fc575b64d44cdb1203149ccf2b97db0684fecfb89599"},
  };
  for (const auto& [release, hash] : expected) {
    std::string lines;
    for (int i = 0; i < 5000; ++i) {
      std::string app = "app " + std::to_string(i * 7919);
      for (int k = 0; k < i % 40; ++k)
        app += " ü🎛";
      std::string line;
      for (const std::string& url : urls(app, release))
        line += (line.empty() ? "" : " ") + url;
      lines += line + '\n';
    }
    EXPECT_EQ(to_hex(sha256(as_bytes(lines))), hash) << release;
  }
}

TEST(DefaultRelays, OfAllReleasesAreNamedOnce) {
  const auto all = urls("patchies", "");
  EXPECT_EQ(all.size(), 19U);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST(DefaultRelays, RefuseAnUnknownReleaseAndNameTheKnownOnes) {
  const auto relays = default_relays(AppId("patchies"), "1.0");
  ASSERT_FALSE(relays);
  EXPECT_EQ(relays.error().kind, ErrorKind::invalid_input);
  EXPECT_NE(relays.error().message.find("\"1.0\""), std::string::npos);
  EXPECT_NE(relays.error().message.find("0.23.0, 0.23.1, 0.25.1"), std::string::npos);
}

}  // namespace
}  // namespace roomwire::signal
