// Files that are there as a whole, old or new, whatever happens while they are written.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <roomwire/error.hpp>
#include <string_view>

namespace roomwire::cli {

enum class Overwrite { no, yes };

/// `mode` as of chmod. The folder must be there. Fails with unavailable, in a line that names the
/// file or its folder; with Overwrite::no also when the file is there. What is there and no
/// ordinary file (a device, a FIFO) is left alone.
Result<void> write_whole_file(const std::filesystem::path& file, std::string_view bytes,
                              mode_t mode, Overwrite overwrite);

}  // namespace roomwire::cli
