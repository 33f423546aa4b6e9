// A relay that sends the lines of the input to one of our relay protocols.
#pragma once

#include <cstdlib>
#include <string>

#include "base/bytes.hpp"
#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

inline const Topic fuzzed_topic("topic");

inline void check_outputs(RelayProtocol& protocol) {
  for (const RelayProtocol::Output& output : protocol.take_outputs()) {
    const auto* payload = std::get_if<RelayProtocol::Payload>(&output);
    if (payload != nullptr && payload->topic != fuzzed_topic) std::abort();
  }
}

struct FuzzedDate : WallClock {
  std::int64_t unix_seconds() override { return 1'700'000'000; }
};

inline void play(RelayProtocol& protocol, std::string_view input) {
  Time now{};
  protocol.subscribe(now, fuzzed_topic);
  protocol.opened(now);
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    protocol.receive(now, as_bytes(input.substr(0, end)), input.size() % 16 > 0);
    input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
    now += 7s;
    protocol.handle_timeout(now);
    if (protocol.next_timeout() && *protocol.next_timeout() <= now) std::abort();
    static_cast<void>(protocol.publish(now, fuzzed_topic, "{}"));
    check_outputs(protocol);
  }
}

}  // namespace roomwire::signal
