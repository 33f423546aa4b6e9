// A pattern and an address: matching ends, and agrees with the plain definition by recursion where
// that ends too.
#include "osc/pattern.hpp"

#include <cstdlib>

#include "base/bytes.hpp"

namespace {

using std::size_t;
using std::string_view;

bool matches(string_view pattern, string_view address, int& steps);

bool matches_set(string_view set, char c) {
  const bool negated = set.starts_with('!');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (size_t i = 0; i < set.size(); ++i) {
    const bool range = i + 2 < set.size() && set[i + 1] == '-';
    const auto value = static_cast<unsigned char>(c);
    found = found || (value >= static_cast<unsigned char>(set[i]) &&
                      value <= static_cast<unsigned char>(set[range ? i + 2 : i]));
    if (range) i += 2;
  }
  return c != '/' && found != negated;
}

bool matches_choice(string_view pattern, string_view address, int& steps) {
  const size_t close = pattern.find('}');
  string_view choices = pattern.substr(1, close - 1);
  while (true) {
    const size_t comma = choices.find(',');
    const string_view choice = choices.substr(0, comma);
    if (address.starts_with(choice) &&
        matches(pattern.substr(close + 1), address.substr(choice.size()), steps)) {
      return true;
    }
    if (comma == string_view::npos) return false;
    choices.remove_prefix(comma + 1);
  }
}

bool matches(string_view pattern, string_view address, int& steps) {
  if (--steps < 0) return false;
  if (pattern.empty()) return address.empty();
  if (pattern.starts_with("//")) {
    if (!address.starts_with('/')) return false;
    if (pattern.size() == 2) return true;
    for (size_t i = 0; i < address.size(); ++i) {
      if (address[i] == '/' && matches(pattern.substr(2), address.substr(i + 1), steps))
        return true;
    }
    return false;
  }
  if (pattern[0] == '*') {
    if (matches(pattern.substr(1), address, steps)) return true;
    return !address.empty() && address[0] != '/' && matches(pattern, address.substr(1), steps);
  }
  if (pattern[0] == '{') return matches_choice(pattern, address, steps);
  if (address.empty()) return false;
  if (pattern[0] == '[') {
    const size_t close = pattern.find(']');
    return matches_set(pattern.substr(1, close - 1), address[0]) &&
           matches(pattern.substr(close + 1), address.substr(1), steps);
  }
  const bool same = pattern[0] == '?' ? address[0] != '/' : pattern[0] == address[0];
  return same && matches(pattern.substr(1), address.substr(1), steps);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace roomwire;
  const string_view input = as_text({data, size});
  const size_t end = std::min(input.find('\n'), input.size());
  const auto pattern = osc::Pattern::parse(input.substr(0, end));
  if (!pattern) return 0;
  const string_view address = input.substr(std::min(end + 1, input.size()));
  const bool matched = pattern->matches(address);
  int steps = 20'000;
  const bool expected = pattern->text() == "//" || matches(pattern->text(), address, steps);
  if (steps >= 0 && address.size() <= osc::Pattern::max_address_size && matched != expected) {
    std::abort();
  }
  return 0;
}
