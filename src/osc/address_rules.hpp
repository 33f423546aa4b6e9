// What an operator says about OSC addresses: which may pass, and under which name.
#pragma once

#include <optional>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "osc/pattern.hpp"

namespace roomwire::osc {

/// Denied is denied; of the rest, all pass when nothing is allowed by name. With any rule, an
/// address that is a pattern itself, or too long for a pattern to match, passes only when `//` is
/// allowed and nothing denied. What is denied with a / in front is denied without it, too.
struct AddressFilter {
  std::vector<osc::Pattern> allow;
  std::vector<osc::Pattern> deny;

  bool passes(std::string_view address) const;
};

/// Another beginning for an address: of whole parts, so that /fader=/ch takes /fader and
/// /fader/1, and leaves /faders alone.
class AddressMap {
 public:
  /// "/from=/to". Fails with invalid_input when one of both cannot be sent as an address. Either
  /// may be "/": the root of all that begins with it.
  static Result<AddressMap> parse(std::string_view text);

  /// The new address, or nothing when this map says nothing about `address`.
  std::optional<std::string> apply(std::string_view address) const;
  /// For the way back.
  AddressMap reversed() const { return AddressMap(to_, from_); }

 private:
  AddressMap(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  std::string from_;  ///< Without the / at the end: "" is the root.
  std::string to_;
};

/// For one direction.
struct AddressRules {
  AddressFilter filter;          ///< Sees the address as it came.
  std::vector<AddressMap> maps;  ///< The first that fits counts.

  /// The address under which a message goes on; nothing when it does not.
  std::optional<std::string> apply(std::string_view address) const;
};

}  // namespace roomwire::osc
