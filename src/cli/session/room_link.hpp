// Links to a room: where a browser joins it.
#pragma once

#include <optional>
#include <roomwire/ids.hpp>
#include <string>
#include <string_view>

namespace roomwire::cli {

/// The page of Patchies.
inline constexpr std::string_view patchies_page = "https://patchies.app/";

/// `page` with `?room=` in it, in place of any other; the rest of its query and its fragment stay.
std::string room_link(std::string_view page, const RoomId& room);

/// The first `name` in the query of `url`, decoded as URLSearchParams in a browser does; bytes
/// that are not UTF-8 stay as they are.
std::optional<std::string> query_value(std::string_view url, std::string_view name);

/// Every byte that may stand in a URL for something else is percent-encoded (RFC 3986 section
/// 2.3), and back; in `decoded`, a `+` is a space, and a `%` without two digits stays.
std::string percent_encoded(std::string_view text);
std::string percent_decoded(std::string_view text);

}  // namespace roomwire::cli
