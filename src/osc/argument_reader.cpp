#include "osc/argument_reader.hpp"

#include <boost/json/object.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "osc/argument_from_json.hpp"

namespace roomwire::osc {

namespace json = boost::json;

ArgumentReader::ArgumentReader(const TypeOptions& options, FloatMemory* memory,
                               std::string_view address)
    : options_(options), memory_(memory), address_(address) {
  for (const TypeRule& rule : options.rules) {
    if (!rule.pattern.matches(address)) continue;
    rule_ = rule.tag;
    return;
  }
}

Accepted<void> ArgumentReader::add(const Value& value, Arguments& out, std::size_t depth) {
  const char tag = take_type();
  if (tag == '[' && value.is_array()) {
    auto added = add_array(value, out, depth + 1);
    skip_array_types();
    return added;
  }
  if (tag == '[') skip_array_types();
  if (tag != 0 && add_heeded(tag, value, out)) return {};
  // The types behind are those of the values behind, not of those within.
  const std::string_view types = std::exchange(types_, {});
  auto added = add_by_kind(value, out, depth);
  types_ = types;
  return added;
}

Accepted<void> ArgumentReader::add_by_kind(const Value& value, Arguments& out, std::size_t depth) {
  switch (value.kind()) {
    case json::kind::array:
      if (options_.arrays == Arrays::keep) return add_array(value, out, depth + 1);
      return add_items(value.get_array(), out, depth);
    case json::kind::object:
      return add_object(value, out, depth);
    case json::kind::string:
      return add_typed('s', value, out);
    case json::kind::bool_:
      return add_boolean(value.get_bool(), out);
    case json::kind::null:
      return add_typed('N', value, out);
    default:
      return add_number(value, out);
  }
}

Accepted<void> ArgumentReader::add_typed(char tag, const Value& value, Arguments& out) {
  if (position_ >= max_arguments) return refuse(RefusalKind::limit, "too many arguments");
  auto argument = typed_argument(tag, value);
  if (argument) {
    ++position_;
    out.push_back(std::move(*argument));
    return {};
  }
  return refuse(RefusalKind::value, "type " + (tag == '?' ? "boolean" : std::string(1, tag)) +
                                        " needs " + std::string(needed(tag)) + ", not " +
                                        shown(value));
}

Accepted<void> ArgumentReader::add_items(const json::array& items, Arguments& out,
                                         std::size_t depth) {
  for (const Value& item : items) {
    if (auto added = add(item, out, depth); !added) return added;
  }
  return {};
}

// ---- numbers and booleans ----

Accepted<void> ArgumentReader::add_number(const Value& value, Arguments& out) {
  if (rule_ != 0) return add_typed(rule_, value, out);
  if (options_.numbers == Numbers::as_float) return add_typed('f', value, out);
  const auto number = finite_number(value);
  if (!number) return add_typed('d', value, out);  // which says why not
  if (options_.numbers == Numbers::as_integer) {
    if (value.is_double()) return add_whole(std::round(value.get_double()), out);
    return add_whole(value, out);
  }
  return has_carried_fraction(value) ? add_typed('f', value, out) : add_whole(value, out);
}

/// Now, or in the memory. What float32 cannot hold is whole and no value of a fader.
bool ArgumentReader::has_carried_fraction(const Value& value) {
  // A number beyond int64 is whole: from 2^53 on, doubles are.
  const double number = value.to_number<double>();
  if (std::trunc(number) != number) {
    if (memory_ != nullptr) memory_->remember(address_, position_);
    return true;
  }
  return memory_ != nullptr && std::abs(number) <= std::numeric_limits<float>::max() &&
         memory_->knows(address_, position_);
}

Accepted<void> ArgumentReader::add_whole(const Value& value, Arguments& out) {
  const auto number = whole(value);
  if (number && *number >= std::numeric_limits<std::int32_t>::min() &&
      *number <= std::numeric_limits<std::int32_t>::max()) {
    return add_typed('i', value, out);
  }
  if (options_.wide == Wide::as_float) return add_typed('f', value, out);
  if (options_.wide == Wide::as_double) return add_typed('d', value, out);
  has_widened_ = true;
  return add_typed(number ? 'h' : 'd', value, out);
}

Accepted<void> ArgumentReader::add_boolean(bool value, Arguments& out) {
  if (rule_ != 0) return add_typed(rule_, Value(value ? 1 : 0), out);
  if (options_.booleans == Booleans::as_integer) return add_typed('i', Value(value ? 1 : 0), out);
  return add_typed('?', Value(value), out);
}

// ---- {"type","value"} ----

Accepted<void> ArgumentReader::add_object(const Value& whole_value, Arguments& out,
                                          std::size_t depth) {
  const json::object& object = whole_value.get_object();
  const Value* type = object.if_contains("type");
  if (type == nullptr && high_and_low(object)) return add_typed('h', whole_value, out);
  if (type == nullptr) return refuse(RefusalKind::type, "an object without \"type\"");
  if (is_buffer(object)) return add_typed('b', whole_value, out);
  const auto tag = type->is_string() ? type_tag(type->get_string()) : std::nullopt;
  if (!tag) return refuse(RefusalKind::type, "the unknown type " + shown(*type));
  const Value* value = object.if_contains("value");
  const bool needs_value = std::string_view("TFNI").find(*tag) == std::string::npos;
  if (value == nullptr && needs_value) {
    return refuse(RefusalKind::value, "type " + shown(*type) + " without \"value\"");
  }
  if (*tag == '[') return add_array(*value, out, depth + 1);
  if (*tag == '?') {
    if (const auto boolean = typed_argument('?', *value)) {
      return add_boolean(std::get<bool>(*boolean), out);
    }
  }
  return add_typed(*tag, value != nullptr ? *value : Value(), out);
}

Accepted<void> ArgumentReader::add_array(const Value& value, Arguments& out, std::size_t depth) {
  if (!value.is_array()) {
    return refuse(RefusalKind::value, "type array needs an array, not " + shown(value));
  }
  if (depth > max_depth) return refuse(RefusalKind::limit, "arrays are nested too deeply");
  if (position_ >= max_arguments) return refuse(RefusalKind::limit, "too many arguments");
  ++position_;
  Array array;
  auto added = add_items(value.get_array(), array.items, depth);
  out.emplace_back(std::move(array));
  return added;
}

// ---- types as osc-js says them ----

/// The next, or 0 when there is none, within this array.
char ArgumentReader::take_type() {
  if (types_.empty() || types_.front() == ']') return 0;
  const char tag = types_.front();
  types_.remove_prefix(1);
  return tag;
}

/// What is left of the types of an array, and its ].
void ArgumentReader::skip_array_types() {
  for (std::size_t open = 1; open > 0 && !types_.empty(); types_.remove_prefix(1)) {
    if (types_.front() == '[') ++open;
    if (types_.front() == ']') --open;
  }
}

/// False, with nothing appended, when the tag does not fit.
bool ArgumentReader::add_heeded(char tag, const Value& value, Arguments& out) {
  // JavaScript cannot tell 1 from 1.0 either: a rule and the memory know better.
  if (value.is_number() && rule_ != 0) return false;
  const bool is_float = value.is_number() && has_carried_fraction(value);
  if (tag == 'i' && is_float) return false;
  if (value.is_bool() || std::string_view("ifsbhtdScrmNI").find(tag) == std::string_view::npos) {
    return false;
  }
  const bool is_for_null = tag == 'N' || tag == 'I';
  return is_for_null == value.is_null() && add_typed(tag, value, out).has_value();
}

}  // namespace roomwire::osc
