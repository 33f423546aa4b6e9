// Standard input as messages.
#pragma once

#include <cstddef>
#include <functional>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace roomwire::cli {

/// `{"type":"set-channel","channel":…}`: what follows goes to another channel.
struct SetChannel {
  std::string channel;
};
/// Not to be sent; `reason` is one line for a person.
struct BadInput {
  std::string reason;
};
using Input = std::variant<Payload, SetChannel, BadInput>;

/// What it holds in memory, about, in bytes.
std::size_t cost_of(const Input& input);

/// What `line` (without its newline) means: a line that is JSON is that value, any other is a
/// string; with `as_text` every line is a string.
Input to_input(std::string_view line, bool as_text);

/// Cuts what is read into lines. `\n` and `\r\n` end a line.
class LineSplitter {
 public:
  /// Called for each line, without its end; `too_long`: the line was longer than the bound, and
  /// `line` is empty. The view lasts for the call.
  using OnLine = std::function<void(std::string_view line, bool too_long)>;

  /// A line may hold `max_line` bytes.
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  void feed(std::string_view text, const OnLine& on_line);
  /// The input has ended: a last line without its newline counts.
  void finish(const OnLine& on_line);

 private:
  void keep(std::string_view part);
  void emit(std::string_view line, const OnLine& on_line) const;

  std::size_t max_line_;
  std::string kept_;  // the start of a line that has not ended
  bool too_long_ = false;
};

}  // namespace roomwire::cli
