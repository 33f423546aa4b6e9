// The ids of the events that were passed on lately.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace roomwire::relay {

/// Keeps, for each of the last `capacity` ids, a mark of whoever asks. An ordered map, because
/// clients choose the ids and could aim at the buckets of a hash table.
class RecentEvents {
 public:
  explicit RecentEvents(std::size_t capacity) : capacity_(capacity) {}

  /// Puts `mark` in place of the mark of `id` and returns the old one; 0 for a new id.
  std::uint64_t exchange(const std::string& id, std::uint64_t mark) {
    const auto [place, is_new] = marks_.try_emplace(id, mark);
    if (!is_new) return std::exchange(place->second, mark);
    order_.push_back(place);
    if (order_.size() > capacity_) {
      marks_.erase(order_.front());
      order_.pop_front();
    }
    return 0;
  }

 private:
  using Marks = std::map<std::string, std::uint64_t>;
  std::size_t capacity_;
  Marks marks_;
  std::deque<Marks::iterator> order_;
};

}  // namespace roomwire::relay
