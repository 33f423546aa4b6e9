// Decimal numbers in text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace roomwire {

/// The whole of `text` as a number; nothing when it is none or does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace roomwire
