#include "gear/dmx_sender.hpp"

#include <net/udp_socket.hpp>

#include "test_ends.hpp"

namespace roomwire::gear {
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
                      EndRole::destination);
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
  TestEnds ends(loop);
  DmxSenderOptions options;
  options.artsync = true;
  DmxSender sender(*ends.ends, options);
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

TEST(DmxSender, KnowsWhichUniversesAreMeant) {
  net::Loop loop;
  Rig rig(loop);
  TestEnds ends(loop);
  DmxSender sender(*ends.ends, DmxSenderOptions());
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
}  // namespace roomwire::gear
