// Messages that desks want to hear again and again, such as /xremote: some forget who does not ask.
#pragma once

#include <base/time.hpp>
#include <functional>
#include <memory>
#include <net/loop.hpp>
#include <osc/message.hpp>
#include <roomwire/error.hpp>
#include <roomwire/payload.hpp>
#include <string_view>
#include <vector>

namespace roomwire::bridges {

struct PeriodicMessage {
  Duration interval{};
  osc::Message message;

  /// `9s=/xremote` or `500ms=/subscribe /ch/01/mix/fader 1`: 100 ms to an hour, in ms, s or min.
  /// Of the words behind the address whole numbers are `i`, other numbers `f`, the rest strings.
  /// Fails with invalid_input, in a line that says what to write.
  static Result<PeriodicMessage> parse(std::string_view text);
};

class PeriodicMessages {
 public:
  /// `packet` is the message in bytes.
  using Send = std::function<void(const osc::Message& message, ByteView packet)>;

  PeriodicMessages(net::Loop& loop, std::vector<PeriodicMessage> messages, Send send);

  /// Each now, and then in its interval.
  void start();
  /// Each once, by another way and out of turn.
  void repeat(const Send& send) const;

 private:
  struct Entry {
    PeriodicMessage what;
    Bytes packet;
    std::unique_ptr<net::Timer> timer;
  };
  void send(Entry& entry);

  net::Loop& loop_;
  Send send_;
  std::vector<Entry> entries_;
};

}  // namespace roomwire::bridges
