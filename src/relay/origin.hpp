// Which pages in browsers may use a server. A browser says truly where a page is from (the header
// Origin, RFC 6454), so this keeps pages out, and no program that is not a browser.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relay/http.hpp"

namespace roomwire::relay {

/// Origins as browsers send them, such as `https://patchies.app` or `null`, in lower case.
using Origins = std::vector<std::string>;

/// Whether no stranger can lead a browser to this server by the request's Host: it is an address,
/// or a name that nobody on the internet can own, or an encrypted connection needed our
/// certificate, or it is the host of one of `allowed`. Any other name may be a stranger's that he
/// lets point here (DNS rebinding): his page would count as ours.
bool has_own_host(const HttpRequest& request, const Origins& allowed);

/// Why the page that asks for a WebSocket may not have one, as a line for a person; nothing when
/// it may: it is one of `allowed` or, where we serve pages, one of ours. What names no origin is
/// no browser.
std::optional<std::string> refuse_page(const HttpRequest& request, const Origins& allowed,
                                       bool serves_pages);

}  // namespace roomwire::relay
