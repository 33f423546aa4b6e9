// The relays of a peer: joined, kept, spoken to in their own protocol. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "roomwire/relay_url.hpp"
#include "signal/names.hpp"
#include "signal/relay_protocol.hpp"

namespace roomwire::signal {

/// A relay of the pool: its index in the list that the pool was made with.
enum class RelayId : std::uint32_t {};

class RelayPool {
 public:
  // What it wants of its WebSockets. After Close, or after a relay_closed(), nothing more is to be
  // said for that socket until the next Open.
  struct Open {
    RelayId relay{};
    std::string url;
    std::string_view subprotocol;  ///< A constant; empty: none.
  };
  struct Send {
    RelayId relay{};
    RelayFrame frame;
  };
  struct Close {
    RelayId relay{};
  };

  // What it has to tell.
  /// Open and subscribed to every topic: announcing makes sense from here on.
  struct Ready {
    RelayId relay{};
  };
  /// Not ready any more, or not this time.
  struct Failed {
    RelayId relay{};
    Error why;
    Duration retry_in{};
    bool was_connected = false;
  };
  struct Notice {
    RelayId relay{};
    std::string text;
  };
  /// Open, and of no use: it refuses what we send, for this reason; or, `silently`, our own
  /// announcement did not come back from it for 8 s, as it does from relays that work, and nobody
  /// else is heard there either. The reason is what it said last then, if anything. May be said
  /// again with another reason.
  struct Refused {
    RelayId relay{};
    std::string reason;
    bool silently = false;
  };
  /// After that: our announcement came back. Of a guess (see RelayUrl) also the first time: it is a
  /// relay. Until then nothing but Ready and failures to reach it are said of a guess.
  struct Passes {
    RelayId relay{};
  };
  /// A guess that was wrong: it is never tried again.
  struct GivenUp {
    RelayId relay{};
  };
  /// A message on a topic that is subscribed to.
  struct Message {
    RelayId relay{};
    Topic topic;
    std::string payload;
  };
  /// Something that no relay should send; counted, and said once a relay.
  struct Dropped {
    RelayId relay{};
    std::string reason;
  };
  using Output = std::variant<Open, Send, Close, Ready, Failed, Notice, Refused, Passes, GivenUp,
                              Message, Dropped>;

  RelayPool(std::vector<RelayUrl> relays, WallClock& date, Entropy& entropy);
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
  void relay_message(Time now, RelayId relay, ByteView frame, bool is_text);
  /// `reached`: a server took the connection. If it did not open then, there is no relay.
  void relay_closed(Time now, RelayId relay, const Error& why, bool reached = false);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

  /// What the functions above want done and have to tell, in that order.
  std::vector<Output> take_outputs();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::signal
