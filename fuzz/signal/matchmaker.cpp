// A matchmaker among peers, relays and connections that do whatever they like, holders of the
// room's password included: its attempts stay bounded and accounted for, its timeouts are handled.
#include "signal/matchmaker.hpp"

#include <cstdlib>
#include <set>

#include "base/bytes.hpp"
#include "signal/signal_message.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::signal;
using Kind = SignalMessage::Kind;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Port : MatchmakerPort {
  bool publish(Time, RelayId, const Topic&, const std::string& payload) override {
    const auto message = parse_signal(payload);
    require(message.has_value());
    if (message->kind == Kind::offer) offer_id = message->offer_id;
    return !deaf;
  }
  bool is_connected(const PeerId& peer) const override { return connected.count(peer) > 0; }
  bool is_connecting_elsewhere(const PeerId&) const override { return elsewhere; }
  Attempt begin_offer(Time, const PeerId&) override { return begin(); }
  Result<Attempt> begin_answer(Time, const PeerId&, std::string_view offer) override {
    if (offer == "bad") return failure(ErrorKind::invalid_input, "bad");
    return begin();
  }
  Result<void> accept_answer(Time, AttemptId attempt, std::string_view) override {
    require(attempts.count(attempt) > 0);
    return {};
  }
  void add_candidate(Time, AttemptId attempt, std::string_view) override {
    require(attempts.count(attempt) > 0);
  }
  void abandon(Time, AttemptId attempt) override { require(attempts.erase(attempt) > 0); }
  void on_peer_heard(const PeerId&) override {}
  void on_doubt(const PeerId&) override {}
  void on_deaf(const PeerId&) override {}
  void on_wrong_password(const PeerId&) override {}
  void on_signal_dropped(RelayId, const std::string&) override {}

  Attempt begin() {
    const AttemptId id{++last};
    attempts.insert(id);
    require(attempts.size() <= 64);
    return {id, "sdp"};
  }

  std::set<AttemptId> attempts;  ///< Open ones.
  std::set<PeerId> connected;
  std::optional<std::string> offer_id;
  bool deaf = false;
  bool elsewhere = false;
  std::uint64_t last = 0;
};

class Game {
 public:
  explicit Game(bool passive)
      : matchmaker_({AppId("app"), RoomId("room"), "", PeerId("m"), passive}, port_, entropy_) {}

  void move(ByteReader& input) {
    const std::uint8_t action = input.u8();
    const std::uint8_t argument = input.u8();
    switch (action % 10) {
      case 0:
        return pass(1ms * (1U << argument % 18));
      case 1:
        return matchmaker_.relay_ready(now_, relay(argument));
      case 2:
        return matchmaker_.relay_lost(now_, relay(argument));
      case 3:
        return close(argument);
      case 4:
        return connect(argument);
      case 5:
        return lose(argument);
      case 6:
        return matchmaker_.local_candidate(now_, attempt(argument), "candidate");
      case 7:
        port_.deaf = argument % 2 > 0;
        port_.elsewhere = argument % 4 > 1;
        return;
      case 8:
        return matchmaker_.handle_signal(now_, relay(argument), topic(argument),
                                         as_text(input.take(input.u8())));
      default:
        return signal(argument, input.u8());
    }
  }

 private:
  static RelayId relay(std::uint8_t n) { return RelayId{n % 3U}; }
  static PeerId peer(std::uint8_t n) {
    return PeerId(std::string(1, static_cast<char>(' ' + n % 90)));
  }
  const Topic& topic(std::uint8_t n) const {
    return n % 2 > 0 ? matchmaker_.root_topic() : matchmaker_.self_topic();
  }
  AttemptId attempt(std::uint8_t n) const {
    auto found = port_.attempts.begin();
    for (std::size_t i = 0; found != port_.attempts.end() && i < n % 64U; ++i)
      ++found;
    return found == port_.attempts.end() ? AttemptId{n} : *found;
  }

  void pass(Duration duration) {
    const Time end = now_ + duration;
    for (auto next = matchmaker_.next_timeout(); next && *next <= end;
         next = matchmaker_.next_timeout()) {
      now_ = std::max(now_, *next);
      matchmaker_.handle_timeout(now_);
      require(!matchmaker_.next_timeout() || *matchmaker_.next_timeout() > now_);
    }
    now_ = end;
  }
  void close(std::uint8_t n) {
    const AttemptId id = attempt(n);
    port_.attempts.erase(id);
    matchmaker_.attempt_closed(now_, id);
  }
  void connect(std::uint8_t n) {
    // Which attempts were the peer's is not kept here: all are forgotten, as if they had failed.
    const auto open = port_.attempts;
    for (const AttemptId id : open) {
      port_.attempts.erase(id);
      matchmaker_.attempt_closed(now_, id);
    }
    port_.connected.insert(peer(n));
    matchmaker_.peer_connected(now_, peer(n));
  }
  void lose(std::uint8_t n) {
    port_.connected.erase(peer(n));
    matchmaker_.peer_lost(now_, peer(n));
  }
  void signal(std::uint8_t who, std::uint8_t what) {
    SignalMessage message;
    message.from = peer(who);
    message.kind = static_cast<Kind>(what % 4);
    message.passive = what / 4 % 8 == 1;
    if (message.kind != Kind::announcement) {
      message.body =
          cipher_.encrypt(what / 32 == 1 ? "bad" : "good" + std::to_string(what), entropy_);
      message.offer_id = std::to_string(what % 8);
      if (message.kind == Kind::answer && what / 64 > 0) message.offer_id = port_.offer_id;
    }
    matchmaker_.handle_signal(now_, relay(what), topic(what), to_json(message));
  }

  SeededEntropy entropy_{1};
  Port port_;
  Matchmaker matchmaker_;
  SignalCipher cipher_{"", AppId("app"), RoomId("room")};
  Time now_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input({data, size});
  Game game(input.u8() % 4 == 0);
  while (!input.rest().empty() && !input.failed())
    game.move(input);
  return 0;
}
