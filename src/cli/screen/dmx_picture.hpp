// A universe as lines of a terminal.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/screen/standard_error.hpp"

namespace roomwire::cli {

struct UniversePicture {
  struct Source {
    std::string name;
    std::bitset<512> drives;
  };

  std::string title;
  std::array<std::uint8_t, 512> levels{};
  std::vector<Source> sources;
  std::size_t first_channel = 0;
};

/// A title, all 512 levels as two hex digits each (` .` is 0), 64 or 32 in a row behind the number
/// of the first, and who drives what. None is wider than `size`, and they leave a line of it free;
/// empty when that is too small for them.
std::vector<std::string> draw(const UniversePicture& universe, TerminalSize size, bool colours);

/// `0-7, 12 (9 channels)`
std::string channels_text(const std::bitset<512>& channels, std::size_t first_channel);

}  // namespace roomwire::cli
