// What was dropped and why: each is counted, the first of each kind is told in full.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace roomwire::bridge {

class DropCounter {
 public:
  /// One line for a person, with who sent it and why it was dropped.
  using Tell = std::function<void(const std::string& line)>;

  explicit DropCounter(Tell tell) : tell_(std::move(tell)) {}

  /// `kind` is short and one of few ("not OSC", "denied"); `who` and `reason` are for people.
  void add(const std::string& kind, const std::string& who, const std::string& reason) {
    if (++counts_[kind] == 1 && tell_) tell_("dropped: " + reason + ", from " + who);
  }
  /// Many at once, which need no line.
  void count(const std::string& kind, std::uint64_t number) {
    if (number > 0) counts_[kind] += number;
  }

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& [kind, count] : counts_)
      sum += count;
    return sum;
  }
  /// By kind.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  Tell tell_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace roomwire::bridge
