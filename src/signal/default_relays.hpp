// The relays that Trystero's releases choose when none are given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "roomwire/error.hpp"
#include "roomwire/ids.hpp"
#include "roomwire/relay_url.hpp"

namespace roomwire::signal {

/// The choice of one release ("0.23.0"), or of every release with an empty `release`, each relay
/// once. Fails with invalid_input, naming the releases there are.
Result<std::vector<RelayUrl>> default_relays(const AppId& app, std::string_view release);

}  // namespace roomwire::signal
