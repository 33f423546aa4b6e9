// OSC address patterns, for the operator's rules: which addresses pass, what type they get.
#pragma once

#include <bitset>
#include <cstddef>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace roomwire::osc {

/// As the address of a message it stands for others: it holds a wildcard, or //.
bool is_pattern(std::string_view address);

/// The patterns of OSC 1.0 (section "OSC Message Dispatching and Pattern Matching"), which match
/// whole addresses:
///   ?       any one character            [a-z]   one of these; a - at the end means itself
///   *       any number of characters     [!a-z]  one other than these
///   {a,b}   one of these texts
/// None of them matches a `/`. And of OSC 1.1, `//` matches a / with any number of whole parts
/// behind it: /a//b matches /a/b and /a/x/y/b, and /a// everything below /a. // alone matches
/// everything. A pattern that does not begin with / is for addresses that do not: eeg* matches
/// eeg1. A character is a byte.
class Pattern {
 public:
  static constexpr std::size_t max_size = 1'024;
  /// A longer address matches no pattern but `//`.
  static constexpr std::size_t max_address_size = 1'024;

  /// Fails with invalid_input when `text` is empty or longer than max_size, a bracket or brace in
  /// it is not closed or empty, or three / follow each other.
  static Result<Pattern> parse(std::string_view text);

  /// In time of at most the product of both lengths, whatever they are.
  bool matches(std::string_view address) const;

  const std::string& text() const { return text_; }

 private:
  struct Token {
    enum class Kind { literal, any_character, any_run, one_of, choice, any_parts };
    Kind kind = Kind::literal;
    std::string literal;
    std::bitset<256> set;
    std::vector<std::string> choices;
  };
  /// Where in the address the tokens so far may have ended.
  using Positions = std::bitset<max_address_size + 1>;

  friend class PatternParser;
  static Positions step(const Token& token, const Positions& from, std::string_view address);
  static bool matches_one(const Token& token, char c);
  bool matches_from(std::size_t token, std::size_t position, std::string_view address) const;

  std::string text_;
  std::vector<Token> tokens_;
};

}  // namespace roomwire::osc
