// What waits to be bridged, peer by peer: who sends much does not keep the others waiting.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <utility>

namespace roomwire::osc {

/// First in, first out for each source; the sources take turns. Not bounded: the owner stops
/// reading when size() or bytes() is too much, which the room's back-pressure passes on.
template <class Source, class Item>
class FairQueue {
 public:
  void push(const Source& source, Item item, std::size_t bytes) {
    waiting_[source].emplace_back(std::move(item), bytes);
    ++size_;
    bytes_ += bytes;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

  /// The next item of the source whose turn it is. The queue must not be empty.
  std::pair<Source, Item> pop() {
    auto turn = waiting_.upper_bound(last_);
    if (turn == waiting_.end()) turn = waiting_.begin();
    last_ = turn->first;
    auto& [item, bytes] = turn->second.front();
    std::pair<Source, Item> next(last_, std::move(item));
    --size_;
    bytes_ -= bytes;
    turn->second.pop_front();
    if (turn->second.empty()) waiting_.erase(turn);
    return next;
  }

 private:
  std::map<Source, std::deque<std::pair<Item, std::size_t>>> waiting_;
  Source last_{};
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace roomwire::osc
