// The relays of a peer: joined, kept, spoken to in their own protocol. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/relay_url.hpp"
#include "signal/names.hpp"

namespace roomwire::signal {

/// A relay of the pool: its index in the list that the pool was made with.
enum class RelayId : std::uint32_t {};

/// WebSockets as the pool needs them. Called from within the pool's functions: do not call back
/// into the pool. After close(), or after a relay_closed(), nothing more is said for that socket
/// until open() is called again.
class RelaySocketPort {
 public:
  virtual ~RelaySocketPort() = default;
  virtual void open(RelayId relay, const std::string& url) = 0;
  virtual void send(RelayId relay, std::string text) = 0;
  virtual void close(RelayId relay) = 0;
};

/// Called from within the pool's functions: do not call back into the pool.
class RelayPoolObserver {
 public:
  virtual ~RelayPoolObserver() = default;
  /// Open and subscribed to every topic: announcing makes sense from here on.
  virtual void on_relay_ready(RelayId relay) = 0;
  virtual void on_relay_failed(RelayId relay, const std::string& reason, Duration retry_in,
                               bool was_connected) = 0;
  virtual void on_relay_notice(RelayId relay, const std::string& text) = 0;
  /// Open, and of no use: it refuses what we send, for this reason; or, `silently`, our own
  /// announcement did not come back from it for 8 s, as it does from relays that work, and nobody
  /// else is heard there either. The reason is what it said last then, if anything. May be said
  /// again with another reason.
  virtual void on_relay_refused(RelayId relay, const std::string& reason, bool silently) = 0;
  /// After that: our announcement came back. Of a guess (see RelayUrl) also the first time: it is a
  /// relay. Until then nothing but on_relay_ready and failures to reach it are said of a guess.
  virtual void on_relay_passes(RelayId relay) = 0;
  /// A guess that was wrong: it is never tried again.
  virtual void on_relay_given_up(RelayId relay) = 0;
  /// A message on a topic that is subscribed to. `payload` is valid during the call only.
  virtual void on_relay_message(RelayId relay, const Topic& topic, std::string_view payload) = 0;
  /// Something that no relay should send; counted, and said once a relay.
  virtual void on_relay_dropped(RelayId relay, const std::string& reason) = 0;
};

class RelayPool {
 public:
  RelayPool(std::vector<RelayUrl> relays, RelaySocketPort& sockets, WallClock& date,
            Entropy& entropy, RelayPoolObserver& observer);
  ~RelayPool();

  const std::vector<RelayUrl>& relays() const;
  bool is_ready(RelayId relay) const;

  /// Opens every relay. Again and again for those that fail, with growing, jittered waits.
  void start(Time now);
  void stop();
  /// On every relay, now and after each reconnection. Subscribing twice is subscribing once.
  void subscribe(Time now, const Topic& topic);
  void unsubscribe(Time now, const Topic& topic);
  /// False when nothing was sent: the relay is not ready, or it asked us to slow down and we are
  /// subscribed to the topic ourselves (announcements can wait; what goes to one peer cannot).
  bool publish(Time now, RelayId relay, const Topic& topic, const std::string& payload);

  void relay_opened(Time now, RelayId relay);
  void relay_message(Time now, RelayId relay, std::string_view text);
  /// `reached`: a server took the connection. If it did not open then, there is no relay.
  void relay_closed(Time now, RelayId relay, const std::string& reason, bool reached = false);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::signal
