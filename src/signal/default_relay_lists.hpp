// The relays that Trystero's releases know: data.
#pragma once

#include <span>
#include <string_view>

namespace roomwire::signal {

struct RelayList {
  std::string_view release;
  std::span<const std::string_view> hosts;  ///< With any path; all are reached by wss://.
};

/// Oldest first.
std::span<const RelayList> default_relay_lists();

}  // namespace roomwire::signal
