#include "dmx/sequence.hpp"

namespace roomwire::dmx {
namespace {

/// Where more are missing and the number is the one that counting begins with, none were lost.
constexpr int most_lost = 20;

}  // namespace

Order artnet_order(std::uint8_t last, std::uint8_t number) {
  if (last == 0 || number == 0) return Order::next;
  const int behind = (last - number + 255) % 255;
  if (behind > 127) return number == 1 && 255 - behind > most_lost ? Order::anew : Order::next;
  if (behind == 0) return Order::next;
  return behind < 20 ? Order::late : Order::anew;
}

Order sacn_order(std::uint8_t last, std::uint8_t number) {
  const auto ahead = static_cast<std::int8_t>(static_cast<std::uint8_t>(number - last));
  if (number <= 1 && ahead > most_lost) return Order::anew;
  if (ahead > 0) return Order::next;
  return ahead > -20 ? Order::late : Order::anew;
}

Order Sequence::take(std::uint8_t number) {
  Order order = last_ ? order_(*last_, number) : Order::next;
  const bool counts_on = late_ && number != last_ && number != *late_ &&
                         (number == *late_ + 1 || (*late_ == 255 && number <= 1));
  if (order == Order::late && counts_on) order = Order::anew;
  if (order == Order::late) {
    late_ = number;
  } else {
    last_ = number;
    late_ = std::nullopt;
  }
  return order;
}

Order Sequence::take_after_pause(std::uint8_t number) {
  const Order order = last_ ? order_(*last_, number) : Order::next;
  last_ = number;
  late_ = std::nullopt;
  return order == Order::next ? Order::next : Order::anew;
}

}  // namespace roomwire::dmx
