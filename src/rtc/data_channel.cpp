#include "rtc/data_channel.hpp"

#include <utility>

namespace roomwire::rtc {
namespace {

constexpr std::uint8_t data_channel_open = 0x03;
constexpr std::uint8_t placeholder = 0;
constexpr std::uint16_t sctp_port = 5000;
/// What a queued message costs beside its bytes, roughly.
constexpr std::size_t queue_overhead = 64;

}  // namespace

std::optional<DataChannelOpen> DataChannelOpen::parse(ByteView message) {
  ByteReader reader(message);
  if (reader.u8() != data_channel_open) return std::nullopt;
  DataChannelOpen open;
  open.channel_type = reader.u8();
  open.priority = reader.u16();
  open.reliability = reader.u32();
  const std::size_t label_size = reader.u16();
  const std::size_t protocol_size = reader.u16();
  open.label = as_text(reader.take(label_size));
  open.protocol = as_text(reader.take(protocol_size));
  if (reader.failed()) return std::nullopt;
  return open;
}

Bytes DataChannelOpen::serialise() const {
  Bytes message;
  ByteWriter writer(message);
  writer.u8(data_channel_open);
  writer.u8(channel_type);
  writer.u16(priority);
  writer.u32(reliability);
  writer.u16(static_cast<std::uint16_t>(label.size()));
  writer.u16(static_cast<std::uint16_t>(protocol.size()));
  writer.bytes(as_bytes(label));
  writer.bytes(as_bytes(protocol));
  return message;
}

DataChannel::DataChannel(SctpStack& stack, Time now, DataChannelSettings settings,
                         DataChannelSink& sink)
    : settings_(std::move(settings)), sink_(sink), association_(stack, now, *this) {}

bool DataChannel::connect() {
  return association_.connect(sctp_port, settings_.remote_port);
}

bool DataChannel::send(ByteView message) {
  if (state_ != State::open || message.size() > settings_.max_message_size) return false;
  if (queued_bytes_ + queue_.size() * queue_overhead + message.size() > max_queued) return false;
  if (queue_.empty()) {
    const auto result = pass_on(message);
    if (result == SctpAssociation::SendResult::failed) return false;
    if (result == SctpAssociation::SendResult::full) queue_.emplace_back();
  } else {
    queue_.emplace_back();
  }
  if (!queue_.empty()) {
    queue_.back().assign(message.begin(), message.end());
    queued_bytes_ += message.size();
  }
  if (buffered_amount() > low_mark) above_low_mark_ = true;
  return true;
}

SctpAssociation::SendResult DataChannel::pass_on(ByteView message) {
  const auto ppid = message.empty() ? Ppid::empty_binary : Ppid::binary;
  const ByteView data = message.empty() ? ByteView(&placeholder, 1) : message;
  return association_.send(*stream_, static_cast<std::uint32_t>(ppid), data);
}

std::size_t DataChannel::buffered_amount() const {
  const SctpLedger& ledger = association_.ledger();
  const std::size_t unsent = queued_bytes_ + ledger.unsent();
  if (unsent > 0) return unsent;
  return queue_.empty() && ledger.all_acknowledged() ? 0 : 1;
}

void DataChannel::close() {
  state_ = State::closed;
  association_.close();
  queue_.clear();
  queued_bytes_ = 0;
}

void DataChannel::on_established() {
  if (!settings_.opens || state_ != State::connecting) return;
  stream_ = settings_.is_dtls_client ? std::uint16_t{0} : std::uint16_t{1};
  DataChannelOpen open;
  open.label = settings_.label;
  const auto result =
      association_.send(*stream_, static_cast<std::uint32_t>(Ppid::dcep), open.serialise());
  if (result != SctpAssociation::SendResult::sent) return end("the data channel cannot be opened");
  // No need to wait for the acknowledgement: what is sent now arrives behind the opening.
  state_ = State::open;
  sink_.on_channel_open();
}

void DataChannel::on_sctp_message(std::uint16_t stream, std::uint32_t ppid, ByteView data) {
  if (ppid == static_cast<std::uint32_t>(Ppid::dcep)) return handle_dcep(stream, data);
  // Other channels are of no interest here; browsers open one only.
  if (state_ != State::open || stream != stream_) return;
  switch (static_cast<Ppid>(ppid)) {
    case Ppid::text:
      return sink_.on_channel_message(data, true);
    case Ppid::binary:
      return sink_.on_channel_message(data, false);
    case Ppid::empty_text:
      return sink_.on_channel_message({}, true);
    case Ppid::empty_binary:
      return sink_.on_channel_message({}, false);
    case Ppid::dcep:
      break;
  }
}

void DataChannel::handle_dcep(std::uint16_t stream, ByteView message) {
  if (!DataChannelOpen::parse(message)) return;
  // When the window is full the acknowledgement is left out; nobody waits for it.
  association_.send(stream, static_cast<std::uint32_t>(Ppid::dcep), {&data_channel_ack, 1});
  if (settings_.opens || state_ != State::connecting) return;
  stream_ = stream;
  state_ = State::open;
  sink_.on_channel_open();
}

void DataChannel::on_stream_reset(std::uint16_t stream) {
  if (stream == stream_) end("closed by the peer");
}

void DataChannel::on_progress() {
  while (state_ == State::open && !queue_.empty() &&
         pass_on(queue_.front()) == SctpAssociation::SendResult::sent) {
    queued_bytes_ -= queue_.front().size();
    queue_.pop_front();
  }
  if (state_ != State::open || !above_low_mark_ || buffered_amount() > low_mark) return;
  above_low_mark_ = false;
  sink_.on_channel_writable();
}

void DataChannel::on_sctp_closed(const std::string& reason) {
  end(reason);
}

void DataChannel::end(const std::string& reason) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  sink_.on_channel_closed(reason);
}

}  // namespace roomwire::rtc
