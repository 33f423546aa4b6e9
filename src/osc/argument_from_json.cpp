#include "osc/argument_from_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/encoding.hpp"

namespace roomwire::osc {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

/// JSON's 1e400, and what a caller may not compute with.
bool is_finite(const json::value& value) {
  return !value.is_double() || std::isfinite(value.get_double());
}

/// A number that is whole and fits int64.
std::optional<std::int64_t> whole(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  constexpr double limit = 9'223'372'036'854'775'808.0;  // 2^63
  if (!(number >= -limit && number < limit) || std::trunc(number) != number) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> whole_between(const json::value* value, std::int64_t low,
                                          std::int64_t high) {
  const auto number = value != nullptr ? whole(*value) : std::nullopt;
  return number && *number >= low && *number <= high ? number : std::nullopt;
}

std::optional<double> finite_number(const json::value& value) {
  if (!value.is_number() || !is_finite(value)) return std::nullopt;
  return value.to_number<double>();
}

/// A number, or what JSON cannot say as one.
std::optional<double> any_number(const json::value& value) {
  if (!value.is_string()) return finite_number(value);
  const std::string_view text = view(value.get_string());
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

std::optional<float> to_float(double number) {
  const auto rounded = static_cast<float>(number);
  if (std::isinf(rounded) && !std::isinf(number)) return std::nullopt;
  return rounded;
}

template <class Number>
std::optional<Number> from_digits(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

/// The object {"high","low"} of the npm package long, as osc.js uses it: 32 bits each, with or
/// without sign.
std::optional<std::int64_t> high_and_low(const json::object& object) {
  constexpr std::int64_t low_bound = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t high_bound = std::numeric_limits<std::uint32_t>::max();
  const auto high = whole_between(object.if_contains("high"), low_bound, high_bound);
  const auto low = whole_between(object.if_contains("low"), low_bound, high_bound);
  if (!high || !low) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(*high) << 32 |
                                   static_cast<std::uint32_t>(*low));
}

std::optional<std::int64_t> int64_from_json(const json::value& value) {
  if (value.is_string()) return from_digits<std::int64_t>(view(value.get_string()));
  if (value.is_object()) return high_and_low(value.get_object());
  return whole(value);
}

bool append_byte(const json::value& value, Bytes& out) {
  const auto byte = whole_between(&value, 0, 255);
  if (byte) out.push_back(static_cast<std::uint8_t>(*byte));
  return byte.has_value();
}

std::optional<Bytes> bytes_from_array(const json::array& array) {
  Bytes bytes;
  bytes.reserve(array.size());
  for (const json::value& item : array) {
    if (!append_byte(item, bytes)) return std::nullopt;
  }
  return bytes;
}

/// {"0":1,"1":255,…}
std::optional<Bytes> bytes_from_indices(const json::object& object) {
  Bytes bytes;
  bytes.reserve(object.size());
  for (const auto& item : object) {
    const auto index = from_digits<std::size_t>({item.key().data(), item.key().size()});
    if (index != bytes.size() || !append_byte(item.value(), bytes)) return std::nullopt;
  }
  return bytes;
}

bool is_buffer(const json::object& object) {
  const json::value* type = object.if_contains("type");
  return type != nullptr && type->is_string() && type->get_string() == "Buffer";
}

std::optional<Bytes> bytes_from_json(const json::value& value) {
  if (value.is_string()) return from_base64(view(value.get_string()));
  if (value.is_array()) return bytes_from_array(value.get_array());
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  if (!is_buffer(object)) return bytes_from_indices(object);
  const json::value* data = object.if_contains("data");
  if (data == nullptr || !data->is_array()) return std::nullopt;
  return bytes_from_array(data->get_array());
}

/// `text`, which is UTF-8, as a code when it is one character.
std::optional<std::uint32_t> only_character(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80) return text.size() == 1 ? std::optional<std::uint32_t>(lead) : std::nullopt;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (text.size() != size) return std::nullopt;
  std::uint32_t code = lead & (0x7fU >> size);
  for (const char c : text.substr(1))
    code = code << 6 | (static_cast<std::uint8_t>(c) & 0x3fU);
  return code;
}

std::optional<Character> character_from_json(const json::value& value) {
  if (value.is_string()) {
    const auto code = only_character(view(value.get_string()));
    return code ? std::optional(Character{*code}) : std::nullopt;
  }
  const auto code = whole_between(&value, 0, std::numeric_limits<std::uint32_t>::max());
  return code ? std::optional(Character{static_cast<std::uint32_t>(*code)}) : std::nullopt;
}

std::optional<Color> color_from_json(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  const auto red = whole_between(object.if_contains("r"), 0, 255);
  const auto green = whole_between(object.if_contains("g"), 0, 255);
  const auto blue = whole_between(object.if_contains("b"), 0, 255);
  const json::value* a = object.if_contains("a");
  const auto alpha = a != nullptr ? finite_number(*a) : 1.0;
  if (!red || !green || !blue || !alpha || *alpha < 0 || *alpha > 1) return std::nullopt;
  return Color{static_cast<std::uint8_t>(*red), static_cast<std::uint8_t>(*green),
               static_cast<std::uint8_t>(*blue),
               static_cast<std::uint8_t>(std::lround(*alpha * 255))};
}

std::optional<Midi> midi_from_json(const json::value& value) {
  Bytes bytes;
  if (value.is_object() && value.get_object().contains("status")) {
    for (const char* name : {"port", "status", "data1", "data2"}) {
      const json::value* byte = value.get_object().if_contains(name);
      if (!append_byte(byte != nullptr ? *byte : json::value(0), bytes)) return std::nullopt;
    }
  } else if (auto read = bytes_from_json(value)) {
    bytes = std::move(*read);
  }
  if (bytes.size() != 4) return std::nullopt;
  return Midi{bytes[0], bytes[1], bytes[2], bytes[3]};
}

std::optional<std::string> text_from_json(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = view(value.get_string());
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

std::optional<bool> boolean_from_json(const json::value& value) {
  if (value.is_bool()) return value.get_bool();
  const auto number = finite_number(value);
  return number ? std::optional(*number != 0) : std::nullopt;
}

template <class Value>
std::optional<Argument> argument(std::optional<Value> value) {
  if (!value) return std::nullopt;
  return Argument(std::move(*value));
}

/// The argument of a tag, but of '['; nothing when the value does not fit it.
std::optional<Argument> typed_argument(char tag, const json::value& value) {
  switch (tag) {
    case 'i': {
      const auto number = whole_between(&value, std::numeric_limits<std::int32_t>::min(),
                                        std::numeric_limits<std::int32_t>::max());
      if (!number) return std::nullopt;
      return static_cast<std::int32_t>(*number);
    }
    case 'f': {
      const auto number = any_number(value);
      return number ? argument(to_float(*number)) : std::nullopt;
    }
    case 'd':
      return argument(any_number(value));
    case 'h':
      return argument(int64_from_json(value));
    case 's':
      return argument(text_from_json(value));
    case 'S': {
      auto text = text_from_json(value);
      return text ? std::optional<Argument>(Symbol{std::move(*text)}) : std::nullopt;
    }
    case 'b':
      return argument(bytes_from_json(value));
    case 't':
      return argument(time_tag_from_json(value));
    case 'c':
      return argument(character_from_json(value));
    case 'r':
      return argument(color_from_json(value));
    case 'm':
      return argument(midi_from_json(value));
    case '?':
      return argument(boolean_from_json(value));
    case 'T':
    case 'F':
      return tag == 'T';
    case 'N':
      return Nil{};
    case 'I':
      return Infinitum{};
    default:
      return std::nullopt;
  }
}

/// What a value must be, for the reason of a refusal.
std::string_view needed(char tag) {
  switch (tag) {
    case 'i':
      return "a whole number of 32 bits";
    case 'f':
      return "a number that float32 can hold";
    case 'd':
      return "a number";
    case 'h':
      return "a whole number of 64 bits or its digits in a string";
    case 's':
    case 'S':
      return "a string without NUL";
    case 'b':
      return "base64, a Buffer or an array of bytes";
    case 't':
      return "a time from 1900 to 2036: digits in a string, raw, native or seconds since 1970";
    case 'c':
      return "one character or its code";
    case 'r':
      return "r, g and b from 0 to 255 and a from 0 to 1";
    case 'm':
      return "4 bytes, or port, status, data1 and data2";
    case '?':
      return "true or false";
    default:
      return "an array";
  }
}

class ArgumentReader {
 public:
  explicit ArgumentReader(NumberType type) : type_(type) {}

  Accepted<void> add(const json::value& value, std::vector<Argument>& out, std::size_t depth) {
    switch (value.kind()) {
      case json::kind::array:
        return add_items(value.get_array(), out, depth);
      case json::kind::object:
        return add_object(value, out, depth);
      case json::kind::string:
        return add_typed('s', value, out);
      case json::kind::bool_:
        return add_typed('?', value, out);
      case json::kind::null:
        return add_typed('N', value, out);
      default:
        return add_number(value, out);
    }
  }

 private:
  static Accepted<void> add_typed(char tag, const json::value& value, std::vector<Argument>& out) {
    if (out.size() >= max_arguments) return refuse(RefusalKind::limit, "too many arguments");
    auto argument = typed_argument(tag, value);
    if (argument) {
      out.push_back(std::move(*argument));
      return {};
    }
    return refuse(RefusalKind::value, "type " + (tag == '?' ? "boolean" : std::string(1, tag)) +
                                          " needs " + std::string(needed(tag)) + ", not " +
                                          shown(value));
  }

  Accepted<void> add_items(const json::array& items, std::vector<Argument>& out,
                           std::size_t depth) {
    for (const json::value& item : items) {
      if (auto added = add(item, out, depth); !added) return added;
    }
    return {};
  }

  Accepted<void> add_number(const json::value& value, std::vector<Argument>& out) {
    if (type_.tag != 0) return add_typed(type_.tag, value, out);
    if (type_.numbers == Numbers::as_float) return add_typed('f', value, out);
    const auto number = finite_number(value);
    if (!number) return add_typed('d', value, out);  // which says why not
    if (type_.numbers == Numbers::as_integer) {
      if (value.is_double()) return add_whole(std::round(value.get_double()), out);
      return add_whole(value, out);
    }
    // A number beyond int64 is whole: from 2^53 on, doubles are.
    const bool fraction = std::trunc(*number) != *number;
    return fraction ? add_typed('f', value, out) : add_whole(value, out);
  }

  static Accepted<void> add_whole(const json::value& value, std::vector<Argument>& out) {
    const auto number = whole(value);
    if (!number) return add_typed('d', value, out);
    const bool small = *number >= std::numeric_limits<std::int32_t>::min() &&
                       *number <= std::numeric_limits<std::int32_t>::max();
    return add_typed(small ? 'i' : 'h', value, out);
  }

  Accepted<void> add_object(const json::value& whole_value, std::vector<Argument>& out,
                            std::size_t depth) {
    const json::object& object = whole_value.get_object();
    const json::value* type = object.if_contains("type");
    if (type == nullptr && high_and_low(object)) return add_typed('h', whole_value, out);
    if (type == nullptr) return refuse(RefusalKind::type, "an object without \"type\"");
    if (is_buffer(object)) return add_typed('b', whole_value, out);
    const auto tag = type->is_string() ? type_tag(view(type->get_string())) : std::nullopt;
    if (!tag) return refuse(RefusalKind::type, "the unknown type " + shown(*type));
    const json::value* value = object.if_contains("value");
    if (value == nullptr && needs_value(*tag)) {
      return refuse(RefusalKind::value, "type " + shown(*type) + " without \"value\"");
    }
    if (*tag == '[') return add_array(*value, out, depth + 1);
    return add_typed(*tag, value != nullptr ? *value : json::value(), out);
  }

  static bool needs_value(char tag) {
    return std::string_view("TFNI").find(tag) == std::string::npos;
  }

  Accepted<void> add_array(const json::value& value, std::vector<Argument>& out,
                           std::size_t depth) {
    if (!value.is_array()) {
      return refuse(RefusalKind::value, "type array needs an array, not " + shown(value));
    }
    if (depth > max_depth) return refuse(RefusalKind::limit, "arrays are nested too deeply");
    if (out.size() >= max_arguments) return refuse(RefusalKind::limit, "too many arguments");
    Array array;
    auto added = add_items(value.get_array(), array.items, depth);
    out.emplace_back(std::move(array));
    return added;
  }

  NumberType type_;
};

}  // namespace

Accepted<void> append_arguments(const json::value& value, NumberType type,
                                std::vector<Argument>& out) {
  return ArgumentReader(type).add(value, out, 0);
}

std::optional<char> type_tag(std::string_view name) {
  constexpr std::string_view tags = "ifsbhtdScrmTFNI";
  if (name.size() == 1 && tags.find(name[0]) != std::string_view::npos) return name[0];
  static constexpr std::pair<std::string_view, char> names[] = {
      {"integer", 'i'},   {"int", 'i'},     {"int32", 'i'},  {"float", 'f'},   {"float32", 'f'},
      {"string", 's'},    {"blob", 'b'},    {"int64", 'h'},  {"bigint", 'h'},  {"timetag", 't'},
      {"double", 'd'},    {"float64", 'd'}, {"symbol", 'S'}, {"char", 'c'},    {"character", 'c'},
      {"rgba", 'r'},      {"color", 'r'},   {"midi", 'm'},   {"boolean", '?'}, {"bool", '?'},
      {"true", 'T'},      {"false", 'F'},   {"null", 'N'},   {"nil", 'N'},     {"bang", 'I'},
      {"infinitum", 'I'}, {"impulse", 'I'}, {"array", '['},
  };
  for (const auto& [known, tag] : names) {
    if (known == name) return tag;
  }
  return std::nullopt;
}

std::optional<TimeTag> time_tag_from_json(const json::value& value) {
  if (value.is_null()) return immediately;
  if (value.is_string()) {
    const auto ntp = from_digits<std::uint64_t>(view(value.get_string()));
    return ntp ? std::optional(TimeTag{*ntp}) : std::nullopt;
  }
  if (value.is_object()) {
    if (const json::value* raw = value.get_object().if_contains("raw")) {
      return raw->is_array() ? time_tag_from_json(*raw) : std::nullopt;
    }
    const json::value* native = value.get_object().if_contains("native");
    const auto milliseconds = native != nullptr ? finite_number(*native) : std::nullopt;
    return milliseconds ? TimeTag::from_unix_seconds(*milliseconds / 1000) : std::nullopt;
  }
  if (value.is_array()) {
    const json::array& pair = value.get_array();
    constexpr std::int64_t largest = std::numeric_limits<std::uint32_t>::max();
    if (pair.size() != 2) return std::nullopt;
    const auto seconds = whole_between(&pair[0], 0, largest);
    const auto fraction = whole_between(&pair[1], 0, largest);
    if (!seconds || !fraction) return std::nullopt;
    return TimeTag{static_cast<std::uint64_t>(*seconds) << 32 |
                   static_cast<std::uint64_t>(*fraction)};
  }
  const auto seconds = finite_number(value);
  if (!seconds) return std::nullopt;
  return *seconds == 0 ? immediately : TimeTag::from_unix_seconds(*seconds);
}

std::string shown(const json::value& value) {
  if (value.is_string()) return in_quotes(view(value.get_string()));
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  if (!value.is_double()) return json::serialize(value);
  if (!is_finite(value)) return "a number beyond all doubles";
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value.get_double()).ptr};
}

}  // namespace roomwire::osc
