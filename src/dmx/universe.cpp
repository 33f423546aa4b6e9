#include "dmx/universe.hpp"

#include "base/number.hpp"
#include "base/refusal.hpp"

namespace roomwire::dmx {
namespace {

/// "1.2.3" as the number of a Port-Address; nothing when it is none.
std::optional<std::uint32_t> dotted_number(std::string_view text) {
  constexpr std::array<std::uint32_t, 3> most = {127, 15, 15};
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < most.size(); ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == most.size())) return std::nullopt;
    const auto part = parse_number<std::uint32_t>(text.substr(0, dot));
    if (!part || *part > most[i]) return std::nullopt;
    number = number << 4 | *part;
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  }
  return number;
}

std::optional<std::uint32_t> plain_or_dotted_number(std::string_view text) {
  if (text.find('.') != std::string_view::npos) return dotted_number(text);
  return parse_number<std::uint32_t>(text);
}

}  // namespace

std::optional<PortAddress> PortAddress::from_number(std::uint32_t number) {
  if (number > max) return std::nullopt;
  return PortAddress(static_cast<std::uint16_t>(number));
}

Result<PortAddress> PortAddress::parse(std::string_view text) {
  if (const auto number = plain_or_dotted_number(text)) {
    if (const auto address = from_number(*number)) return *address;
  }
  return failure(ErrorKind::invalid_input,
                 in_quotes(text) +
                     " is no Art-Net universe: write Net.Sub-Net.Universe from 0.0.0 to "
                     "127.15.15, or one number from 0 to 32767");
}

std::string PortAddress::to_string() const {
  return std::to_string(net()) + "." + std::to_string(sub_net()) + "." + std::to_string(universe());
}

std::optional<SacnUniverse> SacnUniverse::from_number(std::uint32_t number) {
  if (number < 1 || number > max) return std::nullopt;
  return SacnUniverse(static_cast<std::uint16_t>(number));
}

Result<SacnUniverse> SacnUniverse::parse(std::string_view text) {
  if (const auto number = parse_number<std::uint32_t>(text)) {
    if (const auto universe = from_number(*number)) return *universe;
  }
  return failure(ErrorKind::invalid_input,
                 in_quotes(text) + " is no sACN universe: write a number from 1 to 63999");
}

std::optional<RoomUniverse> RoomUniverse::from_number(std::uint32_t number) {
  if (number > max) return std::nullopt;
  return RoomUniverse(static_cast<std::uint16_t>(number));
}

Result<RoomUniverse> RoomUniverse::parse(std::string_view text) {
  if (const auto number = plain_or_dotted_number(text)) {
    if (const auto universe = from_number(*number)) return *universe;
  }
  return failure(ErrorKind::invalid_input,
                 in_quotes(text) +
                     " is no universe: write a number from 0 to 63999, or for Art-Net "
                     "Net.Sub-Net.Universe");
}

}  // namespace roomwire::dmx
