#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cstdint>
#include <roomwire/payload.hpp>
#include <utility>

#include "base/encoding.hpp"
#include "base/json_value.hpp"

namespace roomwire {
namespace {

namespace json = boost::json;

/// Accepts everything: the parser is asked only whether the text is JSON.
struct Ignore {
  using error_code = json::error_code;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;

  void reset(const json::storage_ptr&) {}
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t, error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, error_code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_key(json::string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
  bool on_double(double, json::string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

/// Builds the value. Boost's own builder rounds numbers of 16 digits and more to a neighbour of the
/// nearest double (before 1.83 it knows no other way); this one reads their text again.
class Builder {
 public:
  using error_code = json::error_code;
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();

  void reset(const json::storage_ptr& storage) { stack_.reset(storage); }
  json::value release() { return stack_.release(); }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t size, error_code&) {
    stack_.push_object(size);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view rest, std::size_t, error_code&) {
    stack_.push_string(rest);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view rest, std::size_t, error_code&) {
    stack_.push_key(rest);
    return true;
  }
  // The whole text is there at once, so a number does not come in parts.
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, error_code&) {
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, error_code&) {
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view text, error_code&) {
    double exact = value;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, exact);
    stack_.push_double(read.ec == std::errc() && read.ptr == end ? exact : value);
    return true;
  }
  bool on_bool(bool value, error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  // For what is not yet in the value, so that small texts allocate nothing but their value.
  std::array<unsigned char, 4096> buffer_;
  json::value_stack stack_{{}, buffer_.data(), buffer_.size()};
};

constexpr std::size_t max_json_depth = 512;

/// JavaScript writes half of a surrogate pair, which its strings may hold, as an escape; the
/// parser refuses it. `\ud83c` alone is as harmless as `\ufffd`, so it is read as that.
std::string with_whole_surrogates(std::string_view text) {
  std::string out(text);
  const auto unit_at = [&](std::size_t i) -> int {
    if (i + 6 > out.size() || out[i] != '\\' || out[i + 1] != 'u') return -1;
    const auto bytes = from_hex(std::string_view(out).substr(i + 2, 4));
    return bytes ? (*bytes)[0] << 8 | (*bytes)[1] : -1;
  };
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i] != '\\') continue;
    const int unit = unit_at(i);
    const bool high = unit >= 0xd800 && unit < 0xdc00;
    const int next = high ? unit_at(i + 6) : -1;
    if (next >= 0xdc00 && next < 0xe000) {
      i += 11;
    } else if (unit >= 0xd800 && unit < 0xe000) {
      out.replace(i + 2, 4, "fffd");
      i += 5;
    } else {
      ++i;
    }
  }
  return out;
}

/// One rule for all that reads JSON here: the checker, the builder and whoever asks them.
template <class Handler>
json::error_code read(std::string_view text, json::basic_parser<Handler>& parser,
                      const json::storage_ptr& storage) {
  const auto whole = [&](std::string_view whole_text) {
    parser.reset();
    parser.handler().reset(storage);
    json::error_code error;
    const std::size_t end = parser.write_some(false, whole_text.data(), whole_text.size(), error);
    if (!error && end < whole_text.size()) error = make_error_code(json::error::extra_data);
    return error;
  };
  const json::error_code error = whole(text);
  if (!error || text.find("\\u") == std::string_view::npos) return error;
  return whole(with_whole_surrogates(text));
}

json::parse_options nested_up_to(std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  return options;
}

std::string without_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    out.push_back(c);
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') out.push_back(text[++i]);
  }
  return out;
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
  json::basic_parser<Ignore> parser(nested_up_to(max_json_depth));
  if (const auto error = read(text, parser, {}))
    return failure(ErrorKind::invalid_input, "not JSON: " + error.message());
  return Json(without_spaces(text));
}

std::size_t size_of(const Payload& payload) {
  if (const auto* json = std::get_if<Json>(&payload)) return json->text().size();
  if (const auto* bytes = std::get_if<Bytes>(&payload)) return bytes->size();
  return std::get<std::string>(payload).size();
}

std::optional<json::value> parse_json(std::string_view text, std::size_t max_depth,
                                      const json::storage_ptr& storage) {
  json::basic_parser<Builder> parser(nested_up_to(max_depth));
  if (read(text, parser, storage)) return std::nullopt;
  return parser.handler().release();
}

std::optional<std::string_view> string_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string() || value->get_string().empty()) return std::nullopt;
  return std::string_view(value->get_string());
}

}  // namespace roomwire
