// What a relay and we say to each other on one WebSocket, text by text. No I/O.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "signal/names.hpp"

namespace roomwire::signal {

/// Longest text that is read from a relay; a longer one is dropped unread. An offer is 5 to 20 KB.
inline constexpr std::size_t max_relay_text_bytes = 256U << 10;

/// Called from within the protocol's functions: do not call back into it.
class RelayProtocolPort {
 public:
  virtual ~RelayProtocolPort() = default;
  virtual void send(std::string text) = 0;
  /// On a topic that is subscribed to. `payload` is valid during the call only.
  virtual void on_payload(const Topic& topic, std::string_view payload) = 0;
  /// For people; as the relay wrote it.
  virtual void on_notice(std::string_view text) = 0;
  /// It does not take what we send, or closes our subscription: why, as the relay wrote it.
  virtual void on_refused(std::string_view reason) = 0;
  /// An announcement of ours came back.
  virtual void on_echo() = 0;
  virtual void on_dropped(std::string_view reason) = 0;
};

/// One relay's, for as long as there is the relay: connections come and go, topics stay.
class RelayProtocol {
 public:
  virtual ~RelayProtocol() = default;

  /// A new connection is open: subscribes to every topic.
  virtual void opened(Time now) = 0;
  virtual void closed() = 0;
  /// Subscribing twice is subscribing once. Without a connection it is kept for the next one.
  virtual void subscribe(Time now, const Topic& topic) = 0;
  virtual void unsubscribe(Time now, const Topic& topic) = 0;
  /// False when there is no connection, or when the relay asked us to slow down and we are
  /// subscribed to the topic ourselves: that is an announcement, which can wait.
  virtual bool publish(Time now, const Topic& topic, const std::string& payload) = 0;
  virtual void receive(Time now, std::string_view text) = 0;

  virtual Deadline next_timeout() const = 0;
  virtual void handle_timeout(Time now) = 0;
};

}  // namespace roomwire::signal
