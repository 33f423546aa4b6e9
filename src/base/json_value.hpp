// The JSON library, for the messages that roomwire itself reads (signals, relay protocols). What
// users send stays a roomwire::Json, which keeps its text.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace roomwire {

/// A parsed JSON value; nothing when `text` is not JSON in UTF-8 or nested deeper than `max_depth`.
/// A number with a fraction or an exponent is the nearest double, as in JavaScript, and half of a
/// surrogate pair in a string is U+FFFD. What Json::parse takes, this takes within its depth. The
/// value lives in `storage`, if one is given.
std::optional<boost::json::value> parse_json(std::string_view text, std::size_t max_depth = 32,
                                             const boost::json::storage_ptr& storage = {});

/// The member of `object` that is a string and not empty, else nothing.
std::optional<std::string_view> string_member(const boost::json::object& object,
                                              std::string_view key);

}  // namespace roomwire
