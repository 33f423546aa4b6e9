// A request of plain HTTP, and its answer.
#pragma once

#include <string>
#include <string_view>

namespace roomwire::relay {

/// What answers depend on. Headers are their values; empty without one.
struct HttpRequest {
  std::string_view method;
  std::string_view target;
  std::string_view accept;
  std::string_view accept_encoding;
  std::string_view if_none_match;
  std::string_view host;
  std::string_view origin;
  bool has_tls = false;  ///< The connection is encrypted.
};

/// A whole HTTP/1.1 response, after which the connection ends: `text`, and then `file`, which is
/// not copied and lives as long as the program.
struct HttpResponse {
  std::string text;
  std::string_view file;
};

}  // namespace roomwire::relay
