#include "osc/message.hpp"

#include <algorithm>
#include <cmath>

#include "osc/refusal.hpp"

namespace roomwire::osc {
namespace {

// RFC 868: from 1900 to 1970.
constexpr std::int64_t seconds_1900_to_1970 = 2'208'988'800;
constexpr double two_to_32 = 4'294'967'296.0;

}  // namespace

std::optional<TimeTag> TimeTag::from_unix_seconds(double seconds) {
  const double whole = std::floor(seconds);
  const double since_1900 = whole + static_cast<double>(seconds_1900_to_1970);
  if (!(since_1900 >= 0 && since_1900 < two_to_32)) return std::nullopt;
  const auto fraction = static_cast<std::uint64_t>((seconds - whole) * two_to_32);
  return TimeTag{static_cast<std::uint64_t>(since_1900) << 32 | fraction};
}

TimeTag TimeTag::from_unix_time(std::chrono::nanoseconds time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = static_cast<std::uint64_t>((time - whole).count());
  return {static_cast<std::uint64_t>(whole.count() + seconds_1900_to_1970) << 32 |
          (rest << 32) / 1'000'000'000U};
}

std::chrono::nanoseconds TimeTag::unix_time() const {
  const auto whole = static_cast<std::int64_t>(ntp >> 32) - seconds_1900_to_1970;
  const std::uint64_t fraction = (ntp & 0xffff'ffffU) * 1'000'000'000U >> 32;
  return std::chrono::seconds(whole) +
         std::chrono::nanoseconds(static_cast<std::int64_t>(fraction));
}

char tag_of(const Argument& argument) {
  if (const auto* flag = std::get_if<bool>(&argument)) return *flag ? 'T' : 'F';
  // In the order of the variant; bool was dealt with above.
  constexpr std::string_view tags = "ifsbhtdScrm?NI[";
  static_assert(std::variant_size_v<Argument> == tags.size());
  return tags[argument.index()];
}

std::optional<std::string> address_fault(std::string_view address) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (address.empty()) return "the address is empty";
  if (address.find('\0') != std::string_view::npos) {
    return "address " + in_quotes(address) + " contains NUL";
  }
  if (address.front() == '/') return std::nullopt;
  const std::string fault = "address " + in_quotes(address) + " does not begin with / and ";
  if (address == "#bundle") return fault + "is the head of a bundle";
  if (address.front() == ',') return fault + "looks like type tags";
  if (std::any_of(address.begin(), address.end(), is_control)) {
    return fault + "contains a control character";
  }
  return std::nullopt;
}

}  // namespace roomwire::osc
