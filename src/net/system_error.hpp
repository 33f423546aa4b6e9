// What the system says when it refuses something.
#pragma once

#include <roomwire/error.hpp>
#include <string>

namespace roomwire::net {

/// unavailable: `what` (if not empty), and the system's words for `error` (a value of errno), with
/// a code where there is one for it.
Error system_error(const std::string& what, int error);

}  // namespace roomwire::net
