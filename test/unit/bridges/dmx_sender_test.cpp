#include "bridges/dmx/dmx_sender.hpp"

#include <bridges/dmx/artsync.hpp>
#include <net/udp_socket.hpp>
#include <utility>

#include "sockets/test_sockets.hpp"

namespace roomwire::bridges {
namespace {

/// Where Art-Net comes, as sockets of two nodes would hear it.
class Rig {
 public:
  explicit Rig(net::Loop& loop)
      : socket_(*net::UdpSocket::bind(loop, {*IpAddress::parse("127.0.0.1"), 0},
                                      [this](std::span<const net::Datagram> datagrams) {
                                        for (const net::Datagram& datagram : datagrams)
                                          hear(datagram.data);
                                      })) {}

  DmxUrl url(int universe) const {
    const auto url =
        DmxUrl::parse("artnet://" + socket_->local().to_string() + "/" + std::to_string(universe),
                      sockets::SocketRole::destination);
    EXPECT_TRUE(url);
    return url.value_or(DmxUrl{});
  }

  /// A universe's number for each of its frames, S for an ArtSync.
  std::string heard;

 private:
  void hear(ByteView packet) {
    const auto decoded = dmx::decode_artnet(packet);
    ASSERT_TRUE(decoded);
    if (const auto* levels = std::get_if<dmx::ArtDmx>(&*decoded))
      heard += std::to_string(levels->port_address.number());
    if (std::holds_alternative<dmx::ArtSync>(*decoded)) heard += 'S';
  }

  std::unique_ptr<net::UdpSocket> socket_;
};

TEST(DmxSender, SendsOneArtSyncBehindTheFramesOfATurn) {
  net::Loop loop;
  Rig rig(loop);
  sockets::TestSockets ends(loop);
  DmxSenderOptions options;
  options.artsync = true;
  DmxSender sender(*ends.sockets, options);
  for (const int universe : {1, 2, 3})
    sender.add(rig.url(universe));
  EXPECT_EQ(sender.destinations().size(), 1U);  // one socket for all
  Time now = loop.now();
  const auto fail = [](const dmx::Refusal& refusal) { ADD_FAILURE() << refusal.reason; };
  EXPECT_TRUE(sender.update(dmx::SourceId("a"), dmx::Update::blackout(), now, fail));
  std::size_t told = 0;
  for (int frame = 0; frame < 3; ++frame) {
    now = std::max(now, *sender.next_timeout());
    sender.handle_timeout(now, [&](const DmxUrl&, const dmx::Update&) { ++told; });
  }
  EXPECT_EQ(told, 3U);  // the others are the same again
  ASSERT_TRUE(net::run_until(loop, [&] { return rig.heard.size() >= 12; }));
  EXPECT_EQ(rig.heard, "123S123S123S");
}

/// As texts, for --to's `urls` and where their names are found.
std::vector<std::string> artsync_texts(
    const std::vector<std::pair<std::string, std::string>>& urls) {
  const net::LocalAddress wire{"eth0", *IpAddress::parse("10.0.0.1"),       2,
                               false,  *IpAddress::parse("10.255.255.255"), 8};
  const net::LocalAddress inner{"eth1", *IpAddress::parse("10.1.0.1"),   3,
                                false,  *IpAddress::parse("10.1.0.255"), 24};
  const net::LocalAddress tunnel{"tun0", *IpAddress::parse("172.16.0.1"), 4, false, {}, 24};
  const net::LocalAddress self{"lo", *IpAddress::parse("127.0.0.1"), 1, true, {}, 8};
  const std::vector<net::LocalAddress> ours{wire, inner, tunnel, self};
  std::vector<ArtNetPlace> places;
  for (const auto& [text, address] : urls) {
    const auto url = DmxUrl::parse(text, sockets::SocketRole::destination);
    EXPECT_TRUE(url) << text;
    if (url) places.push_back({url->socket, *IpAddress::parse(address)});
  }
  std::vector<std::string> texts;
  for (const sockets::SocketUrl& url : artsync_urls(places, ours))
    texts.push_back(url.text());
  return texts;
}

TEST(DmxSender, SendsArtSyncOnceInEachNetwork) {
  using List = std::vector<std::string>;
  EXPECT_EQ(artsync_texts({{"artnet://10.0.0.7/1", "10.0.0.7"},
                           {"artnet://node.local/1", "10.9.9.9"},
                           {"artnet://10.1.0.7/2", "10.1.0.7"},
                           {"artnet://10.0.0.7:7000/2", "10.0.0.7"}}),
            (List{"10.255.255.255:6454", "10.1.0.255:6454", "10.255.255.255:7000"}));
  // By what is broadcast there anyway.
  EXPECT_EQ(artsync_texts({{"artnet://10.0.0.7/1", "10.0.0.7"},
                           {"artnet://10.1.0.7/1", "10.1.0.7"},
                           {"artnet://10.1.0.255/1", "10.1.0.255"},
                           {"artnet://broadcast/3", "10.0.0.1"}}),
            (List{"255.255.255.255:6454", "10.1.0.255:6454"}));
  // What is not in a network that has a broadcast address, and this machine itself.
  EXPECT_EQ(artsync_texts({{"artnet://192.0.2.7/1", "192.0.2.7"},
                           {"artnet://172.16.0.7/1", "172.16.0.7"},
                           {"artnet://127.0.0.1:7000/1", "127.0.0.1"},
                           {"artnet://10.1.0.1:7001/1", "10.1.0.1"},
                           {"artnet://[2001:db8::7]/1", "2001:db8::7"}}),
            (List{"192.0.2.7:6454", "172.16.0.7:6454", "127.0.0.1:7000", "10.1.0.1:7001",
                  "[2001:db8::7]:6454"}));
}

TEST(DmxSender, KnowsWhichUniversesAreMeant) {
  net::Loop loop;
  Rig rig(loop);
  sockets::TestSockets ends(loop);
  DmxSender sender(*ends.sockets, DmxSenderOptions());
  sender.add(rig.url(1));
  dmx::Update update = dmx::Update::blackout();
  const auto ignore = [](const dmx::Refusal&) {};
  update.universe = dmx::RoomUniverse::from_number(2);
  EXPECT_FALSE(sender.update(dmx::SourceId("a"), update, loop.now(), ignore));
  EXPECT_FALSE(sender.next_timeout());
  update.universe = dmx::RoomUniverse::from_number(1);
  EXPECT_TRUE(sender.update(dmx::SourceId("a"), update, loop.now(), ignore));
  EXPECT_TRUE(sender.next_timeout());
}

}  // namespace
}  // namespace roomwire::bridges
