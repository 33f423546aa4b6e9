// What was dropped and why: counted by kind, and told thing by thing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/drop_log.hpp"

namespace roomwire {

class DropCounter {
 public:
  /// One line for a person, with who sent it and why it was dropped.
  using Tell = std::function<void(const std::string& line)>;

  explicit DropCounter(Tell tell)
      : log_([tell = std::move(tell)](const DropLog::Line& line) { tell(line.text()); }) {}

  /// Time for everything that follows, until the next call.
  void set_time(Time now) { now_ = now; }
  Time time() const { return now_; }

  /// `kind` is short and one of few ("not OSC", "denied"); `who` and `reason` are for people.
  /// `thing`: what makes it another thing than others of that `who`, as in DropLog.
  void add(const std::string& kind, const std::string& who, const std::string& reason,
           std::string_view thing = {}) {
    ++counts_[kind];
    log_.add(now_, who, reason, thing);
  }
  /// Many at once, of which no more is known: their number is told.
  void add_more(const std::string& kind, std::uint64_t number) {
    count(kind, number);
    log_.add_rest(now_, number);
  }
  /// Many at once, which need no line.
  void count(const std::string& kind, std::uint64_t number) {
    if (number > 0) counts_[kind] += number;
  }
  /// What somebody else counts.
  void mention(const std::string& reason, std::uint64_t times) {
    log_.add(now_, "", reason, {}, times);
  }

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& [kind, count] : counts_)
      sum += count;
    return sum;
  }
  /// By kind.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

  Deadline next_timeout() const { return log_.next_timeout(); }
  void handle_timeout(Time now) {
    now_ = now;
    log_.handle_timeout(now);
  }

 private:
  DropLog log_;
  Time now_{};
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace roomwire
