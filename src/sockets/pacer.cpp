#include "sockets/pacer.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::sockets {

Pacer::Pacer(net::Loop& loop, Wire& wire, std::function<void(bool)> on_congestion)
    : loop_(loop),
      wire_(wire),
      on_congestion_(std::move(on_congestion)),
      hook_(loop, [this] { pump(); }),
      timer_(loop, [this] { pump(); }) {}

std::size_t Pacer::push(const Endpoint& remote, ByteView packet) {
  const std::size_t dropped = queue_.push(remote, packet);
  update_congestion();
  if (!held_) hook_.request();
  return dropped;
}

void Pacer::hold(bool held) {
  held_ = held;
  if (!held_ && !queue_.empty()) hook_.request();
}

std::size_t Pacer::clear() {
  const std::size_t dropped = queue_.clear();
  update_congestion();
  return dropped;
}

void Pacer::pump() {
  if (held_ || queue_.empty()) return;
  refill();
  const std::size_t done = wire_.transmit(queue_, std::min(queue_.size(), tokens_));
  tokens_ -= std::min(tokens_, done);
  queue_.pop(done);
  update_congestion();
  if (!queue_.empty()) timer_.set(loop_.now() + interval);
}

// In proportion to the time, so that a timer that comes late costs no throughput; but never more
// than one burst at once.
void Pacer::refill() {
  const Time now = loop_.now();
  const Duration passed = std::min<Duration>(now - refilled_, interval);
  const Duration each = interval / burst;
  const auto earned = passed / each;
  tokens_ = std::min(burst, tokens_ + static_cast<std::size_t>(earned));
  refilled_ = tokens_ == burst ? now : refilled_ + earned * each;
}

void Pacer::update_congestion() {
  const bool now = queue_.is_crowded(congested_);
  if (now == std::exchange(congested_, now)) return;
  on_congestion_(now);
}

}  // namespace roomwire::sockets
