// What a relay and we say to each other on one WebSocket, frame by frame. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "signal/names.hpp"

namespace roomwire::signal {

/// Longest frame that is read from a relay; a longer one is dropped unread. An offer is 5 to 20 KB.
inline constexpr std::size_t max_relay_frame_bytes = 256U << 10;

/// One message of the WebSocket.
struct RelayFrame {
  std::string bytes;
  bool is_text = true;  ///< And UTF-8 then.

  bool operator==(const RelayFrame&) const = default;
};

/// One relay's, for as long as there is the relay: connections come and go, topics stay.
class RelayProtocol {
 public:
  virtual ~RelayProtocol() = default;

  /// On a topic that is subscribed to.
  struct Payload {
    Topic topic;
    std::string bytes;
  };
  /// For people; as the relay wrote it.
  struct Notice {
    std::string text;
  };
  /// It does not take what we send, or closes our subscription: why, as the relay wrote it.
  struct Refused {
    std::string reason;
  };
  /// An announcement of ours came back.
  struct Echo {};
  struct Dropped {
    std::string_view reason;  ///< A constant.
  };
  /// A frame to send, and what was read.
  using Output = std::variant<RelayFrame, Payload, Notice, Refused, Echo, Dropped>;

  /// A new connection is open: subscribes to every topic.
  virtual void opened(Time now) = 0;
  virtual void closed() = 0;
  /// Subscribing twice is subscribing once. Without a connection it is kept for the next one.
  virtual void subscribe(Time now, const Topic& topic) = 0;
  virtual void unsubscribe(Time now, const Topic& topic) = 0;
  /// False when there is no connection, or when the relay asked us to slow down and we are
  /// subscribed to the topic ourselves: that is an announcement, which can wait.
  virtual bool publish(Time now, const Topic& topic, const std::string& payload) = 0;
  /// Of a connection that is open. `is_text`: as RelayFrame has it.
  virtual void receive(Time now, ByteView frame, bool is_text) = 0;

  virtual Deadline next_timeout() const = 0;
  virtual void handle_timeout(Time now) = 0;

  /// What the functions above want done and have read, in that order.
  std::vector<Output> take_outputs() { return std::exchange(outputs_, {}); }

 protected:
  void put(Output output) { outputs_.push_back(std::move(output)); }
  void send_text(std::string text) { put(RelayFrame{std::move(text)}); }

 private:
  std::vector<Output> outputs_;
};

}  // namespace roomwire::signal
