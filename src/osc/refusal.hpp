// Why a part of what came in was left out: a value that can be counted and shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace roomwire::osc {

/// What to count refusals by. The reason tells the details.
enum class RefusalKind {
  malformed,  ///< Not OSC's bytes, or not one of the JSON shapes.
  address,    ///< An address that cannot be sent.
  type,       ///< A type tag or the name of a type that nobody knows.
  value,      ///< A value that does not fit its type.
  limit,      ///< Too long, too many or too deep.
};

struct Refusal {
  RefusalKind kind = RefusalKind::malformed;
  /// One line for a person. What it quotes from the input is shortened and printable.
  std::string reason;
  bool operator==(const Refusal&) const = default;
};

/// All that was refused in one packet or one JSON text.
struct Refusals {
  static constexpr std::size_t max_kept = 16;

  /// The first max_kept; the rest is counted alone.
  std::vector<Refusal> kept;
  std::size_t count = 0;

  void add(Refusal refusal) {
    ++count;
    if (kept.size() < max_kept) kept.push_back(std::move(refusal));
  }
};

template <class T>
using Accepted = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(RefusalKind kind, std::string reason) {
  return tl::unexpected<Refusal>(Refusal{kind, std::move(reason)});
}

/// 'text' in quotes, for a reason: what is neither printable nor UTF-8 becomes `?`, and what is
/// longer than 60 bytes is cut.
std::string in_quotes(std::string_view text);

}  // namespace roomwire::osc
