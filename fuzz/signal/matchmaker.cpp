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

/// The owner of the connections.
class Owner {
 public:
  void settle(Time now, Matchmaker& matchmaker) {
    for (auto outputs = matchmaker.take_outputs(); !outputs.empty();
         outputs = matchmaker.take_outputs()) {
      for (auto& output : outputs)
        std::visit([&](auto& each) { apply(now, matchmaker, each); }, output);
    }
  }

  std::set<AttemptId> attempts;  ///< Open ones.
  std::optional<std::string> offer_id;
  bool full = false;

 private:
  void apply(Time, Matchmaker&, Matchmaker::Publish& each) {
    const auto message = parse_signal(each.payload);
    require(message.has_value());
    if (message->kind == Kind::offer) offer_id = message->offer_id;
  }
  void apply(Time now, Matchmaker& matchmaker, Matchmaker::BeginOffer& each) {
    if (full) return matchmaker.offer_made(now, each.attempt, failure(ErrorKind::limit, "full"));
    begin(each.attempt);
    matchmaker.offer_made(now, each.attempt, "sdp");
  }
  void apply(Time now, Matchmaker& matchmaker, Matchmaker::BeginAnswer& each) {
    if (full || each.offer == "bad") {
      return matchmaker.answer_made(now, each.attempt, failure(ErrorKind::invalid_input, "bad"));
    }
    begin(each.attempt);
    matchmaker.answer_made(now, each.attempt, "sdp");
  }
  void apply(Time now, Matchmaker& matchmaker, Matchmaker::TakeAnswer& each) {
    require(attempts.count(each.attempt) > 0);
    if (each.answer == "bad") {
      return matchmaker.answer_taken(now, each.attempt, failure(ErrorKind::invalid_input, "bad"));
    }
    matchmaker.answer_taken(now, each.attempt, {});
  }
  void apply(Time, Matchmaker&, Matchmaker::AddCandidate& each) {
    require(attempts.count(each.attempt) > 0);
  }
  void apply(Time, Matchmaker&, Matchmaker::Abandon& each) {
    require(attempts.erase(each.attempt) > 0);
  }
  template <class Other>
  void apply(Time, Matchmaker&, Other&) {}

  void begin(AttemptId attempt) {
    require(attempts.insert(attempt).second);
    require(attempts.size() <= 64);
  }
};

class Game {
 public:
  explicit Game(bool passive)
      : matchmaker_({AppId("app"), RoomId("room"), "", PeerId("m"), passive}, entropy_) {}

  void turn(ByteReader& input) {
    move(input);
    owner_.settle(now_, matchmaker_);
  }

 private:
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
        owner_.full = argument % 2 > 0;
        return matchmaker_.peer_sought(
            now_, peer(argument), argument % 4 > 1 ? Deadline(now_ + 1ms * argument) : Deadline());
      case 8:
        return matchmaker_.handle_signal(now_, relay(argument), topic(argument),
                                         as_text(input.take(input.u8())));
      default:
        return signal(argument, input.u8());
    }
  }

  static RelayId relay(std::uint8_t n) { return RelayId{n % 3U}; }
  static PeerId peer(std::uint8_t n) {
    return PeerId(std::string(1, static_cast<char>(' ' + n % 90)));
  }
  const Topic& topic(std::uint8_t n) const {
    return n % 2 > 0 ? matchmaker_.root_topic() : matchmaker_.self_topic();
  }
  AttemptId attempt(std::uint8_t n) const {
    auto found = owner_.attempts.begin();
    for (std::size_t i = 0; found != owner_.attempts.end() && i < n % 64U; ++i)
      ++found;
    return found == owner_.attempts.end() ? AttemptId{n} : *found;
  }

  void pass(Duration duration) {
    const Time end = now_ + duration;
    for (auto next = matchmaker_.next_timeout(); next && *next <= end;
         next = matchmaker_.next_timeout()) {
      now_ = std::max(now_, *next);
      matchmaker_.handle_timeout(now_);
      owner_.settle(now_, matchmaker_);
      require(!matchmaker_.next_timeout() || *matchmaker_.next_timeout() > now_);
    }
    now_ = end;
  }
  void close(std::uint8_t n) {
    const AttemptId id = attempt(n);
    owner_.attempts.erase(id);
    matchmaker_.attempt_closed(now_, id);
  }
  void connect(std::uint8_t n) {
    // Which attempts were the peer's is not kept here: all are forgotten, as if they had failed.
    const auto open = owner_.attempts;
    for (const AttemptId id : open) {
      owner_.attempts.erase(id);
      matchmaker_.attempt_closed(now_, id);
    }
    matchmaker_.peer_connected(now_, peer(n));
  }
  void lose(std::uint8_t n) { matchmaker_.peer_lost(now_, peer(n)); }
  void signal(std::uint8_t who, std::uint8_t what) {
    SignalMessage message;
    message.from = peer(who);
    message.kind = static_cast<Kind>(what % 4);
    message.passive = what / 4 % 8 == 1;
    if (message.kind != Kind::announcement) {
      message.body =
          cipher_.encrypt(what / 32 == 1 ? "bad" : "good" + std::to_string(what), entropy_);
      message.offer_id = std::to_string(what % 8);
      if (message.kind == Kind::answer && what / 64 > 0) message.offer_id = owner_.offer_id;
    }
    matchmaker_.handle_signal(now_, relay(what), topic(what), to_json(message));
  }

  SeededEntropy entropy_{1};
  Owner owner_;
  Matchmaker matchmaker_;
  SignalCipher cipher_{"", AppId("app"), RoomId("room")};
  Time now_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input({data, size});
  Game game(input.u8() % 4 == 0);
  while (!input.rest().empty() && !input.failed())
    game.turn(input);
  return 0;
}
