// Hubs wired together in memory and virtual time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/encoding.hpp"
#include "room/chunk.hpp"
#include "room/frame.hpp"
#include "room/hub.hpp"

namespace roomwire::room {

inline const AppId test_app{"patchies"};
inline const RoomId stage{"stage"};
inline const RoomId foyer{"foyer"};

inline Json json(std::string_view text) {
  return Json::parse(text).value();
}

inline std::string to_text(const Payload& payload) {
  if (const auto* text = std::get_if<std::string>(&payload)) return "'" + *text + "'";
  if (const auto* value = std::get_if<Json>(&payload)) return value->text();
  return "0x" + to_hex(std::get<Bytes>(payload));
}

/// Writes down what a hub puts out.
class Notes {
 public:
  using Message = MessageReceived;

  void take(Hub& hub) {
    for (Output& output : hub.take_outputs())
      std::visit([this](auto& each) { note(each); }, output);
  }

  void note(const PeerJoined& it) {
    events.push_back("join " + it.room.str() + " " + it.peer.str());
  }
  void note(const PeerLeft& it) {
    events.push_back("leave " + it.room.str() + " " + it.peer.str() + ": " + it.reason);
  }
  void note(MessageReceived& it) {
    received[it.action].push_back(1);
    messages.push_back(std::move(it));
  }
  void note(const ReceiveProgressed& it) { received[it.action].push_back(it.fraction); }
  void note(const SendProgressed& it) { sending[it.send].push_back(it.fraction); }
  void note(const Sent& it) { sent.push_back(it.send); }
  void note(Responded& it) { responses.emplace_back(it.request, std::move(it.response)); }
  void note(Ponged& it) { pongs.emplace_back(it.ping, std::move(it.round_trip)); }
  void note(const WrongPassword& it) {
    events.push_back("wrong password " + it.room.str() + " " + it.peer.str());
  }
  void note(const SignalReceived& it) { signals.push_back(it.description.text()); }
  void note(const LinkIdle& it) { events.push_back("idle " + it.peer.str()); }
  void note(const LinkAbandoned& it) { events.push_back("abandoned " + it.peer.str()); }
  void note(const Undelivered& it) { events.push_back("undelivered " + it.peer.str()); }
  void note(const RoomLeft& it) { events.push_back("left " + it.room.str()); }
  void note(const FrameDropped& it) { drops.push_back(it.reason); }

  /// The events since the last call, one a line.
  std::string take_events() {
    std::string text;
    for (const std::string& event : std::exchange(events, {}))
      text += event + "\n";
    return text;
  }
  std::vector<std::string> take_texts() {
    std::vector<std::string> texts;
    for (const Message& message : std::exchange(messages, {})) {
      texts.push_back(message.action + " " + to_text(message.payload) +
                      (message.metadata ? " " + message.metadata->text() : ""));
    }
    return texts;
  }

  std::vector<std::string> events;
  std::vector<Message> messages;
  std::map<std::string, std::vector<double>> received;
  std::map<SendId, std::vector<double>> sending;
  std::vector<SendId> sent;
  std::vector<std::pair<RequestId, Result<Payload>>> responses;
  std::vector<std::pair<PingId, Result<Duration>>> pongs;
  std::vector<std::string> signals;
  std::vector<std::string> drops;
};

/// One direction of a connection: keeps frames until the test takes them.
class Pipe : public Outlet {
 public:
  bool send(ByteView frame) override {
    if (!open) return false;
    frames.emplace_back(frame.begin(), frame.end());
    buffered += frame.size();
    most_buffered = std::max(most_buffered, buffered);
    return true;
  }
  std::size_t buffered_amount() const override { return buffered; }

  Bytes take() {
    Bytes frame = std::move(frames.front());
    frames.pop_front();
    buffered -= frame.size();
    return frame;
  }

  std::deque<Bytes> frames;
  std::size_t buffered = 0;
  std::size_t most_buffered = 0;
  bool open = true;
};

struct Node {
  explicit Node(const std::string& name, HubOptions options = {}, std::uint64_t seed = 1)
      : id(name), entropy(seed), hub(with_names(std::move(options), id), entropy) {}

  /// With what the hub has put out so far.
  Notes& notes() {
    written.take(hub);
    return written;
  }

  static HubOptions with_names(HubOptions options, const PeerId& self) {
    options.app = test_app;
    options.self = self;
    return options;
  }

  PeerId id;
  SeededEntropy entropy;
  Hub hub;
  Notes written;
};

/// Two nodes and the connection between them. Frames move only in run() and advance().
class Pair {
 public:
  Pair(Node& first, Node& second) : a(first), b(second) {}

  void connect(const std::optional<RoomId>& met_in = stage) {
    a_to_b = Pipe();
    b_to_a = Pipe();
    a.hub.link_up(now, b.id, a_to_b, met_in);
    b.hub.link_up(now, a.id, b_to_a, met_in);
  }
  void join(const RoomId& room, const std::string& password_a = "",
            const std::string& password_b = "") {
    a.hub.join(now, {room, password_a});
    b.hub.join(now, {room, password_b});
  }

  /// Moves one frame each way; false when there was none.
  bool step() {
    const bool moved = move(a_to_b, a, b);
    return move(b_to_a, b, a) || moved;
  }
  void run() {
    while (step()) {
    }
  }
  /// Lets time pass and everything due happen in its order.
  void advance(Duration time) {
    const Time end = now + time;
    run();
    for (;;) {
      const Deadline next = earlier(a.hub.next_timeout(), b.hub.next_timeout());
      if (!next || *next > end) break;
      now = std::max(now, *next);
      a.hub.handle_timeout(now);
      b.hub.handle_timeout(now);
      run();
    }
    now = end;
  }

  Node& a;
  Node& b;
  Pipe a_to_b;
  Pipe b_to_a;
  Time now{};

 private:
  bool move(Pipe& pipe, Node& from, Node& to) {
    if (pipe.frames.empty()) return false;
    const bool was_over = pipe.buffered > Outlet::low_mark;
    const Bytes frame = pipe.take();
    to.hub.handle_frame(now, from.id, frame);
    if (was_over && pipe.buffered <= Outlet::low_mark) from.hub.link_writable(now, to.id);
    return true;
  }
};

/// Frames as a peer would write them.
inline Bytes presence(const RoomId& room, bool present) {
  return presence_frame(room_token(test_app, room), present);
}
inline Bytes data(const RoomId& room, const Chunk& chunk) {
  Bytes out;
  append_data_header(room_token(test_app, room), out);
  append_chunk(chunk, out);
  return out;
}
inline Bytes text_message(const RoomId& room, std::string_view action, std::string_view text,
                          std::uint16_t nonce = 0) {
  Chunk chunk;
  chunk.action = action;
  chunk.nonce = nonce;
  chunk.tag.last = true;
  chunk.progress = 255;
  chunk.payload = as_bytes(text);
  return data(room, chunk);
}

/// The actions of the data frames in a pipe, in order; presence as "+" and "-".
inline std::vector<std::string> actions_in(const Pipe& pipe) {
  std::vector<std::string> actions;
  for (const Bytes& bytes : pipe.frames) {
    const auto frame = parse_frame(bytes);
    if (!frame) {
      actions.emplace_back("?");
    } else if (frame->kind == Frame::Kind::presence) {
      actions.emplace_back(frame->present ? "+" : "-");
    } else {
      const auto chunk = parse_chunk(frame->chunk);
      actions.emplace_back(chunk ? chunk->action : "?");
    }
  }
  return actions;
}

}  // namespace roomwire::room
