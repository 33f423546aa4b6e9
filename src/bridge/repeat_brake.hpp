// The last resort against a loop that no address shows, such as one through a forwarder.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"

namespace roomwire::bridge {

/// For what another bridge says: a text that it repeats more often than any fader or sensor does
/// is one that goes round.
class RepeatBrake {
 public:
  /// So often within the window one text passes.
  static constexpr std::size_t limit = 200;
  static constexpr Duration window = std::chrono::seconds(1);
  /// Texts followed at once; more pass uncounted.
  static constexpr std::size_t max_texts = 4096;

  bool passes(Time now, std::string_view text) {
    if (now - began_ >= window) {
      began_ = now;
      counts_.clear();
    }
    const std::size_t hash = std::hash<std::string_view>{}(text);
    if (counts_.size() >= max_texts && counts_.count(hash) == 0) return true;
    return ++counts_[hash] <= limit;
  }

 private:
  Time began_{};
  std::unordered_map<std::size_t, std::size_t> counts_;
};

}  // namespace roomwire::bridge
