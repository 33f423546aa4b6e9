#include "base/drop_log.hpp"

#include <algorithm>
#include <utility>

namespace roomwire {
namespace {

/// Rarer and rarer, as a foreign packet that comes all night long is no news.
constexpr Duration first_renewal = 30s;
constexpr Duration last_renewal = 10min;
/// What has no line of its own is told of after this time, and so often.
constexpr Duration rest_interval = 5s;
/// A renewal that would be one line too many is tried again after this time.
constexpr Duration retry = 5s;

constexpr std::size_t max_who = 100;
constexpr std::size_t max_reason = 400;

}  // namespace

std::string DropLog::Line::text() const {
  std::string out = "dropped";
  if (reason.empty()) return out + " " + std::to_string(times) + " more, of other kinds";
  if (again) out += " " + std::to_string(times) + (times == 1 ? " more time" : " more times");
  out += ": " + reason;
  return who.empty() ? out : out + ", from " + who;
}

std::string DropLog::Line::note() const {
  if (reason.empty()) return "and " + std::to_string(times) + " more, of other kinds";
  std::string out = who.empty() ? reason : reason + ", from " + who;
  if (again) out += "; " + std::to_string(times) + (times == 1 ? " more time" : " more times");
  return out;
}

void DropLog::add(Time now, std::string_view who, std::string_view reason, std::string_view thing,
                  std::uint64_t times) {
  Key key(who.substr(0, max_who), (thing.empty() ? reason : thing).substr(0, max_reason));
  const auto known = things_.find(key);
  if (known != things_.end()) {
    known->second.times += times;
    if (known->second.reason != reason) known->second.reason = reason.substr(0, max_reason);
  } else if (has_room_for(key.first) && lines_.take(now)) {
    Line line{key.first, std::string(reason.substr(0, max_reason)), times};
    things_.emplace(std::move(key), Thing{line.reason, 0, now + first_renewal, first_renewal});
    next_is_known_ = false;
    tell_(line);
  } else {
    add_rest(now, times);
  }
  handle_timeout(now);
}

void DropLog::add_rest(Time now, std::uint64_t times) {
  if (times == 0) return;
  rest_ += times;
  if (!rest_at_) rest_at_ = now + rest_interval;
}

bool DropLog::has_room_for(const std::string& who) const {
  if (things_.size() >= max_things) return false;
  std::size_t count = 0;
  for (auto each = things_.lower_bound({who, ""});
       each != things_.end() && each->first.first == who; ++each) {
    if (++count >= max_things_of_one) return false;
  }
  return true;
}

Deadline DropLog::next_timeout() const {
  if (!std::exchange(next_is_known_, true)) {
    next_.reset();
    for (const auto& [key, thing] : things_)
      next_ = earlier(next_, thing.due_at);
  }
  return earlier(next_, rest_at_);
}

void DropLog::handle_timeout(Time now) {
  if (const Deadline next = next_timeout(); !next || *next > now) return;
  next_is_known_ = false;
  for (auto each = things_.begin(); each != things_.end();) {
    auto& [key, thing] = *each;
    if (thing.due_at > now) {
      ++each;
    } else if (thing.times == 0) {
      each = things_.erase(each);
    } else {
      const bool may_tell = lines_.take(now);
      if (may_tell) thing.wait = std::min(2 * thing.wait, last_renewal);
      thing.due_at = now + (may_tell ? thing.wait : retry);
      if (may_tell) tell_({key.first, thing.reason, std::exchange(thing.times, 0), true});
      ++each;
    }
  }
  if (!rest_at_ || *rest_at_ > now) return;
  rest_at_.reset();
  tell_({"", "", std::exchange(rest_, 0), true});
}

}  // namespace roomwire
