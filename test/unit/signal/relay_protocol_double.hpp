// The port of a relay protocol: what it sent, and what it said.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

struct RelayProtocolDouble : RelayProtocolPort {
  void send(std::string text) override { sent.push_back(std::move(text)); }
  void on_payload(const Topic& topic, std::string_view payload) override {
    payloads.emplace_back(topic, payload);
  }
  void on_notice(std::string_view text) override { notices.emplace_back(text); }
  void on_refused(std::string_view reason) override { refusals.emplace_back(reason); }
  void on_echo() override { ++echoes; }
  void on_dropped(std::string_view reason) override { dropped.emplace_back(reason); }

  /// The texts sent since the last call.
  std::vector<std::string> take() { return std::exchange(sent, {}); }

  std::vector<std::string> sent;
  std::vector<std::pair<Topic, std::string>> payloads;
  std::vector<std::string> notices;
  std::vector<std::string> refusals;
  std::size_t echoes = 0;
  std::vector<std::string> dropped;
};

}  // namespace roomwire::signal
