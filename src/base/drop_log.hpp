// What is dropped, or otherwise not as it should be, told to a person: each distinct thing in a
// line of its own, again while it goes on, and never more than a person can read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/rate_limit.hpp"
#include "base/time.hpp"

namespace roomwire {

class DropLog {
 public:
  struct Line {
    std::string who;          ///< Empty: nobody, or many.
    std::string reason;       ///< Empty: the rest, which had no room for lines of its own.
    std::uint64_t times = 1;  ///< How often since the last line of this.
    bool again = false;       ///< There was one.

    /// One line for a person.
    std::string text() const;
    /// The same of what was not dropped and is not as it should be.
    std::string note() const;
  };
  using Tell = std::function<void(const Line& line)>;

  explicit DropLog(Tell tell) : tell_(std::move(tell)) {}

  /// Tells of it now, or later. Things of one `who` that have the same `thing` (empty: the same
  /// `reason`) are one: told at once, and for as long as it goes on after 30 s, 1 min, 2 min … 10
  /// min. A `who` has 24 things at a time, all together 256; what is beyond, or would be more than
  /// 60 lines at once and one in two seconds on, is counted, and the number is told.
  void add(Time now, std::string_view who, std::string_view reason, std::string_view thing = {},
           std::uint64_t times = 1);
  /// Dropped, and nobody said what.
  void add_rest(Time now, std::uint64_t times);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  struct Thing {
    std::string reason;       ///< The latest, as it may differ in what the thing has in common.
    std::uint64_t times = 0;  ///< Since it was told.
    Time due_at{};            ///< It is told again, or forgotten.
    Duration wait{};          ///< The last one before that.
  };
  using Key = std::pair<std::string, std::string>;  // who, thing

  static constexpr std::size_t max_things = 256;
  static constexpr std::size_t max_things_of_one = 24;

  bool has_room_for(const std::string& who) const;

  Tell tell_;
  RateLimit lines_{60, 0.5};
  std::map<Key, Thing> things_;
  std::uint64_t rest_ = 0;
  Deadline rest_at_;
  mutable Deadline next_;  // of things_; computed when asked for
  mutable bool next_is_known_ = true;
};

}  // namespace roomwire
