// One argument out of a JSON value whose type is known; ArgumentReader finds the type.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "osc/message.hpp"

namespace roomwire::osc {

/// The argument of a tag, but of '['; nothing when the value does not fit it.
std::optional<Argument> typed_argument(char tag, const boost::json::value& value);

/// What a value must be to fit, for the reason of a refusal.
std::string_view needed(char tag);

/// The tag of a type's name or of a tag itself. Beside OSC's tags, '[' is an array and '?' a
/// boolean, which is T or F by its value. Nothing when nobody calls a type so.
std::optional<char> type_tag(std::string_view name);

/// The shapes of tag t.
std::optional<TimeTag> time_tag_from_json(const boost::json::value& value);

/// A number that is whole and fits int64.
std::optional<std::int64_t> whole(const boost::json::value& value);
/// A number, but not JSON's 1e400.
std::optional<double> finite_number(const boost::json::value& value);

/// {"type":"Buffer", …}
bool is_buffer(const boost::json::object& object);
/// The object {"high","low"} of the npm package long, as osc.js uses it: 32 bits each, with or
/// without sign.
std::optional<std::int64_t> high_and_low(const boost::json::object& object);

/// A value in a reason, shortened.
std::string shown(const boost::json::value& value);

}  // namespace roomwire::osc
