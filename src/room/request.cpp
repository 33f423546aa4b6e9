#include "room/request.hpp"

#include "base/encoding.hpp"
#include "base/json_value.hpp"
#include "room/chunk.hpp"

namespace roomwire::room {
namespace {

/// Trystero's have 20 characters. Ours are echoed, so a peer must not choose how much we send.
constexpr std::size_t max_request_id = 128;

/// The end of the value that begins at `start` of compact, valid JSON.
std::size_t end_of_value(std::string_view text, std::size_t start) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return i;
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return text.size();
}

std::optional<std::string> read_string(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(std::string_view(value->get_string()));
}

/// The text of the member `key` of a compact JSON object; of several the last, as in JavaScript.
/// (A JSON library would not keep the digits of its numbers.)
std::optional<std::string_view> member_text(std::string_view object, std::string_view key) {
  if (object.empty() || object.front() != '{') return std::nullopt;
  std::optional<std::string_view> found;
  std::size_t at = 1;
  while (at < object.size() && object[at] == '"') {
    std::size_t colon = at + 1;
    while (object[colon] != '"')
      colon += object[colon] == '\\' ? 2U : 1U;
    ++colon;
    const std::string_view name = object.substr(at, colon - at);
    const std::size_t end = end_of_value(object, colon + 1);
    const bool is_key = name.find('\\') == std::string_view::npos
                            ? name.substr(1, name.size() - 2) == key
                            : read_string(name) == key;
    if (is_key) found = object.substr(colon + 1, end - colon - 1);
    at = end + 1;
  }
  return found;
}

std::optional<std::string> string_text(std::string_view object, std::string_view key) {
  const auto text = member_text(object, key);
  return text ? read_string(*text) : std::nullopt;
}

std::optional<std::string> id_of(const std::optional<Json>& metadata) {
  if (!metadata) return std::nullopt;
  auto id = string_text(metadata->text(), "r");
  if (id && id->size() > max_request_id) return std::nullopt;
  return id;
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::value(to_valid_utf8(text)));
}

}  // namespace

bool is_action_name(std::string_view name) {
  return !name.empty() && name.size() <= action_name_limit && is_utf8(name) &&
         name.find('\0') == std::string_view::npos && name.substr(0, 2) != "@_";
}

std::optional<Request> request_of(const std::optional<Json>& metadata) {
  auto id = id_of(metadata);
  if (!id) return std::nullopt;
  Request request{std::move(*id), std::nullopt};
  if (const auto own = member_text(metadata->text(), "m")) {
    if (auto json = Json::parse(*own)) request.metadata = std::move(*json);
  }
  return request;
}

std::optional<Response> response_of(const std::optional<Json>& metadata) {
  auto id = id_of(metadata);
  if (!id) return std::nullopt;
  return Response{std::move(*id), string_text(metadata->text(), "e")};
}

Result<Json> request_metadata(std::string_view id, const std::optional<Json>& metadata) {
  std::string text = R"({"r":)" + quoted(id);
  if (metadata) text += R"(,"m":)" + metadata->text();
  return Json::parse(text + "}");
}

Json response_metadata(std::string_view id, const std::optional<std::string>& error) {
  std::string text = R"({"r":)" + quoted(id);
  if (error) text += R"(,"e":)" + quoted(*error);
  return Json::parse(text + "}").value();
}

}  // namespace roomwire::room
