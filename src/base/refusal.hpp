// Why a part of what came in was left out: a value that can be counted and shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomwire {

/// `Kind` is what a layer counts its refusals by, an enumeration of its own.
template <class Kind>
struct BasicRefusal {
  Kind kind{};
  /// One line for a person. What it quotes from the input is shortened and printable.
  std::string reason;
  bool operator==(const BasicRefusal&) const = default;
};

/// All that was refused in one packet or one message.
template <class Kind>
struct BasicRefusals {
  static constexpr std::size_t max_kept = 16;

  /// The first max_kept; the rest is counted alone.
  std::vector<BasicRefusal<Kind>> kept;
  std::size_t count = 0;

  void add(BasicRefusal<Kind> refusal) {
    ++count;
    if (kept.size() < max_kept) kept.push_back(std::move(refusal));
  }
};

/// 'text' in quotes, for a reason: what is neither printable nor UTF-8 becomes `?`, and what is
/// longer than 60 bytes is cut.
std::string in_quotes(std::string_view text);

}  // namespace roomwire
