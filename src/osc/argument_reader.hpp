// The arguments of one message out of JSON: which type each becomes.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <vector>

#include "osc/float_memory.hpp"
#include "osc/json.hpp"
#include "osc/refusal.hpp"

namespace roomwire::osc {

class ArgumentReader {
 public:
  /// All are borrowed for as long as it lives; `memory` may be null.
  ArgumentReader(const TypeOptions& options, FloatMemory* memory, std::string_view address);

  /// Appends what `value` becomes: one argument, or those of a nested array. The reason of a
  /// refusal speaks of the value alone ("type i needs …, not 1.5"); what it appended before is then
  /// left.
  Accepted<void> add(const boost::json::value& value, std::vector<Argument>& out) {
    return add(value, out, 0);
  }

  /// From here on `types` says the types of the values, as osc-js's messages do: tags such as
  /// "fi[s]". Where one does not fit its value, it is as if it were not there.
  void heed(std::string_view types) { types_ = types; }

  /// A whole number became h or d, as it needs more than 32 bits.
  bool has_widened() const { return has_widened_; }

 private:
  using Value = boost::json::value;
  using Arguments = std::vector<Argument>;

  Accepted<void> add(const Value& value, Arguments& out, std::size_t depth);
  Accepted<void> add_by_kind(const Value& value, Arguments& out, std::size_t depth);
  Accepted<void> add_typed(char tag, const Value& value, Arguments& out);
  Accepted<void> add_number(const Value& value, Arguments& out);
  Accepted<void> add_whole(const Value& value, Arguments& out);
  Accepted<void> add_boolean(bool value, Arguments& out);
  Accepted<void> add_object(const Value& value, Arguments& out, std::size_t depth);
  Accepted<void> add_items(const boost::json::array& items, Arguments& out, std::size_t depth);
  Accepted<void> add_array(const Value& value, Arguments& out, std::size_t depth);
  bool has_carried_fraction(const Value& value);

  char take_type();
  void skip_array_types();
  bool add_heeded(char tag, const Value& value, Arguments& out);

  const TypeOptions& options_;
  FloatMemory* memory_;
  std::string_view address_;
  char rule_ = 0;  ///< Of the rule that matched the address; 0 without one.
  std::string_view types_;
  std::size_t position_ = 0;  ///< How many arguments there were, whatever arrays they are in.
  bool has_widened_ = false;
};

}  // namespace roomwire::osc
