// What a relay puts up with. Every bound has an answer for the client that meets it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace roomwire::relay {

/// The defaults let an honest Trystero client in dozens of rooms through and keep one hostile
/// client from harming the others. Trystero 0.25 gives a relay up for good on any CLOSED, and on
/// an `OK false` that does not begin with "rate-limited:" or "duplicate:": so where an honest
/// client can meet a bound, the answer is one of those, or a NOTICE.
struct Limits {
  /// One WebSocket message. Beyond: close 1009. (Offers are below 10 KiB.)
  std::size_t message_bytes = 256U << 10;
  /// Nostr subscriptions of a client (0.23 makes two a room). Beyond: NOTICE.
  std::size_t subscriptions = 128;
  /// Filters of one REQ, and the values (kinds, tags, …) in them: 0.25 puts up to 250 topics and
  /// their kinds into one. Beyond: NOTICE.
  std::size_t filters_per_request = 16;
  std::size_t values_per_request = 512;
  /// Filter values of all subscriptions of a client; also the topics of a client that speaks
  /// Trystero's WebSocket relay protocol. Beyond: NOTICE, or an error message.
  std::size_t values_per_client = 2048;
  /// The same for all clients together. Beyond: as above.
  std::size_t values_total = 262'144;
  /// What a client gets even then, so that a few greedy ones cannot shut the others out; a peer in
  /// a handful of rooms needs no more.
  std::size_t values_guaranteed = 32;
  /// A topic or filter value, in bytes (Trystero's relay has the same bound). Beyond: as above.
  std::size_t value_bytes = 256;
  /// A client's messages: on average, and at once after a quiet time. Beyond: the message is
  /// refused with "rate-limited: …"; far beyond: close 1013.
  double messages_per_second = 200;
  double message_burst = 1000;
  double bytes_per_second = 1U << 20;
  double byte_burst = 8U << 20;
  /// What may wait for a client that reads too slowly. Beyond: close 1013.
  std::size_t queued_bytes = 4U << 20;
  /// The same for all clients together: with many clients each has an equal share of it, though
  /// one message may always wait. Beyond its share: close 1013.
  std::size_t queued_bytes_total = 256U << 20;
  /// Ids of events that were passed on lately; older ones are forgotten first.
  std::size_t remembered_events = 8192;
  /// TCP connections in all and from one address. Beyond: HTTP status 503.
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 2048;
  /// Of these, those that a local address keeps silent for longer than ServerTimeouts::request.
  /// Beyond: the oldest is dropped.
  std::size_t silent_connections = 256;
};

/// How long a client may take.
struct ServerTimeouts {
  /// From the accepted connection to the end of its HTTP request, TLS included.
  Duration request = 10s;
  /// The same for local addresses. When a page from the internet opens a WebSocket to a machine
  /// nearby, Chromium connects first and asks its user then whether that is allowed (Local Network
  /// Access): the request comes after the click.
  Duration local_request = 60s;
  /// Without a byte from a WebSocket client; it is pinged after half of it.
  Duration idle = 120s;
  /// For a client to take its answer or the good-bye.
  Duration close = 3s;
  /// For a client to take a page's file.
  Duration file = 30s;
};

/// Close codes of the WebSocket protocol (RFC 6455 section 7.4.1, and IANA's registry).
namespace close_code {
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t try_again_later = 1013;
}  // namespace close_code

}  // namespace roomwire::relay
