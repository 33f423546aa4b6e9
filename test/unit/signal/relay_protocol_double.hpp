// What a relay protocol put out, sorted.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

class RelayProtocolDouble {
 public:
  explicit RelayProtocolDouble(RelayProtocol& protocol) : protocol_(protocol) {}

  /// The texts sent since the last call.
  std::vector<std::string> take() {
    read();
    return std::exchange(sent_, {});
  }
  std::vector<std::pair<Topic, std::string>>& payloads() { return read().payloads_; }
  std::vector<std::string>& notices() { return read().notices_; }
  std::vector<std::string>& refusals() { return read().refusals_; }
  std::size_t echoes() { return read().echoes_; }
  std::vector<std::string>& dropped() { return read().dropped_; }

 private:
  RelayProtocolDouble& read() {
    for (auto& output : protocol_.take_outputs())
      std::visit([this](auto& each) { note(each); }, output);
    return *this;
  }
  void note(RelayFrame& frame) {
    if (frame.is_text) sent_.push_back(std::move(frame.bytes));
  }
  void note(RelayProtocol::Payload& each) {
    payloads_.emplace_back(each.topic, std::move(each.bytes));
  }
  void note(RelayProtocol::Notice& each) { notices_.push_back(std::move(each.text)); }
  void note(RelayProtocol::Refused& each) { refusals_.push_back(std::move(each.reason)); }
  void note(RelayProtocol::Echo&) { ++echoes_; }
  void note(RelayProtocol::Dropped& each) { dropped_.emplace_back(each.reason); }

  RelayProtocol& protocol_;
  std::vector<std::string> sent_;
  std::vector<std::pair<Topic, std::string>> payloads_;
  std::vector<std::string> notices_;
  std::vector<std::string> refusals_;
  std::size_t echoes_ = 0;
  std::vector<std::string> dropped_;
};

/// What a relay says.
inline void hear(RelayProtocol& protocol, Time now, std::string_view text) {
  protocol.receive(now, as_bytes(text), true);
}

}  // namespace roomwire::signal
