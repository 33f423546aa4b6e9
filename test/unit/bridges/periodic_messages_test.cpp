#include <gtest/gtest.h>

#include <bridges/osc/periodic_messages.hpp>
#include <osc/codec.hpp>

#include "net/run_until.hpp"

namespace roomwire::bridges {
namespace {

TEST(PeriodicMessage, IsReadAsItIsWritten) {
  const auto plain = PeriodicMessage::parse("9s=/xremote");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->interval, 9s);
  EXPECT_EQ(plain->message, (osc::Message{"/xremote", {}}));

  const auto full = PeriodicMessage::parse("0.5s=/subscribe  /ch/01/mix/fader 1 -0.5 nan ");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->interval, 500ms);
  EXPECT_EQ(full->message, (osc::Message{"/subscribe",
                                         {std::string("/ch/01/mix/fader"), std::int32_t{1}, -0.5F,
                                          std::string("nan")}}));
  EXPECT_EQ(PeriodicMessage::parse("100ms=/a")->interval, 100ms);
  EXPECT_EQ(PeriodicMessage::parse("60min=/a=b")->message.address, "/a=b");
}

TEST(PeriodicMessage, SaysWhatToWrite) {
  const std::string how = ": write how often and what, as 9s=/xremote; from 100ms to 60min";
  for (const std::string text :
       {"", "/xremote", "9=/xremote", "s=/a", "-1s=/a", "99ms=/a", "61min=/a", "1e9s=/a", "nans=/a",
        "99999999999999999999s=/a", "9 s=/a", "9s"}) {
    const auto read = PeriodicMessage::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().message, "'" + text + "'" + how);
  }
  EXPECT_EQ(PeriodicMessage::parse("9s= ").error().message,
            "'9s= ': the OSC address is missing: write 9s=/xremote");
}

TEST(PeriodicMessages, GoAtOnceAndThenInTheirInterval) {
  net::Loop loop;
  std::vector<std::string> sent;
  const auto note = [&](const osc::Message& message, ByteView packet) {
    EXPECT_EQ(osc::decode(packet).packet, osc::Packet(message));
    sent.push_back(message.address);
  };
  PeriodicMessages messages(loop, {{1h, {"/rare", {}}}, {1ms, {"/often", {}}}}, note);
  messages.start();
  EXPECT_EQ(sent, (std::vector<std::string>{"/rare", "/often"}));
  EXPECT_TRUE(net::run_until(loop, [&] { return sent.size() == 5; }));
  EXPECT_EQ(std::count(sent.begin(), sent.end(), "/often"), 4);
  sent.clear();
  messages.repeat(note);
  EXPECT_EQ(sent, (std::vector<std::string>{"/rare", "/often"}));
}

}  // namespace
}  // namespace roomwire::bridges
