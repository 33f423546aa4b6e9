// The relay without its sockets: clients say something, and others hear it. Nothing is stored.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "relay/limits.hpp"
#include "relay/nostr_broker.hpp"
#include "relay/outbox.hpp"
#include "relay/token_bucket.hpp"
#include "relay/topic_broker.hpp"

namespace roomwire::relay {

/// The way out to the clients. Called from within Core's functions: do not call back into Core.
class Sink {
 public:
  virtual ~Sink() = default;
  /// One WebSocket text message; the text is shared between all who get it.
  virtual void send(SessionId session, const SharedText& text) = 0;
  /// Core has forgotten the session; closed() need not be called for it any more.
  virtual void close(SessionId session, std::uint16_t code, const std::string& reason) = 0;
  /// Bytes of messages that were given to send() and are not yet with the network.
  virtual std::size_t queued_bytes(SessionId session) const = 0;
};

/// Speaks both protocols with every client, told apart by the message: a JSON array is Nostr
/// (NIP-01), a JSON object is Trystero's WebSocket relay protocol. What is said in one is not
/// heard in the other.
class Core final : private Outbox {
 public:
  /// `sink` must outlive the core.
  Core(const Limits& limits, Sink& sink);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  SessionId open(Time now);
  /// One WebSocket message, text or binary. Whatever is in it, the worst that follows is a
  /// Sink::close for this session. An unknown session is ignored.
  void message(Time now, SessionId session, std::string_view text);
  /// The client is gone; ignored when Core closed it itself.
  void closed(SessionId session);

  std::size_t sessions() const { return sessions_.size(); }
  /// Filter values and topics that clients listen to.
  std::size_t values() const { return nostr_.values() + topics_.values(); }

 private:
  struct Session {
    TokenBucket messages;
    TokenBucket bytes;
    bool is_closing = false;
  };
  struct Closing {
    SessionId session;
    std::uint16_t code;
    std::string reason;
  };

  void send(SessionId session, const SharedText& text) override;
  TokenBucket::Verdict charge(Time now, Session& session, std::size_t bytes) const;
  void dispatch(SessionId session, std::string_view text, bool is_over_rate);
  void close_later(SessionId session, std::uint16_t code, std::string reason);
  void close_now();
  void forget(SessionId session);

  Limits limits_;
  Sink& sink_;
  NostrBroker nostr_;
  TopicBroker topics_;
  std::unordered_map<SessionId, Session> sessions_;
  /// Closed when the message at hand is dealt with, so that nothing goes while it is walked over.
  std::vector<Closing> closing_;
  std::uint64_t last_session_ = 0;
};

}  // namespace roomwire::relay
