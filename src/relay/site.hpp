// The pages that a server has on the relay's port.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relay/http.hpp"
#include "relay/origin.hpp"

namespace roomwire::relay {

/// A file as it is served. All of it lives as long as the program.
struct SiteFile {
  std::string_view path;  ///< Such as `/assets/index-1a2b3c4d.js`.
  std::string_view type;  ///< Content-Type.
  std::string_view etag;  ///< Of the content, without quotes.
  std::string_view plain;
  std::string_view gzip;      ///< The same, compressed.
  bool is_immutable = false;  ///< Its name changes with its content.
};

struct Site {
  std::vector<SiteFile> files;  ///< `/index.html` is `/`, too.
  std::string config;           ///< JSON: `/config.json`.
};

/// Answers GET and HEAD of what is there, whatever the query, and 404 or 405 to all else.
/// A Host that is not ours (has_own_host) gets 421.
HttpResponse respond(const Site& site, const Origins& allowed, const HttpRequest& request);

/// The target's path: without query and fragment, and of an absolute URL (RFC 9112 section 3.2.2)
/// without scheme and host. Not decoded.
std::string_view path_of(std::string_view target);

}  // namespace roomwire::relay
