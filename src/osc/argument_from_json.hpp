// One argument of a message out of its JSON value; from_json() does the rest.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "osc/json.hpp"

namespace roomwire::osc {

/// How the plain numbers of one message are typed.
struct NumberType {
  Numbers numbers = Numbers::automatic;
  char tag = 0;  ///< Of the rule that matched its address; 0 without one.
};

/// Appends what `value` becomes: one argument, or those of a nested array. The reason of a refusal
/// speaks of the value alone ("type i needs …, not 1.5"); what it appended before is then left.
Accepted<void> append_arguments(const boost::json::value& value, NumberType type,
                                std::vector<Argument>& out);

/// The tag of a type's name or of a tag itself. Beside OSC's tags, '[' is an array and '?' a
/// boolean, which is T or F by its value. Nothing when nobody calls a type so.
std::optional<char> type_tag(std::string_view name);

/// The shapes of tag t.
std::optional<TimeTag> time_tag_from_json(const boost::json::value& value);

/// A value in a reason, shortened.
std::string shown(const boost::json::value& value);

}  // namespace roomwire::osc
