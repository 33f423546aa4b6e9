// OSC packets on a stream (TCP): a size before each (OSC 1.0), or SLIP (OSC 1.1, RFC 1055).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <roomwire/error.hpp>
#include <roomwire/payload.hpp>

namespace roomwire::osc {

enum class Framing {
  size_prefix,  ///< A big-endian int32 with the size of the packet.
  slip,         ///< END before and after the packet ("double END"), ESC within.
};

/// What a sender uses, by what comes first of its stream: a sane size begins with 0; SLIP with END,
/// or, where that is left out, with the packet's own / or #, or with an address that has no / and
/// the 0 behind it. Nothing when it is no OSC.
std::optional<Framing> guess_framing(ByteView first);

/// Appends the packet in its frame. The packet must be shorter than 2 GiB.
void append_frame(Framing framing, ByteView packet, Bytes& out);

/// Takes packets off a stream, however it is cut. Holds at most one packet of `max_size` bytes.
class StreamDecoder {
 public:
  StreamDecoder(Framing framing, std::size_t max_size) : framing_(framing), max_size_(max_size) {}

  /// Calls `packet` for each packet that ends in `bytes`; the view lives until it returns, and it
  /// must not touch this decoder. Fails with limit when a size is beyond max_size or negative:
  /// where the next packet begins is then unknown, so close the connection and feed no more.
  /// SLIP never fails: what is too long or wrongly escaped is dropped up to the next END.
  Result<void> feed(ByteView bytes, const std::function<void(ByteView)>& packet);

  /// Frames of SLIP that were dropped.
  std::size_t dropped() const { return dropped_; }

 private:
  Result<void> feed_sized(ByteView bytes, const std::function<void(ByteView)>& packet);
  void feed_slip(ByteView bytes, const std::function<void(ByteView)>& packet);
  void end_slip_frame(const std::function<void(ByteView)>& packet);

  Framing framing_;
  std::size_t max_size_;
  /// Of size_prefix: the size and what there is of the packet. Of SLIP: the packet, unescaped.
  Bytes buffer_;
  bool escaped_ = false;
  bool dropping_ = false;
  std::size_t dropped_ = 0;
};

}  // namespace roomwire::osc
