// Trystero's own WebSocket relay (@trystero-p2p/ws-relay: index, server).
#pragma once

#include <optional>
#include <set>
#include <string>

#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

/// Knows no refusals: a relay of this kind that has enough of a client closes the connection.
class WsRelayProtocol final : public RelayProtocol {
 public:
  void opened(Time now) override;
  void closed() override { open_ = false; }
  void subscribe(Time now, const Topic& topic) override;
  void unsubscribe(Time now, const Topic& topic) override;
  bool publish(Time now, const Topic& topic, const std::string& payload) override;
  void receive(Time now, ByteView frame, bool is_text) override;
  Deadline next_timeout() const override { return std::nullopt; }
  void handle_timeout(Time) override {}

 private:
  std::set<Topic> topics_;
  std::optional<std::string> last_announcement_;
  bool open_ = false;
};

}  // namespace roomwire::signal
