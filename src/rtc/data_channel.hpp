// The data channel: RFC 8831 over an association of its own, opened in band by RFC 8832 (DCEP).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtc/sctp.hpp"

namespace roomwire::rtc {

/// Payload protocol identifiers (RFC 8831 section 8).
enum class Ppid : std::uint32_t {
  dcep = 50,
  text = 51,
  binary = 53,
  empty_text = 56,  ///< SCTP has no empty messages: one byte, to be ignored.
  empty_binary = 57,
};

/// RFC 8832 section 5.1.
struct DataChannelOpen {
  static constexpr std::uint8_t reliable_ordered = 0x00;

  std::uint8_t channel_type = reliable_ordered;
  std::uint16_t priority = 0;
  std::uint32_t reliability = 0;
  std::string label;
  std::string protocol;

  /// A whole message. Nothing when it is malformed or another one.
  static std::optional<DataChannelOpen> parse(ByteView message);
  Bytes serialise() const;
  bool operator==(const DataChannelOpen&) const = default;
};

/// RFC 8832 section 5.2: one byte.
constexpr std::uint8_t data_channel_ack = 0x02;

/// What a channel asks of its owner. Called from within the channel's functions and the SCTP
/// stack's; send(), close() and set_receiving() may be called from there.
class DataChannelSink {
 public:
  virtual ~DataChannelSink() = default;
  virtual void send_packet(ByteView packet) = 0;
  virtual void on_channel_open() = 0;
  virtual void on_channel_message(ByteView data, bool is_text) = 0;
  virtual void on_channel_writable() = 0;
  virtual void on_channel_closed(const std::string& reason) = 0;
};

struct DataChannelSettings {
  std::string label = "data";
  /// Opens the channel; else the first one that the peer opens is it.
  bool opens = false;
  /// The DTLS client uses even stream numbers, the server odd ones (RFC 8832 section 6).
  bool is_dtls_client = false;
  std::uint16_t remote_port = 5000;
  std::size_t max_message_size = SctpAssociation::window;
};

class DataChannel : private SctpSink {
 public:
  /// Bounds what waits for room in the window.
  static constexpr std::size_t max_queued = std::size_t{16} << 20;
  static constexpr std::size_t low_mark = 65535;

  DataChannel(SctpStack& stack, Time now, DataChannelSettings settings, DataChannelSink& sink);

  /// False when SCTP cannot begin.
  bool connect();
  /// As SctpAssociation has it.
  void handle_packet(std::span<std::uint8_t> packet, bool more = false) {
    association_.handle_packet(packet, more);
  }
  /// A binary message. False, and nothing was taken, when the channel is not open, the message
  /// longer than the peer takes, or the queue full.
  bool send(ByteView message);
  /// Bytes not sent so far. What is under way counts as one byte until the peer has acknowledged
  /// it, so that 0 means: everything has arrived.
  std::size_t buffered_amount() const;
  bool is_open() const { return state_ == State::open; }
  void set_receiving(bool on) { association_.set_receiving(on); }
  void close();

 private:
  enum class State { connecting, open, closed };

  void send_packet(ByteView packet) override { sink_.send_packet(packet); }
  void on_established() override;
  void on_sctp_message(std::uint16_t stream, std::uint32_t ppid, ByteView data) override;
  void on_stream_reset(std::uint16_t stream) override;
  void on_progress() override;
  void on_sctp_closed(const std::string& reason) override;

  void handle_dcep(std::uint16_t stream, ByteView message);
  SctpAssociation::SendResult pass_on(ByteView message);
  void end(const std::string& reason);

  DataChannelSettings settings_;
  DataChannelSink& sink_;
  SctpAssociation association_;
  State state_ = State::connecting;
  std::optional<std::uint16_t> stream_;
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  bool above_low_mark_ = false;
};

}  // namespace roomwire::rtc
