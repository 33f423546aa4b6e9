// The names of connections that are being tried.
#pragma once

#include <cstdint>

namespace roomwire::signal {

/// One connection that is being tried, drawn by the matchmaker that wants it; never reused. Its
/// upper half is the number of the room.
enum class AttemptId : std::uint64_t {};

/// As MatchmakerOptions has it.
constexpr std::uint32_t room_number(AttemptId attempt) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(attempt) >> 32);
}

}  // namespace roomwire::signal
