#include "cli/bridges/bridge_kinds.hpp"

#include <array>

namespace roomwire::cli {

std::span<const BridgeKind> bridge_kinds() {
  static const std::array kinds{osc_bridge_kind(), dmx_bridge_kind()};
  return kinds;
}

}  // namespace roomwire::cli
