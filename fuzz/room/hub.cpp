// A hub between its user and two peers who send anything at any time.
#include "room/hub.hpp"

#include <cstdlib>
#include <map>

#include "base/bytes.hpp"
#include "room/chunk.hpp"
#include "room/frame.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::room;

const AppId app{"patchies"};
const RoomId rooms[] = {RoomId("one"), RoomId("two"), RoomId("three")};
const PeerId peers[] = {PeerId("A"), PeerId("Z")};
const char* const actions[] = {"x",      "file",   "@_leave",    "@_hsready", "@_hsdata",
                               "@_ping", "@_pong", "@_response", "@_signal",  "@_track"};

/// Checks that events come in an order that makes sense.
class Checker {
 public:
  void take(Hub& hub) {
    for (const Output& output : hub.take_outputs())
      std::visit([this](const auto& each) { look(each); }, output);
  }

  void look(const PeerJoined& it) { check(!std::exchange(active_[{it.room, it.peer}], true)); }
  void look(const PeerLeft& it) { check(std::exchange(active_[{it.room, it.peer}], false)); }
  void look(const MessageReceived& it) {
    check(active_[{it.room, it.peer}] && is_action_name(it.action) && size_of(it.payload) <= 4096);
  }
  void look(const ReceiveProgressed& it) {
    check(active_[{it.room, it.peer}] && it.fraction >= 0 && it.fraction <= 1);
  }
  void look(const Sent&) { ++sent; }
  void look(const Responded&) { ++responses; }
  void look(const Ponged&) { ++pongs; }
  void look(const RoomLeft& it) {
    for (const PeerId& peer : peers)
      active_[{it.room, peer}] = false;
  }
  template <class Other>
  void look(const Other&) {}

  static void check(bool holds) {
    if (!holds) std::abort();
  }

  std::size_t sent = 0;
  std::size_t responses = 0;
  std::size_t pongs = 0;

 private:
  std::map<std::pair<RoomId, PeerId>, bool> active_;
};

class Sink : public Outlet {
 public:
  bool send(ByteView frame) override {
    Checker::check(parse_frame(frame).has_value());
    buffered += frame.size();
    return true;
  }
  std::size_t buffered_amount() const override { return buffered; }
  std::size_t buffered = 0;
};

class Session {
 public:
  explicit Session(ByteView input)
      : input_(input), hub_({app, PeerId("M"), 4096, 8192, 4096}, entropy_) {}

  void run() {
    while (!input_.rest().empty() && !input_.failed()) {
      step(input_.u8());
      checker_.take(hub_);
    }
    for (const PeerId& peer : peers)
      hub_.link_down(now_, peer, "over");
    checker_.take(hub_);
    // Every promise is kept: nothing that was sent or asked stays without its end.
    Checker::check(checker_.sent == sends_ && checker_.responses == requests_ &&
                   checker_.pongs == pings_);
    Checker::check(!hub_.next_timeout() || *hub_.next_timeout() > now_ - 1h);
  }

 private:
  const RoomId& room() { return rooms[input_.u8() % std::size(rooms)]; }
  std::size_t peer_index() { return input_.u8() % std::size(peers); }

  void step(std::uint8_t op) {
    const std::size_t index = peer_index();
    const PeerId& peer = peers[index];
    switch (op % 16) {
      case 0: {
        const RoomId& id = room();
        if (!hub_.is_joined(id)) hub_.join(now_, {id, input_.u8() % 2 == 0 ? "" : "p"});
        break;
      }
      case 1:
        hub_.leave(now_, room(), std::chrono::milliseconds(input_.u8()));
        break;
      case 2:
        outlets_[index].buffered = 0;
        hub_.link_up(now_, peer, outlets_[index], room());
        break;
      case 3:
        hub_.link_down(now_, peer, "down");
        break;
      case 4:
        outlets_[index].buffered = 0;
        hub_.link_writable(now_, peer);
        break;
      case 5:
        now_ += std::chrono::milliseconds(input_.u8() * 50);
        hub_.handle_timeout(now_);
        break;
      case 6:
        hub_.handle_frame(now_, peer,
                          input_.take(std::min<std::size_t>(input_.u8(), input_.rest().size())));
        break;
      case 7:
        hub_.handle_frame(now_, peer,
                          presence_frame(room_token(app, room()), input_.u8() % 4 != 0));
        break;
      case 8:
        if (hub_.send(now_, room(), "x", Bytes(input_.u16() % 40'000), {})) ++sends_;
        break;
      case 9:
        if (hub_.request(now_, room(), peer, "x", "?", std::nullopt, 1s)) ++requests_;
        break;
      case 10:
        if (hub_.ping(now_, room(), peer)) ++pings_;
        break;
      case 11:
        hub_.attach(now_, room(), peer);
        break;
      case 12:
        hub_.respond(now_, room(), peer, "id", failure(ErrorKind::rejected, "no"));
        break;
      default:
        chunk_from(peer);
    }
  }

  void chunk_from(const PeerId& peer) {
    Bytes frame;
    append_data_header(room_token(app, room()), frame);
    Chunk chunk;
    chunk.action = actions[input_.u8() % std::size(actions)];
    const std::uint8_t bits = input_.u8();
    chunk.tag = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    chunk.nonce = bits >> 6;
    chunk.progress = input_.u8();
    const std::size_t size = std::min(std::size_t{8} * input_.u8(), input_.rest().size());
    chunk.payload = input_.take(size);
    append_chunk(chunk, frame);
    hub_.handle_frame(now_, peer, frame);
  }

  ByteReader input_;
  Time now_{};
  SeededEntropy entropy_{1};
  Checker checker_;
  Sink outlets_[2];
  Hub hub_;
  std::size_t sends_ = 0;
  std::size_t requests_ = 0;
  std::size_t pings_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Session({data, size}).run();
  return 0;
}
