// The room that commands join when they are given none: made on first use, and remembered.
#pragma once

#include <filesystem>
#include <optional>
#include <roomwire/error.hpp>
#include <roomwire/ids.hpp>
#include <string>

#include "cli/io/whole_file.hpp"

namespace roomwire::cli {

struct RecalledRoom {
  RoomId room;  ///< Never empty.
  bool is_new = false;
  /// Why it is not the remembered one, or is not remembered: one line for a person.
  std::optional<std::string> problem;
};

/// A file of one line, the room percent-encoded. Rooms are secrets: only the user can read it.
class RoomStore {
 public:
  /// A room that is longer, in bytes, is not remembered; the page refuses it, too.
  static constexpr std::size_t max_room = 1000;

  /// In the folder of that name, which need not exist; empty when there is no such place.
  explicit RoomStore(const std::filesystem::path& folder);
  /// In $XDG_CONFIG_HOME/roomwire, or ~/.config/roomwire.
  static RoomStore of_user();

  /// The remembered room. When there is none, a new one that is remembered from now on; several
  /// programs that ask at the same time get the same. When the file cannot be read or written, or
  /// holds something else (it stays as it is), a new room for this run.
  RecalledRoom recall() const;

  /// Fails with invalid_input (the room is too long) or with unavailable. The file holds the old
  /// room or the new one, whatever happens meanwhile.
  Result<void> remember(const RoomId& room) const;

 private:
  Result<std::optional<RoomId>> read() const;
  Result<void> write(const RoomId& room, Overwrite overwrite) const;

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

}  // namespace roomwire::cli
