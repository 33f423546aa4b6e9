#include <gtest/gtest.h>

#include <bridges/dmx/dmx_url.hpp>

namespace roomwire::bridges {
namespace {

using enum sockets::SocketRole;

struct Good {
  std::string text;
  sockets::SocketRole role;
  std::string universe;
  std::string socket;
};

TEST(DmxUrl, ReadsWhatPeopleWrite) {
  const std::vector<Good> table{
      {"artnet://192.168.1.50/0.0.1", destination, "Art-Net 0.0.1", "192.168.1.50:6454"},
      {"artnet://node.local:7000/300", destination, "Art-Net 1.2.12", "node.local:7000"},
      {"artnet://[::1]:7000/0", destination, "Art-Net 0.0.0", "[::1]:7000"},
      {"artnet://[::1]/0", destination, "Art-Net 0.0.0", "[::1]:6454"},
      {"artnet://broadcast/0", destination, "Art-Net 0.0.0", "255.255.255.255:6454"},
      {"artnet://broadcast:7000/0?interface=lo", destination, "Art-Net 0.0.0",
       "255.255.255.255:7000?interface=lo"},
      {"artnet://broadcaster/0", destination, "Art-Net 0.0.0", "broadcaster:6454"},
      {"sacn://1", destination, "sACN 1", "239.255.0.1:5568"},
      {"sacn://258?interface=eth0", destination, "sACN 258", "239.255.1.2:5568?interface=eth0"},
      {"sacn://1@192.168.1.50", destination, "sACN 1", "192.168.1.50:5568"},
      {"sacn://1@node:7000", destination, "sACN 1", "node:7000"},
      {"artnet://0.0.1", listener, "Art-Net 0.0.1", "0.0.0.0:6454"},
      {"artnet://0.0.1@127.0.0.1:0", listener, "Art-Net 0.0.1", "127.0.0.1:0"},
      {"sacn://5", listener, "sACN 5", "239.255.0.5:5568"},
      {"sacn://5?interface=eth0", listener, "sACN 5", "239.255.0.5:5568?interface=eth0"},
      {"sacn://5@127.0.0.1", listener, "sACN 5", "127.0.0.1:5568"},
  };
  for (const Good& good : table) {
    const auto url = DmxUrl::parse(good.text, good.role);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->universe_text(), good.universe) << good.text;
    EXPECT_EQ(url->socket.text(), good.socket) << good.text;
  }
}

TEST(DmxUrl, SaysWhatToWriteInstead) {
  struct Bad {
    std::string text;
    sockets::SocketRole role;
    std::string remedy;
  };
  const std::vector<Bad> table{
      {"", destination, "begin with artnet:// or sacn://"},
      {"1.2.3.4", destination, "begin with artnet:// or sacn://"},
      {"artnet://1.2.3.4", destination, "write artnet://HOST/0.0.1"},
      {"artnet:///0", destination, "write artnet://HOST/0.0.1"},
      {"artnet://1.2.3.4:0/0", destination, "HOST:PORT"},
      {"artnet://1.2.3.4/0?ttl=3", destination, "?interface=NAME"},
      {"artnet://1.2.3.4/0?interface=lo", destination, "multicast and broadcast"},
      {"artnet://1.2.3.4/32768", destination, "32768"},
      {"sacn://0", destination, "0"},
      {"sacn://1@", destination, "HOST"},
      {"sacn://1@a/b", destination, "HOST"},
      {"artnet://0.0.1@desk.local", listener, "of this machine"},
      {"sacn://5@127.0.0.1?interface=lo", listener, "multicast and broadcast"},
  };
  for (const Bad& bad : table) {
    const auto url = DmxUrl::parse(bad.text, bad.role);
    ASSERT_FALSE(url) << bad.text;
    EXPECT_EQ(url.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(url.error().message.find("'" + bad.text + "'"), std::string::npos)
        << url.error().message;
    EXPECT_NE(url.error().message.find(bad.remedy), std::string::npos) << url.error().message;
  }
}

}  // namespace
}  // namespace roomwire::bridges
