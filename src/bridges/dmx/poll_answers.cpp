#include "bridges/dmx/poll_answers.hpp"

#include <algorithm>
#include <utility>

#include "sockets/interface.hpp"

namespace roomwire::bridges {

PollAnswers::PollAnswers(net::Loop& loop, Send send)
    : loop_(loop), send_(std::move(send)), timer_(loop, [this] { answer(); }) {}

void PollAnswers::polled(const sockets::Source& from, const dmx::ArtPoll& poll) {
  const bool is_known = std::any_of(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& each) { return each.from == from; });
  if (is_known || waiting_.size() == max_waiting) return;
  const auto wait = std::chrono::duration_cast<Duration>(entropy_.unit() * 1s);
  waiting_.push_back({loop_.now() + wait, from, poll});
  std::sort(waiting_.begin(), waiting_.end(),
            [](const Waiting& a, const Waiting& b) { return a.due < b.due; });
  timer_.set(waiting_.front().due);
}

void PollAnswers::answer() {
  while (!waiting_.empty() && waiting_.front().due <= loop_.now()) {
    const Waiting next = waiting_.front();
    waiting_.erase(waiting_.begin());
    stand_towards(next.from.remote.address);
    const auto replies = dmx::poll_replies(node_, next.poll, ++answered_);
    for (const dmx::ArtPollReply& reply : replies) {
      Bytes packet;
      dmx::encode(reply, packet);
      send_(next.from, packet);
    }
  }
  if (!waiting_.empty()) timer_.set(waiting_.front().due);
}

// A machine in several networks has an address for each.
void PollAnswers::stand_towards(const IpAddress& asker) {
  const auto address = sockets::address_towards(asker);
  if (!address || address->is_v6()) return;
  std::copy_n(address->bytes().begin(), node_.ip.size(), node_.ip.begin());
  node_.mac = net::hardware_address(*address).value_or(std::array<std::uint8_t, 6>{});
}

}  // namespace roomwire::bridges
