#include "osc/argument_from_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/encoding.hpp"
#include "osc/refusal.hpp"

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

}  // namespace

std::optional<std::int64_t> whole(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  constexpr double limit = 9'223'372'036'854'775'808.0;  // 2^63
  if (!(number >= -limit && number < limit) || std::trunc(number) != number) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<double> finite_number(const json::value& value) {
  if (!value.is_number() || !is_finite(value)) return std::nullopt;
  return value.to_number<double>();
}

bool is_buffer(const json::object& object) {
  const json::value* type = object.if_contains("type");
  return type != nullptr && type->is_string() && type->get_string() == "Buffer";
}

namespace {

std::optional<std::int64_t> whole_between(const json::value* value, std::int64_t low,
                                          std::int64_t high) {
  const auto number = value != nullptr ? whole(*value) : std::nullopt;
  return number && *number >= low && *number <= high ? number : std::nullopt;
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

}  // namespace

std::optional<std::int64_t> high_and_low(const json::object& object) {
  constexpr std::int64_t low_bound = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t high_bound = std::numeric_limits<std::uint32_t>::max();
  const auto high = whole_between(object.if_contains("high"), low_bound, high_bound);
  const auto low = whole_between(object.if_contains("low"), low_bound, high_bound);
  if (!high || !low) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(*high) << 32 |
                                   static_cast<std::uint32_t>(*low));
}

namespace {

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

/// {"red","green","blue","alpha"}, all from 0 to 255.
std::optional<Color> color_of_osc_min(const json::object& object) {
  const auto part = [&](const char* name) {
    return whole_between(object.if_contains(name), 0, 255);
  };
  const auto red = part("red");
  const auto green = part("green");
  const auto blue = part("blue");
  const auto alpha = object.contains("alpha") ? part("alpha") : 255;
  if (!red || !green || !blue || !alpha) return std::nullopt;
  return Color{static_cast<std::uint8_t>(*red), static_cast<std::uint8_t>(*green),
               static_cast<std::uint8_t>(*blue), static_cast<std::uint8_t>(*alpha)};
}

std::optional<Color> color_from_json(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  if (object.contains("red")) return color_of_osc_min(object);
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

}  // namespace

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
      return "r, g and b from 0 to 255 and a from 0 to 1, or red, green, blue and alpha from 0 to "
             "255";
    case 'm':
      return "4 bytes, or port, status, data1 and data2";
    case '?':
      return "true or false";
    default:
      return "an array";
  }
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

namespace {

std::optional<TimeTag> time_tag_of(const json::value* seconds, const json::value* fraction) {
  constexpr std::int64_t largest = std::numeric_limits<std::uint32_t>::max();
  const auto high = whole_between(seconds, 0, largest);
  const auto low = whole_between(fraction, 0, largest);
  if (!high || !low) return std::nullopt;
  return TimeTag{static_cast<std::uint64_t>(*high) << 32 | static_cast<std::uint64_t>(*low)};
}

std::optional<TimeTag> time_tag_from_object(const json::object& object) {
  if (const json::value* raw = object.if_contains("raw")) {
    return raw->is_array() ? time_tag_from_json(*raw) : std::nullopt;
  }
  if (const json::value* value = object.if_contains("value")) {
    if (!value->is_object()) return std::nullopt;
    const json::object& pair = value->get_object();
    return time_tag_of(pair.if_contains("seconds"), pair.if_contains("fractions"));
  }
  const json::value* native = object.if_contains("native");
  const auto milliseconds = native != nullptr ? finite_number(*native) : std::nullopt;
  return milliseconds ? TimeTag::from_unix_seconds(*milliseconds / 1000) : std::nullopt;
}

}  // namespace

std::optional<TimeTag> time_tag_from_json(const json::value& value) {
  if (value.is_null()) return immediately;
  if (value.is_string()) {
    const auto ntp = from_digits<std::uint64_t>(view(value.get_string()));
    return ntp ? std::optional(TimeTag{*ntp}) : std::nullopt;
  }
  if (value.is_object()) return time_tag_from_object(value.get_object());
  if (value.is_array()) {
    const json::array& pair = value.get_array();
    return pair.size() == 2 ? time_tag_of(&pair[0], &pair[1]) : std::nullopt;
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
