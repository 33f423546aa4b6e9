// What the program is told beside its flags.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace roomwire::cli {

/// The value of an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

}  // namespace roomwire::cli
