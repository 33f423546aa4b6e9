#include <gtest/gtest.h>

#include <sockets/socket_url.hpp>

namespace roomwire::sockets {
namespace {

using enum SocketRole;

struct Good {
  std::string text;
  SocketRole role;
  SocketUrl url;
  std::string again;  // when text() is not the text
};

TEST(SocketUrl, ReadsWhatPeopleWrite) {
  const auto udp = Transport::udp;
  const auto tcp = Transport::tcp;
  const auto size = osc::Framing::size_prefix;
  const auto slip = osc::Framing::slip;
  const std::vector<Good> table{
      {"127.0.0.1:57120", destination, {udp, "127.0.0.1", 57120}, ""},
      {"studio.local:9000", destination, {udp, "studio.local", 9000}, ""},
      {"[::1]:9000", destination, {udp, "::1", 9000}, ""},
      {"[fe80::1%eth0]:9000", destination, {udp, "fe80::1%eth0", 9000}, ""},
      {"osc.udp://127.0.0.1:57120/", destination, {udp, "127.0.0.1", 57120}, "127.0.0.1:57120"},
      {"osc.udp://[::1]:9000", destination, {udp, "::1", 9000}, "[::1]:9000"},
      {"osc.tcp://host:7000/", destination, {tcp, "host", 7000}, ""},
      {"osc.tcp://host:7000", destination, {tcp, "host", 7000}, "osc.tcp://host:7000/"},
      {"osc.tcp://host:7000/?framing=slip", destination, {tcp, "host", 7000, slip}, ""},
      {"osc.tcp://h:7?framing=size", destination, {tcp, "h", 7, size}, "osc.tcp://h:7/"},
      {"239.1.2.3:9000", destination, {udp, "239.1.2.3", 9000}, ""},
      {"239.1.2.3:9000?interface=eth0&ttl=4",
       destination,
       {udp, "239.1.2.3", 9000, size, "eth0", 4},
       ""},
      {"[ff02::1]:9000?interface=lo", destination, {udp, "ff02::1", 9000, size, "lo"}, ""},
      {"255.255.255.255:9000?interface=lo",
       destination,
       {udp, "255.255.255.255", 9000, size, "lo"},
       ""},
      {"9000", listener, {udp, "", 9000}, ""},
      {":9000", listener, {udp, "", 9000}, "9000"},
      {"0", listener, {udp, "", 0}, ""},
      {"osc.udp://:9000/", listener, {udp, "", 9000}, "9000"},
      {"osc.tcp://:9000/", listener, {tcp, "", 9000}, "osc.tcp://9000/"},
      {"osc.tcp://9000", listener, {tcp, "", 9000}, "osc.tcp://9000/"},
      {"localhost:9000", listener, {udp, "localhost", 9000}, ""},
      {"0.0.0.0:9000", listener, {udp, "0.0.0.0", 9000}, ""},
      {"239.1.2.3:9000?interface=192.0.2.1",
       listener,
       {udp, "239.1.2.3", 9000, size, "192.0.2.1"},
       ""},
  };
  for (const Good& good : table) {
    const auto url = SocketUrl::parse(good.text, good.role);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(*url, good.url) << good.text;
    EXPECT_EQ(url->text(), good.again.empty() ? good.text : good.again);
    EXPECT_EQ(SocketUrl::parse(url->text(), good.role), *url) << url->text();
  }
}

TEST(SocketUrl, SaysWhatToWriteInstead) {
  struct Bad {
    std::string text;
    SocketRole role;
    std::string line;
  };
  const std::string to = "OSC destination ";
  const std::string at = "OSC listener ";
  const std::string port = "the port must be a number from 1 to 65535";
  const std::string bracket = "write an IPv6 address as [::1]:9000";
  const std::vector<Bad> table{
      {"", destination, to + "'': " + port},
      {"9000", destination, to + "'9000': the host is missing: write 127.0.0.1:9000"},
      {"host", destination, to + "'host': the port is missing: write host:9000"},
      {"host:", destination, to + "'host:': " + port},
      {"host:0", destination, to + "'host:0': " + port},
      {"host:65536", destination, to + "'host:65536': " + port},
      {"host:-1", destination, to + "'host:-1': " + port},
      {"::1:9000", destination, to + "'::1:9000': " + bracket},
      {"[::1]", destination, to + "'[::1]': " + bracket},
      {"[host]:9", destination, to + "'[host]:9': only an IPv6 address goes into [ ]"},
      {"a b:9", destination, to + "'a b:9': that is not a host name"},
      {"0.0.0.0:9", destination, to + "'0.0.0.0:9': nothing can be sent to that address"},
      {"http://h:9", destination, to + "'http://h:9': use osc.udp:// or osc.tcp://"},
      {"osc.unix:///x", destination, to + "'osc.unix:///x': use osc.udp:// or osc.tcp://"},
      {"h:9/synth", destination,
       to + "'h:9/synth': leave out what follows the port: each message has its own OSC address"},
      {"h:9?ttl=2", destination, to + "'h:9?ttl=2': ttl is for multicast destinations"},
      {"h:9?x=2", destination, to + "'h:9?x=2': the options are framing, interface and ttl"},
      {"239.0.0.1:9?ttl=256", destination,
       to + "'239.0.0.1:9?ttl=256': ttl is a number from 0 to 255"},
      {"h:9?interface=lo", destination,
       to + "'h:9?interface=lo': interface is for multicast groups"},
      {"239.0.0.1:9?interface=", destination,
       to + "'239.0.0.1:9?interface=': interface is a name such as eth0, or an address"},
      {"h:9?framing=slip", destination,
       to + "'h:9?framing=slip': framing is for TCP destinations (listeners find out by "
            "themselves)"},
      {"osc.tcp://h:9?framing=x", destination,
       to + "'osc.tcp://h:9?framing=x': framing is size or slip"},
      {"[fe80::1]:9000", destination,
       to + "'[fe80::1]:9000': the interface is missing, as the address is one on each: write "
            "[fe80::1%eth0]:9000"},
      {"[fe80::1]:9000", listener,
       at + "'[fe80::1]:9000': the interface is missing, as the address is one on each: write its "
            "number, which `ip link` shows, as [fe80::1%2]:9000"},
      {"osc.tcp://239.0.0.1:9", destination,
       to + "'osc.tcp://239.0.0.1:9': a multicast group has no TCP: use osc.udp://"},
      {"studio.local:9000", listener,
       at + "'studio.local:9000': listen on a port, or on an address of this machine, not on a "
            "name"},
      {"osc.tcp://9?framing=slip", listener,
       at + "'osc.tcp://9?framing=slip': framing is for TCP destinations (listeners find out by "
            "themselves)"},
      {"239.0.0.1:9?ttl=2", listener,
       at + "'239.0.0.1:9?ttl=2': ttl is for multicast destinations"},
      {"abc", listener, at + "'abc': the port is missing: write host:9000"},
  };
  for (const Bad& bad : table) {
    const auto url = SocketUrl::parse(bad.text, bad.role);
    ASSERT_FALSE(url) << bad.text;
    EXPECT_EQ(url.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(url.error().message, bad.line);
  }
}

TEST(SocketUrl, SurvivesAnything) {
  for (const std::string& text :
       {std::string(100'000, '['), std::string(100'000, ':'), std::string(100'000, '?'),
        std::string("\0:9", 3), std::string("h:9?") + std::string(100'000, '&')}) {
    for (const SocketRole role : {destination, listener})
      static_cast<void>(SocketUrl::parse(text, role));
  }
}

}  // namespace
}  // namespace roomwire::sockets
