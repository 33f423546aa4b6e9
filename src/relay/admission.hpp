// Who may connect.
#pragma once

#include <cassert>
#include <map>
#include <optional>
#include <string>

#include "base/address.hpp"
#include "relay/limits.hpp"

namespace roomwire::relay {

/// Counts the connections, in all and by address.
class Admission {
 public:
  explicit Admission(const Limits& limits)
      : max_total_(limits.connections), max_per_address_(limits.connections_per_address) {}

  /// Nothing: admitted, and to be given to leave() once. Else why not.
  std::optional<std::string> enter(const IpAddress& address) {
    if (total_ >= max_total_) return "too many connections";
    const auto found = by_address_.find(address);
    if (found != by_address_.end() && found->second >= max_per_address_) {
      return "too many connections from " + address.to_string();
    }
    ++total_;
    ++by_address_[address];
    return std::nullopt;
  }

  void leave(const IpAddress& address) {
    const auto found = by_address_.find(address);
    assert(found != by_address_.end());
    --total_;
    if (--found->second == 0) by_address_.erase(found);
  }

  std::size_t total() const { return total_; }

 private:
  std::size_t max_total_;
  std::size_t max_per_address_;
  std::size_t total_ = 0;
  std::map<IpAddress, std::size_t> by_address_;
};

}  // namespace roomwire::relay
