// What a message carries: a string, a JSON value, or bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <roomwire/error.hpp>
#include <roomwire/export.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace roomwire {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// A JSON value, kept as its text, so that key order, repeated keys and every digit of a number
/// stay as they were sent. Read it with the JSON library of your choice.
class ROOMWIRE_EXPORT Json {
 public:
  /// The value `null`.
  Json() = default;
  /// Takes any one JSON value with white space around and inside it, which is removed.
  /// Fails with invalid_input when `text` is not one JSON value in valid UTF-8, or is nested
  /// deeper than 512 levels.
  static Result<Json> parse(std::string_view text);

  /// Compact JSON text.
  const std::string& text() const { return text_; }
  bool operator==(const Json&) const = default;

 private:
  explicit Json(std::string text) : text_(std::move(text)) {}
  std::string text_ = "null";
};

/// Arrives as the alternative that it was sent as.
using Payload = std::variant<std::string, Json, Bytes>;

/// Size on the wire without headers, in bytes.
ROOMWIRE_EXPORT std::size_t size_of(const Payload& payload);

}  // namespace roomwire
