#include "osc/address_rules.hpp"

#include <algorithm>
#include <utility>

#include "osc/message.hpp"
#include "osc/refusal.hpp"

namespace roomwire::osc {
namespace {

bool any_matches(const std::vector<osc::Pattern>& patterns, std::string_view address) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [address](const osc::Pattern& each) { return each.matches(address); });
}

bool has_all(const std::vector<osc::Pattern>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [](const osc::Pattern& each) { return each.text() == "//"; });
}

std::string without_last_slash(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

bool AddressFilter::passes(std::string_view address) const {
  if (allow.empty() && deny.empty()) return true;
  // What no rule can judge: too long for them, or a pattern, which an OSC end expands to whatever
  // it has.
  const bool is_judged =
      address.size() <= osc::Pattern::max_address_size && !osc::is_pattern(address);
  if (!is_judged) return deny.empty() && has_all(allow);
  // Without its /, an address is the same to some receivers.
  if (any_matches(deny, address)) return false;
  if (!address.starts_with('/') && any_matches(deny, "/" + std::string(address))) return false;
  return allow.empty() || any_matches(allow, address);
}

Result<AddressMap> AddressMap::parse(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return failure(ErrorKind::invalid_input,
                   in_quotes(text) + " is not /FROM=/TO, such as /fader=/ch/1");
  }
  const std::string_view from = text.substr(0, equals);
  const std::string_view to = text.substr(equals + 1);
  for (const std::string_view each : {from, to}) {
    if (auto fault = osc::address_fault(each)) {
      return failure(ErrorKind::invalid_input, in_quotes(text) + ": " + *fault);
    }
    if (osc::is_pattern(each)) {
      return failure(ErrorKind::invalid_input,
                     in_quotes(text) +
                         " has wildcards; write the parts that both begin with, such "
                         "as /fader=/ch/1, and what stands behind them stays");
    }
  }
  return AddressMap(without_last_slash(from), without_last_slash(to));
}

std::optional<std::string> AddressMap::apply(std::string_view address) const {
  if (!address.starts_with(from_)) return std::nullopt;
  const std::string_view rest = address.substr(from_.size());
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  std::string mapped = to_ + std::string(rest);
  return mapped.empty() ? "/" : mapped;
}

std::optional<std::string> AddressRules::apply(std::string_view address) const {
  if (!filter.passes(address)) return std::nullopt;
  for (const AddressMap& map : maps) {
    if (auto mapped = map.apply(address)) return mapped;
  }
  return std::string(address);
}

}  // namespace roomwire::osc
