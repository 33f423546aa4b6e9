// What the values of flags mean. Every failure is invalid_input, its message says what is wrong
// with the value and what to write instead; the caller puts the flag's name before it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <roomwire/error.hpp>
#include <roomwire/ids.hpp>
#include <roomwire/options.hpp>
#include <roomwire/relay_url.hpp>
#include <string>
#include <string_view>

#include "cli/flags/options.hpp"

namespace roomwire::cli {

/// A room's id, or any link with `?room=` in it, read as URLSearchParams in a browser does.
/// Text with `://`, `?room=` or `&room=` in it is a link.
Result<RoomId> parse_room(std::string_view text);

/// The relay that may serve the page of a link: of one that begins with http://, or names a port,
/// as those of `roomwire web` do. A guess: somebody's own Patchies has none.
std::optional<RelayUrl> relay_of_page(std::string_view link);

/// `stun:host[:port]`.
Result<IceServer> parse_ice_server(std::string_view text);

/// A whole number from `least` to `most`.
Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);

/// Bytes: a whole number, with k (1024), M or G after it if wanted; from 1k to 1G.
Result<std::size_t> parse_size(std::string_view text);

/// Seconds, with a fraction if wanted; from 0.001 to 31,536,000 (a year).
Result<std::chrono::milliseconds> parse_seconds(std::string_view text);

/// `ADDR:PORT`, `[IPV6]:PORT` or `PORT` alone (on 127.0.0.1). `localhost` is 127.0.0.1.
Result<ListenAddress> parse_listen(std::string_view text);

/// Where pages are from, as browsers say it: `http://HOST[:PORT]`, `https://…` or `null`. In lower
/// case, without the scheme's own port and without a slash at the end.
Result<std::string> parse_origin(std::string_view text);

/// A room nobody else has: a random UUID (RFC 4122, version 4), as Patchies makes them.
RoomId new_room();

/// `patchies`, or the URL of a page that takes `?room=`: the page's URL.
Result<std::string> parse_page(std::string_view text);

}  // namespace roomwire::cli
