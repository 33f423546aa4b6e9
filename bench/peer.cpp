// One end of the benchmark, native; bench/peer.mjs is the same with Trystero in Node.
//   bench_peer echo|drive|obey ROOM RELAY [MESSAGES]
// `echo` sends every message back to its sender. `drive` waits for the other, measures, prints
// one line of JSON and ends. `obey` sends or counts what a browser orders: bench/browser.mjs.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <roomwire/roomwire.hpp>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int warm_up = 200;
constexpr int round_trips = 2000;
/// The burst is fed as the network takes it, as a program that respects its queue would.
constexpr int batch = 1000;

double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

/// First one message at a time, then many at once.
class Driver {
 public:
  Driver(roomwire::Context& context, roomwire::Action action, int messages)
      : context_(context), action_(std::move(action)), messages_(messages) {
    action_.on_message([this](const roomwire::Message&) { on_echo(); });
  }

  void start() { send_one(); }

 private:
  void send_one() {
    sent_at_ = Clock::now();
    static_cast<void>(action_.send(text_));
  }

  void on_echo() {
    if (static_cast<int>(times_.size()) < warm_up + round_trips) {
      times_.push_back(microseconds(Clock::now() - sent_at_));
      if (static_cast<int>(times_.size()) < warm_up + round_trips) {
        send_one();
      } else {
        burst_began_ = Clock::now();
        send_batch();
      }
      return;
    }
    if (++echoes_ == messages_) finish();
  }

  void send_batch() {
    const int count = std::min(batch, messages_ - sent_);
    sent_ += count;
    for (int i = 0; i < count; ++i) {
      roomwire::SendOptions options;
      const bool last = i + 1 == count;
      if (last && sent_ < messages_) options.on_sent = [this] { send_batch(); };
      if (!action_.send(text_, std::move(options))) std::abort();
    }
  }

  void finish() {
    const double seconds = microseconds(Clock::now() - burst_began_) / 1e6;
    times_.erase(times_.begin(), times_.begin() + warm_up);
    std::sort(times_.begin(), times_.end());
    std::cout << "{\"p50\":" << times_[times_.size() / 2]
              << ",\"p99\":" << times_[times_.size() * 99 / 100]
              << ",\"rate\":" << messages_ / seconds << "}" << std::endl;
    context_.stop();
  }

  roomwire::Context& context_;
  roomwire::Action action_;
  int messages_;
  std::string text_ = std::string(80, 'x');
  std::vector<double> times_;
  Clock::time_point sent_at_;
  Clock::time_point burst_began_;
  int sent_ = 0;
  int echoes_ = 0;
};

/// `take COUNT`: says ready, and done when so many messages have come. `give COUNT SIZE`.
class Servant {
 public:
  explicit Servant(roomwire::Room& room)
      : order_(*room.action("order")), bulk_(*room.action("bulk")) {
    order_.on_message([this](const roomwire::Message& message) {
      if (const auto* text = std::get_if<std::string>(&message.payload)) obey(*text);
    });
    bulk_.on_message([this](const roomwire::Message&) {
      if (--awaited_ == 0) static_cast<void>(order_.send("done"));
    });
  }

 private:
  void obey(const std::string& text) {
    std::istringstream words(text);
    std::string what;
    int count = 0;
    std::size_t size = 0;
    words >> what >> count >> size;
    if (what == "take") {
      awaited_ = count;
      static_cast<void>(order_.send("ready"));
    } else {
      to_give_ = count;
      data_.assign(size, 0);
      give();
    }
  }

  void give() {
    const int count = std::min(batch, to_give_);
    to_give_ -= count;
    for (int i = 0; i < count; ++i) {
      roomwire::SendOptions options;
      if (i + 1 == count && to_give_ > 0) options.on_sent = [this] { give(); };
      if (!bulk_.send(data_, std::move(options))) std::abort();
    }
  }

  roomwire::Action order_;
  roomwire::Action bulk_;
  roomwire::Bytes data_;
  int awaited_ = 0;
  int to_give_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: bench_peer echo|drive|obey ROOM RELAY [MESSAGES]\n";
    return 2;
  }
  const std::string role = argv[1];
  roomwire::ContextOptions options;
  options.relays = {roomwire::RelayUrl::parse(argv[3]).value()};
  options.ice_servers.emplace();
  auto context = roomwire::Context::create(options);
  if (!context) {
    std::cerr << context.error().message << '\n';
    return 1;
  }
  roomwire::RoomOptions room_options;
  room_options.room = roomwire::RoomId(argv[2]);
  auto room = *(*context)->join(room_options);
  roomwire::Action action = *room->action("bench");
  const int messages = argc > 4 ? std::atoi(argv[4]) : 100'000;

  std::unique_ptr<Driver> driver;
  std::unique_ptr<Servant> servant;
  if (role == "obey") {
    servant = std::make_unique<Servant>(*room);
  } else if (role == "drive") {
    driver = std::make_unique<Driver>(**context, action, messages);
  } else {
    action.on_message([&action](roomwire::Message message) {
      roomwire::SendOptions to_sender;
      to_sender.to = {std::move(message.from)};
      if (!action.send(std::move(message.payload), std::move(to_sender))) std::abort();
    });
  }
  room->on_peer_join([&](const roomwire::PeerId&) {
    std::cout << "joined" << std::endl;
    if (driver) driver->start();
  });
  (*context)->run();
}
