// One WebRTC connection with one data channel: ICE, DTLS, SCTP and DCEP put together. No I/O.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "rtc/candidate.hpp"
#include "rtc/types.hpp"

namespace roomwire::rtc {

/// Who listens to a connection. Called from within its functions and the transport's. From
/// on_open, on_message and on_writable, send() and set_receiving() may be called; everything
/// else, destroying the connection above all, must wait until the call has returned.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;
  /// A candidate of ours, to be signalled. Those known when the description was made are in it.
  virtual void on_local_candidate(const Candidate& candidate) = 0;
  /// The data channel is open. Once.
  virtual void on_open(const IcePair& pair) = 0;
  virtual void on_pair_changed(const IcePair& pair) = 0;
  /// One message. `data` is valid during the call only.
  virtual void on_message(ByteView data, bool is_text) = 0;
  /// buffered_amount() fell to the low mark (65535 bytes, as Trystero has it) or below.
  virtual void on_writable() = 0;
  /// Gone for good, once: closed by the peer, failed, or never opened. Not called after close().
  virtual void on_closed(const std::string& reason) = 0;
};

class PeerConnection {
 public:
  static constexpr std::size_t low_mark = 65535;

  virtual ~PeerConnection() = default;

  /// SDP as browsers write it, with the candidates known so far. Call one of create_offer or
  /// accept_offer, once.
  virtual std::string create_offer(Time now) = 0;
  /// The answer to send back. Fails with invalid_input on SDP that makes no sense or has no data
  /// channel section.
  virtual Result<std::string> accept_offer(Time now, std::string_view sdp) = 0;
  virtual Result<void> accept_answer(Time now, std::string_view sdp) = 0;
  /// A later offer over the open channel (a browser adding media): media sections are refused,
  /// the data channel is kept. The answer carries the offer's `a=rtpmap` lines, since Trystero
  /// ignores an answer without one while the channel is open.
  virtual Result<std::string> renegotiate(Time now, std::string_view offer) = 0;
  /// Resolved ones only; an mDNS name is the caller's to resolve. Ignored when its
  /// `username_fragment` is not empty and not the peer's.
  virtual void add_remote_candidate(Time now, const Candidate& candidate,
                                    std::string_view username_fragment) = 0;

  /// Sends one binary message, in order, reliably. False when the channel is not open, or more
  /// than 16 MiB are buffered: nothing was taken then.
  virtual bool send(Time now, ByteView message) = 0;
  /// Bytes that have not been put into a packet so far. What is under way counts as one byte until
  /// the peer's SCTP has acknowledged it, so that 0 means: everything has arrived. Once closed it
  /// stays as it was.
  virtual std::size_t buffered_amount() const = 0;
  virtual bool is_open() const = 0;
  /// The pairs over which the peer was sought so far, the one of highest priority first.
  virtual std::vector<IcePair> checked_pairs() const = 0;
  /// While off, received data stays in SCTP's window and the peer is slowed down; when the peer
  /// closes meanwhile, on_closed waits for that data to be taken, for at most 10 s. Once on, what
  /// waits is delivered from within this call (not when called from on_message).
  virtual void set_receiving(Time now, bool on) = 0;
  /// Tells the peer (SCTP, then DTLS close) and forgets it. on_closed is not called.
  virtual void close(Time now) = 0;
};

/// Sends datagrams. `local` is one of the addresses given to the transport. The edge may gather
/// what is sent within one turn of its loop and send it as one batch.
class DatagramPort {
 public:
  virtual ~DatagramPort() = default;
  virtual void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) = 0;
};

/// A DTLS certificate and the process-wide SCTP stack: made once, borrowed by every transport of
/// the process. Not thread-safe: every transport that shares it runs on one thread.
class Stack {
 public:
  /// Fails with unavailable when the process has one already.
  static Result<std::unique_ptr<Stack>> create();
  virtual ~Stack() = default;
  /// SCTP's timers: call at least every 10 ms of the loop's clock while connections exist.
  virtual void handle_timeout(Time now) = 0;
  virtual Deadline next_timeout() const = 0;
};

/// All connections of a peer, over one UDP socket per local address.
class Transport {
 public:
  virtual ~Transport() = default;
  static std::unique_ptr<Transport> create(Stack& stack, DatagramPort& port, Entropy& entropy);

  /// The endpoints of the sockets. Connections alive keep what they have and learn new ones.
  virtual void set_local_endpoints(Time now, std::vector<Endpoint> endpoints) = 0;
  /// Asked for our address as the internet sees it, from each socket of its address family, once
  /// and then every 25 s to keep the mapping; all connections share what it says.
  virtual void add_stun_server(Time now, const Endpoint& server) = 0;

  /// Lives until the returned object is destroyed; the observer and the transport must outlive it.
  virtual std::unique_ptr<PeerConnection> connect(IceRole role, ConnectionObserver& observer) = 0;

  /// False when the datagram belongs to no connection and no STUN server: the caller counts it.
  /// `more`: another one of that remote was read with it and comes next.
  virtual bool handle_datagram(Time now, const Endpoint& local, const Endpoint& remote,
                               ByteView datagram, bool more) = 0;
  virtual Deadline next_timeout() const = 0;
  virtual void handle_timeout(Time now) = 0;
};

}  // namespace roomwire::rtc
