// How a bridge comes into its room and goes out of it, whichever it is.
#include "bridges/bridge.hpp"

#include <gmock/gmock.h>

#include <set>

#include "bridges/dmx/dmx_bridge.hpp"
#include "bridges/osc/osc_bridge.hpp"
#include "bridges/room_with_peer.hpp"
#include "net/loop.hpp"

namespace roomwire::bridges {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Takes its end for itself, or at once.
class PlainBridge final : public Bridge {
 public:
  using Bridge::finished;
  explicit PlainBridge(net::Loop& loop) : Bridge(loop) {}
  void peer_joined(const PeerId& /*peer*/) override {}
  void peer_left(const PeerId& /*peer*/) override {}
  std::vector<std::string> listening() const override { return {}; }
  int begun = 0;

 private:
  void begin_finish() override { ++begun; }
};

class BridgeEnd : public testing::Test {
 protected:
  std::function<void()> say(const std::string& word) {
    return [this, word] { said.push_back(word); };
  }
  void settle() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }

  net::Loop loop;
  std::vector<std::string> said;
  std::unique_ptr<PlainBridge> bridge = std::make_unique<PlainBridge>(loop);
};

TEST_F(BridgeEnd, BeginsOnceHoweverOftenItIsAskedFor) {
  bridge->finished();  // early: nobody asked
  bridge->finish(say("one"));
  bridge->finish(say("two"));
  settle();
  EXPECT_EQ(bridge->begun, 1);
  EXPECT_THAT(said, IsEmpty());
  bridge->finished();
  bridge->finished();
  EXPECT_THAT(said, IsEmpty()) << "told within the call";
  settle();
  EXPECT_THAT(said, ElementsAre("one", "two"));
  bridge->finish(say("late"));
  settle();
  EXPECT_THAT(said, ElementsAre("one", "two", "late"));
  EXPECT_EQ(bridge->begun, 1);
}

TEST_F(BridgeEnd, TellsNobodyOnceItIsGone) {
  bridge->finish(say("one"));
  bridge->finished();
  bridge.reset();
  settle();
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(BridgeEnd, MayComeFromWhoIsTold) {
  bridge->finish([this] { bridge.reset(); });
  bridge->finish(say("two"));
  bridge->finished();
  settle();
  EXPECT_EQ(bridge, nullptr);
  EXPECT_THAT(said, IsEmpty());
}

/// Hears nothing that matters here.
struct Silent final : OscBridgeObserver, DmxBridgeObserver {
  void on_end_change(bool /*up*/, const std::string& /*line*/) override {}
  void on_dropped(const std::string& /*line*/) override {}
  void on_hint(const std::string& /*line*/) override {}
  void on_sloppy(const std::string& /*line*/) override {}
  void on_passed(bool /*to_osc*/, const std::string& /*channel*/,
                 const osc::Message& /*message*/) override {}
  void on_levels(bool /*to_lights*/, const std::string& /*universe*/,
                 const dmx::Update& /*changes*/) override {}
};

class BridgeInRoom : public RoomWithPeer {
 protected:
  Result<std::unique_ptr<OscBridge>> osc(const std::string& listen) {
    OscBridgeOptions options;
    options.channels = {"osc"};
    options.listen = {{"", *sockets::SocketUrl::parse(listen, sockets::SocketRole::listener)}};
    return OscBridge::create(*context, *room, std::move(options), silent);
  }
  Result<std::unique_ptr<DmxBridge>> dmx(const std::string& listen) {
    DmxBridgeOptions options;
    options.channels = {"dmx"};
    options.listen = {*DmxUrl::parse(listen, sockets::SocketRole::listener)};
    return DmxBridge::create(*context, *room, std::move(options), silent);
  }
  /// What the peer says on these channels comes to nobody.
  void expect_nobody_listens_to(std::set<std::string> channels) {
    room->on_unclaimed([&](const std::string& channel, const Message& /*message*/) {
      channels.erase(channel);
      if (channels.empty()) context->stop();
    });
    context->run();
    EXPECT_THAT(channels, IsEmpty());
  }

  Silent silent;
};

TEST_F(BridgeInRoom, LeavesNothingThereWhenItCannotListen) {
  start({{"osc", "[1]"}, {"dmx", "[1]"}, {"roomwire-osc", "[1]"}});
  // An address of no machine (RFC 5737).
  ASSERT_FALSE(osc("192.0.2.1:9000"));
  ASSERT_FALSE(dmx("sacn://1@192.0.2.1"));
  expect_nobody_listens_to({"osc", "dmx", "roomwire-osc"});
}

TEST_F(BridgeInRoom, LeavesNothingThereWhenItIsDestroyed) {
  start({{"osc", "[1]"}, {"dmx", "[1]"}, {"roomwire-osc", "[1]"}});
  ASSERT_TRUE(osc("127.0.0.1:0"));
  ASSERT_TRUE(dmx("sacn://1@127.0.0.1"));
  expect_nobody_listens_to({"osc", "dmx", "roomwire-osc"});
}

TEST_F(BridgeInRoom, EndsInAnyOrder) {
  start({});
  auto osc_bridge = osc("127.0.0.1:0");
  auto dmx_bridge = dmx("sacn://1@127.0.0.1");
  ASSERT_TRUE(osc_bridge && dmx_bridge);
  int ended = 0;
  const auto count = [&] {
    if (++ended == 3) context->stop();
  };
  (*dmx_bridge)->finish(count);
  (*osc_bridge)->finish(count);
  room.reset();
  (*osc_bridge)->peer_left(PeerId("zzzzGone"));
  (*dmx_bridge)->peer_left(PeerId("zzzzGone"));
  (*osc_bridge)->finish(count);
  context->run();
  EXPECT_EQ(ended, 3);
  (*osc_bridge)->finish(count);
  osc_bridge->reset();
  dmx_bridge->reset();
  context->post([this] { context->stop(); });
  context->run();
  EXPECT_EQ(ended, 3) << "told by one that is gone";
}

}  // namespace
}  // namespace roomwire::bridges
