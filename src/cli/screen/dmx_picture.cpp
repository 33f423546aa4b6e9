#include "cli/screen/dmx_picture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::size_t slots = 512;
constexpr std::size_t label_width = 5;
constexpr std::size_t cells_together = 8;
constexpr std::size_t max_source_lines = 3;
// The terminal's own last line, the title and the caller's line below all this.
constexpr std::size_t other_lines = 3;

constexpr std::size_t width_of(std::size_t cells) {
  return label_width + 2 * cells + cells / cells_together - 1;
}

// 256 colours have greys from 232 (nearly black) to 255; what is bright is written in black.
std::string shade(std::uint8_t level) {
  return fmt::format("\x1b[48;5;{};38;5;{}m", 232 + level * 23 / 255, level > 127 ? 16 : 231);
}

std::string row(const UniversePicture& universe, std::size_t first, std::size_t cells,
                bool colours) {
  std::string line = fmt::format("{:>4} ", first + universe.first_channel);
  std::uint8_t painted = 0;
  for (std::size_t slot = first; slot < first + cells; ++slot) {
    const std::uint8_t level = universe.levels[slot];
    const bool gap = slot > first && slot % cells_together == 0;
    if (colours && painted != 0 && (gap || level != painted)) {
      line += "\x1b[0m";
      painted = 0;
    }
    if (gap) line += ' ';
    if (colours && level != 0 && painted != level) {
      line += shade(level);
      painted = level;
    }
    line += level == 0 ? std::string(" .") : fmt::format("{:02x}", level);
  }
  if (painted != 0) line += "\x1b[0m";
  return line;
}

}  // namespace

std::string channels_text(const std::bitset<512>& channels, std::size_t first_channel) {
  std::string text;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    if (!channels[slot]) continue;
    const std::size_t first = slot;
    while (slot + 1 < slots && channels[slot + 1])
      ++slot;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", first + first_channel);
    if (slot > first) text += fmt::format("-{}", slot + first_channel);
  }
  if (text.empty()) return "nothing";
  return fmt::format("{} ({} channel{})", text, channels.count(), channels.count() == 1 ? "" : "s");
}

std::vector<std::string> draw(const UniversePicture& universe, TerminalSize size, bool colours) {
  const std::size_t cells = size.columns >= width_of(64) ? 64 : 32;
  const std::size_t room =
      size.rows > slots / cells + other_lines ? size.rows - slots / cells - other_lines : 0;
  if (size.columns < width_of(cells) || size.rows < slots / cells + other_lines) return {};
  std::vector<std::string> lines = {printable(universe.title, size.columns - 3)};
  for (std::size_t first = 0; first < slots; first += cells)
    lines.push_back(row(universe, first, cells, colours));
  const std::size_t most = std::min(room, max_source_lines);
  const std::size_t count = universe.sources.size();
  for (std::size_t i = 0; i < std::min(count, most); ++i) {
    const auto& source = universe.sources[i];
    const bool more = i + 1 == most && count > most;
    lines.push_back(
        printable(more ? fmt::format("and {} more", count - i)
                       : fmt::format("{} drives {}", printable(source.name, 40),
                                     channels_text(source.drives, universe.first_channel)),
                  size.columns - 3));
  }
  return lines;
}

}  // namespace roomwire::cli
