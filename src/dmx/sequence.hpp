// The numbers that senders of Art-Net and sACN count their packets with.
#pragma once

#include <cstdint>
#include <optional>

namespace roomwire::dmx {

/// What a packet's number says, beside the last one of its sender.
enum class Order {
  next,  ///< Newer than the last one.
  late,  ///< Overtaken by the last one, or here for the second time.
  /// The sender has begun to count anew: it was restarted. The number is far behind, or far ahead
  /// and the one that counting begins with.
  anew,
};

/// Art-Net numbers from 1 to 255; 0 is that of senders that do not count. How far behind a late
/// packet may be the standard does not say, so it is sACN's up to 19. An equal number is the next:
/// there are senders that never count on.
Order artnet_order(std::uint8_t last, std::uint8_t number);
/// sACN numbers from 0 to 255: late is −20 < number − last ≤ 0 (E1.31-2018, section 6.7.2).
Order sacn_order(std::uint8_t last, std::uint8_t number);

/// One sender's numbers. Of one that was restarted and is only a little behind, the first packet
/// is late, and the second, which counts on from there, shows what happened.
class Sequence {
 public:
  using OrderOf = Order (*)(std::uint8_t last, std::uint8_t number);

  explicit Sequence(OrderOf order) : order_(order) {}

  /// The first packet is the next one.
  Order take(std::uint8_t number);
  /// The sender paused for longer than a packet can be under way: what would be late is anew.
  Order take_after_pause(std::uint8_t number);
  std::uint8_t last() const { return last_.value_or(0); }

 private:
  OrderOf order_;
  std::optional<std::uint8_t> last_;
  std::optional<std::uint8_t> late_;
};

}  // namespace roomwire::dmx
