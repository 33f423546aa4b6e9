// What peers tell each other through relays (@trystero-p2p/core: signal-handler).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "roomwire/ids.hpp"

namespace roomwire::signal {

/// Longest payload that is read: an encrypted description of 64 KiB and its surroundings.
inline constexpr std::size_t max_signal_bytes = 128U << 10;

struct SignalMessage {
  enum class Kind { announcement, offer, answer, candidate };

  PeerId from;  ///< 1 to 64 printable ASCII characters.
  Kind kind = Kind::announcement;
  std::string body{};                     ///< Encrypted; empty in an announcement only.
  std::optional<std::string> offer_id{};  ///< As `from`. Peers before 0.22 send none.
  bool passive = false;

  bool operator==(const SignalMessage&) const = default;
};

/// Nothing when Trystero would ignore it too, or when it is beyond the bounds above.
std::optional<SignalMessage> parse_signal(std::string_view payload);
std::string to_json(const SignalMessage& message);

}  // namespace roomwire::signal
