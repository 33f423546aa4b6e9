#include "osc/framing.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace roomwire::osc {
namespace {

// RFC 1055.
constexpr std::uint8_t end_byte = 0xc0;
constexpr std::uint8_t escape_byte = 0xdb;
constexpr std::uint8_t escaped_end = 0xdc;
constexpr std::uint8_t escaped_escape = 0xdd;

constexpr std::size_t prefix_size = 4;

}  // namespace

std::optional<Framing> guess_framing(ByteView first) {
  if (first.empty()) return std::nullopt;
  if (first.front() == 0) return Framing::size_prefix;
  if (first.front() == end_byte || first.front() == '/' || first.front() == '#')
    return Framing::slip;
  const auto is_printable = [](std::uint8_t byte) { return byte >= ' ' && byte < 0x7f; };
  const auto end = std::find_if_not(first.begin(), first.end(), is_printable);
  if (end == first.begin() || end == first.end() || *end != 0) return std::nullopt;
  return Framing::slip;
}

void append_frame(Framing framing, ByteView packet, Bytes& out) {
  ByteWriter writer(out);
  if (framing == Framing::size_prefix) {
    writer.u32(static_cast<std::uint32_t>(packet.size()));
    writer.bytes(packet);
    return;
  }
  writer.u8(end_byte);
  for (const std::uint8_t byte : packet) {
    if (byte == end_byte || byte == escape_byte) {
      writer.u8(escape_byte);
      writer.u8(byte == end_byte ? escaped_end : escaped_escape);
    } else {
      writer.u8(byte);
    }
  }
  writer.u8(end_byte);
}

Result<void> StreamDecoder::feed(ByteView bytes, const std::function<void(ByteView)>& packet) {
  if (framing_ == Framing::size_prefix) return feed_sized(bytes, packet);
  feed_slip(bytes, packet);
  return {};
}

Result<void> StreamDecoder::feed_sized(ByteView bytes,
                                       const std::function<void(ByteView)>& packet) {
  // Appends up to `count` bytes to the buffer.
  const auto take = [&](std::size_t count) {
    const ByteView taken = bytes.first(std::min(count, bytes.size()));
    buffer_.insert(buffer_.end(), taken.begin(), taken.end());
    bytes = bytes.subspan(taken.size());
  };
  while (!bytes.empty()) {
    if (buffer_.size() < prefix_size) take(prefix_size - buffer_.size());
    if (buffer_.size() < prefix_size) break;
    const std::size_t size = ByteReader(buffer_).u32();
    if (size > max_size_) {
      return failure(ErrorKind::limit, "a packet of " + std::to_string(size) +
                                           " bytes was announced, more than the " +
                                           std::to_string(max_size_) +
                                           " allowed: is the sender using SLIP?");
    }
    // One that came whole is handed on where it lies.
    if (buffer_.size() == prefix_size && bytes.size() >= size) {
      packet(bytes.first(size));
      bytes = bytes.subspan(size);
      buffer_.clear();
      continue;
    }
    take(prefix_size + size - buffer_.size());
    if (buffer_.size() == prefix_size + size) {
      packet(ByteView(buffer_).subspan(prefix_size));
      buffer_.clear();
    }
  }
  return {};
}

void StreamDecoder::feed_slip(ByteView bytes, const std::function<void(ByteView)>& packet) {
  for (std::uint8_t byte : bytes) {
    if (byte == end_byte) {
      end_slip_frame(packet);
      continue;
    }
    if (dropping_) continue;
    if (escaped_) {
      escaped_ = false;
      if (byte != escaped_end && byte != escaped_escape) {
        dropping_ = true;
        continue;
      }
      byte = byte == escaped_end ? end_byte : escape_byte;
    } else if (byte == escape_byte) {
      escaped_ = true;
      continue;
    }
    if (buffer_.size() == max_size_) {
      dropping_ = true;
    } else {
      buffer_.push_back(byte);
    }
  }
}

void StreamDecoder::end_slip_frame(const std::function<void(ByteView)>& packet) {
  if (dropping_ || escaped_) {
    ++dropped_;
  } else if (!buffer_.empty()) {  // Between the END of one packet and of the next there is nothing.
    packet(buffer_);
  }
  buffer_.clear();
  escaped_ = false;
  dropping_ = false;
}

}  // namespace roomwire::osc
