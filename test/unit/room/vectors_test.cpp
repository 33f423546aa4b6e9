// Captured traffic of Trystero 0.23.0 and 0.25.4 (test/vectors/README.md), replayed.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "room/handshake.hpp"
#include "room/hub_world.hpp"

namespace roomwire::room {
namespace {

struct Capture {
  explicit Capture(const std::string& name) {
    std::ifstream file(std::string(VECTOR_DIR) + "/" + name + ".json");
    std::stringstream text;
    text << file.rdbuf();
    root = boost::json::parse(text.str()).as_object();
    const auto text_at = [&](const char* key) {
      const auto& value = root.at(key);
      return value.is_string() ? std::string(value.as_string()) : std::string();
    };
    app = AppId(text_at("appId"));
    room = RoomId(text_at("room"));
    self = PeerId(text_at("selfId"));
    peer = PeerId(text_at("peer"));
    password = text_at("password");
    for (const auto& entry : root.at("traffic").as_array()) {
      const auto& message = entry.as_object();
      if (message.at("kind").as_string() != "channel") continue;
      const Bytes frame = from_hex(std::string(message.at("data").as_string())).value();
      (message.at("dir").as_string() == "in" ? in : out).push_back(frame);
    }
  }

  boost::json::object root;
  AppId app;
  RoomId room;
  PeerId self;
  PeerId peer;
  std::string password;
  std::vector<Bytes> in;
  std::vector<Bytes> out;
};

/// A hub in the place of the Trystero peer that made the capture.
struct Replay {
  explicit Replay(const Capture& from) : capture(from), hub({from.app, from.self}, entropy) {
    hub.join({}, {from.room, from.password});
    hub.link_up({}, from.peer, pipe, from.room);
  }

  Notes& notes() {
    written.take(hub);
    return written;
  }

  const Capture& capture;
  SeededEntropy entropy{1};
  Pipe pipe;
  Hub hub;
  Notes written;
};

/// As JavaScript writes it: the library writes 0.5 as 5E-1.
std::string to_json(const boost::json::value& value) {
  std::string text;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      text += text.empty() ? "" : ",";
      text +=
          boost::json::serialize(boost::json::value(member.key())) + ":" + to_json(member.value());
    }
    return "{" + text + "}";
  }
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array)
      text += (text.empty() ? "" : ",") + to_json(element);
    return "[" + text + "]";
  }
  if (!value.is_double()) return boost::json::serialize(value);
  std::ostringstream number;
  number << value.get_double();
  return number.str();
}

/// A delivered value as a payload; objects with `hex` stand for bytes.
Payload payload_of(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  const auto* object = value.if_object();
  if (object != nullptr && object->contains("hex")) {
    return from_hex(std::string(object->at("hex").as_string())).value();
  }
  return json(to_json(value));
}

std::optional<Json> metadata_of(const boost::json::object& delivered) {
  const auto* metadata = delivered.if_contains("metadata");
  if (metadata == nullptr) return std::nullopt;
  return json(to_json(*metadata));
}

/// In hex, as a failure shows them.
std::vector<std::string> hex_of(const auto& frames) {
  std::vector<std::string> hex;
  for (const Bytes& frame : frames)
    hex.push_back(to_hex(frame));
  return hex;
}

class Listening : public testing::TestWithParam<const char*> {};

TEST_P(Listening, DeliversWhatTrysteroDeliveredAndAnswersTheSame) {
  const Capture capture(GetParam());
  Replay replay(capture);
  for (const Bytes& frame : capture.in)
    replay.hub.handle_frame({}, capture.peer, frame);

  const auto& delivered = capture.root.at("delivered").as_array();
  ASSERT_EQ(replay.notes().messages.size(), delivered.size());
  for (std::size_t i = 0; i < delivered.size(); ++i) {
    const auto& expected = delivered[i].as_object();
    const Notes::Message& got = replay.notes().messages[i];
    EXPECT_EQ(got.action, std::string(expected.at("action").as_string()));
    EXPECT_EQ(got.payload, payload_of(expected.at("value"))) << i;
    EXPECT_EQ(got.metadata, metadata_of(expected)) << i;
  }
  EXPECT_EQ(replay.notes().take_events(), "join " + capture.room.str() + " " + capture.peer.str() +
                                              "\nleave " + capture.room.str() + " " +
                                              capture.peer.str() + ": left the room\n");
  EXPECT_TRUE(replay.notes().drops.empty());
  EXPECT_EQ(hex_of(replay.pipe.frames), hex_of(capture.out));
}

INSTANTIATE_TEST_SUITE_P(Captures, Listening,
                         testing::Values("23-listen", "25-listen", "25-pw-listen"),
                         [](const auto& capture) {
                           std::string name = capture.param;
                           std::erase(name, '-');
                           return name;
                         });

class Speaking : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Speaking, WritesTheBytesThatTrysteroWrote) {
  const Capture capture(GetParam().first);
  const Capture listener(GetParam().second);
  Replay replay(capture);
  for (std::size_t i = 0; i < 2; ++i)  // Presence and handshake; a pong follows.
    replay.hub.handle_frame({}, capture.peer, capture.in.at(i));
  for (const auto& entry : listener.root.at("delivered").as_array()) {
    const auto& message = entry.as_object();
    HubSendOptions options;
    options.metadata = metadata_of(message);
    ASSERT_TRUE(replay.hub.send({}, capture.room, std::string(message.at("action").as_string()),
                                payload_of(message.at("value")), options));
    replay.pipe.buffered = 0;
    replay.hub.link_writable({}, capture.peer);
  }
  ASSERT_TRUE(replay.hub.ping({}, capture.room, capture.peer));
  replay.hub.handle_frame(Time(3ms), capture.peer, capture.in.at(2));
  ASSERT_EQ(replay.notes().pongs.size(), 1U);
  EXPECT_EQ(replay.notes().pongs[0].second, Result<Duration>(3ms));
  replay.hub.leave(Time(5ms), capture.room, 0s);
  replay.hub.handle_timeout(Time(104ms));
  EXPECT_EQ(hex_of(replay.pipe.frames), hex_of(capture.out));
}

INSTANTIATE_TEST_SUITE_P(Captures, Speaking,
                         testing::Values(std::pair("23-speak", "23-listen"),
                                         std::pair("25-speak", "25-listen")),
                         [](const auto& capture) {
                           return std::string(capture.param.first).substr(0, 2);
                         });

TEST(CapturedHandshake, ChallengerTakesTheResponseOfTrystero) {
  const Capture capture("25-pw-speak");
  const auto data_of = [](const Bytes& frame) {
    return json(as_text(parse_chunk(parse_frame(frame)->chunk)->payload));
  };
  const Json challenge = data_of(capture.out.at(1));
  const Json response = data_of(capture.in.at(1));
  const auto text = boost::json::parse(challenge.text()).as_object().at("c").as_string();
  Handshake handshake({capture.app, capture.room, capture.password, true, std::string(text)});
  EXPECT_EQ(handshake.start().data, challenge);
  EXPECT_TRUE(handshake.receive_data(response).ready);
}

}  // namespace
}  // namespace roomwire::room
