#include "cli/io/input_lines.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

#include "base/json_value.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 512;  // as deep as Json::parse goes

// As JavaScript's String() writes a number.
std::string number_text(const json::value& value) {
  if (!value.is_double()) return json::serialize(value);
  const double number = value.get_double();
  const bool whole = std::trunc(number) == number && std::abs(number) < 1e21;
  return whole ? fmt::format("{:.0f}", number) : fmt::format("{}", number);
}

// Nothing when `value` is a message like any other.
std::optional<Input> as_command(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const json::value* type = object->if_contains("type");
  if (type == nullptr || !type->is_string() || type->get_string() != "set-channel") {
    return std::nullopt;
  }
  const json::value* channel = object->if_contains("channel");
  if (channel != nullptr && channel->is_string()) {
    return SetChannel{std::string(channel->get_string())};
  }
  if (channel != nullptr && channel->is_number()) return SetChannel{number_text(*channel)};
  return BadInput{"set-channel needs a \"channel\" that is a string or a number"};
}

// Only lines that can be a command, or are a string, are worth a second parser.
Input to_value(Json parsed) {
  const std::string& text = parsed.text();
  if (text.front() == '"') {
    const auto value = parse_json(text, max_depth);
    if (value && value->is_string()) return Payload(std::string(value->get_string()));
  } else if (text.front() == '{' && text.find("set-channel") != std::string::npos) {
    const auto value = parse_json(text, max_depth);
    if (auto command = value ? as_command(*value) : std::nullopt) return *std::move(command);
  }
  return Payload(std::move(parsed));
}

}  // namespace

std::size_t cost_of(const Input& input) {
  const auto* payload = std::get_if<Payload>(&input);
  return sizeof(Input) + (payload != nullptr ? size_of(*payload) : 64);
}

Input to_input(std::string_view line, bool as_text) {
  if (!is_utf8(line)) return BadInput{"is not UTF-8 (--file sends bytes)"};
  if (!as_text) {
    if (auto parsed = Json::parse(line)) return to_value(*std::move(parsed));
  }
  return Payload(std::string(line));
}

void LineSplitter::keep(std::string_view part) {
  // One more than the bound: it may be the \r of a line end.
  if (too_long_ || part.size() > max_line_ + 1 - kept_.size()) {
    too_long_ = true;
    kept_ = {};
  } else {
    kept_.append(part);
  }
}

void LineSplitter::emit(std::string_view line, const OnLine& on_line) const {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool too_long = too_long_ || line.size() > max_line_;
  on_line(too_long ? std::string_view() : line, too_long);
}

void LineSplitter::feed(std::string_view text, const OnLine& on_line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return keep(text);
    if (kept_.empty() && !too_long_) {
      emit(text.substr(0, end), on_line);
    } else {
      keep(text.substr(0, end));
      emit(kept_, on_line);
      kept_.clear();
      too_long_ = false;
    }
    text.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(const OnLine& on_line) {
  if (kept_.empty() && !too_long_) return;
  emit(kept_, on_line);
  kept_.clear();
  too_long_ = false;
}

}  // namespace roomwire::cli
