// SCTP over DTLS (RFC 8261): the usrsctp library, put behind packets in, packets out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "rtc/sctp_ledger.hpp"

struct socket;

namespace roomwire::rtc {

class SctpAssociation;

/// The library's process-wide state: one object at a time. Associations borrow it.
class SctpStack {
 public:
  /// usrsctp's timers are coarse; it is asked this often.
  static constexpr Duration tick = 10ms;

  /// Fails with unavailable while another one exists.
  static Result<std::unique_ptr<SctpStack>> create();
  ~SctpStack();
  SctpStack(const SctpStack&) = delete;
  SctpStack& operator=(const SctpStack&) = delete;

  /// Runs the timers, and hands on what they and earlier input left. Calls the sinks.
  void handle_timeout(Time now);
  Deadline next_timeout() const;
  /// To the millisecond.
  Time last_tick() const { return last_tick_; }

 private:
  friend class SctpAssociation;
  using Key = std::uintptr_t;
  SctpStack() = default;
  Key add(Time now, SctpAssociation& association);
  void remove(Key key);
  /// usrsctp's output callback, called with its locks held: the packet is only put aside.
  static int queue_packet(void* key, void* packet, std::size_t size, std::uint8_t tos,
                          std::uint8_t set_df);

  /// Reading may nest when a sink resumes another association: each level takes a buffer.
  Bytes take_buffer();
  void give_back(Bytes buffer);

  // Keys are never used twice, so that a late callback finds nothing.
  std::map<Key, SctpAssociation*> associations_;
  Key next_key_ = 1;
  Time last_tick_{};
  std::vector<Key> visited_;
  std::vector<Bytes> buffers_;
};

/// What an association asks of its owner. Called from within its functions and the stack's;
/// send(), close() and set_receiving() may be called from there, destroying it may not.
class SctpSink {
 public:
  virtual ~SctpSink() = default;
  virtual void send_packet(ByteView packet) = 0;
  virtual void on_established() = 0;
  /// One whole message, valid during the call.
  virtual void on_sctp_message(std::uint16_t stream, std::uint32_t ppid, ByteView data) = 0;
  /// The peer will send no more on this stream (RFC 6525).
  virtual void on_stream_reset(std::uint16_t stream) = 0;
  /// Input or time has passed: there may be room to send again.
  virtual void on_progress() = 0;
  /// It ended, other than by close(). Once.
  virtual void on_sctp_closed(const std::string& reason) = 0;
};

class SctpAssociation {
 public:
  /// Window of each direction, and so the longest message that can be sent.
  static constexpr std::size_t window = 262144;
  /// A longer message than this ends the association; what browsers announce, and some slack.
  static constexpr std::size_t max_incoming_message = 262144 + 16384;
  /// Of a packet. With DTLS (37), UDP (8) and IPv6 (40) within IPv6's least MTU of 1280.
  static constexpr std::uint32_t max_packet = 1192;
  /// In each direction; a data channel needs one, numbered 0 or 1.
  static constexpr std::uint16_t max_streams = 128;

  SctpAssociation(SctpStack& stack, Time now, SctpSink& sink);
  ~SctpAssociation();
  SctpAssociation(const SctpAssociation&) = delete;
  SctpAssociation& operator=(const SctpAssociation&) = delete;

  /// Both sides call it (RFC 8841 section 9.3). False when the library refuses.
  bool connect(std::uint16_t local_port, std::uint16_t remote_port);
  /// Writes into `packet`. `more`: another one is here already, so acknowledging can wait for it.
  void handle_packet(std::span<std::uint8_t> packet, bool more = false);

  enum class SendResult { sent, full, failed };
  /// One ordered, reliable message of 1 to `window` bytes.
  SendResult send(std::uint16_t stream, std::uint32_t ppid, ByteView message);
  const SctpLedger& ledger() const { return ledger_; }

  /// While off, what arrives stays in the receive window, which closes, and the end of the
  /// association is not told. Once on, what waits is delivered from within this call.
  void set_receiving(bool on);
  /// Tells the peer by an ABORT chunk.
  void close();

 private:
  friend class SctpStack;
  void set_options();
  void settle();
  void read();
  void handle_data(std::uint16_t stream, std::uint32_t ppid, ByteView part, bool last);
  void handle_notification(ByteView bytes);
  /// By either side; the library hands on the ABORT chunk of the peer.
  void aborted(ByteView chunk);
  std::uint16_t send_flags();
  void fill_packets(bool on);
  void flush();
  void end(const std::string& reason);

  SctpStack& stack_;
  SctpSink& sink_;
  SctpStack::Key key_;
  struct socket* socket_ = nullptr;
  std::uint16_t remote_port_ = 0;
  std::uint32_t messages_ = 0;  ///< Sent, wrapping.
  SctpLedger ledger_;
  bool more_ = false;  ///< Of the last packet.
  bool receiving_ = true;
  bool reading_ = false;
  bool flushing_ = false;
  bool filling_ = false;
  int busy_ = 0;  ///< Above 0 while input is worked off: its packets go out at the end.
  bool ended_ = false;
  Bytes partial_;  ///< Of a message that comes in parts.
  /// Packets of usrsctp, one behind the other, and where each ends. Bounded by the window.
  Bytes packets_;
  std::vector<std::size_t> packet_ends_;
  std::string abort_sent_;  ///< The cause in an ABORT of ours: the library does not tell it.
};

}  // namespace roomwire::rtc
