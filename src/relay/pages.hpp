// What the relay says to those who come with plain HTTP.
#pragma once

#include <string>
#include <string_view>

#include "relay/limits.hpp"

namespace roomwire::relay {

struct PageInfo {
  std::string name;
  std::string description;
  std::string version;  ///< Of the software.
  bool has_tls = false;
};

struct HttpRequest {
  std::string_view method;
  std::string_view accept;  ///< The header's value; empty without one, as below.
  std::string_view host;
};

/// A whole HTTP/1.1 response, after which the connection ends. With `Accept:
/// application/nostr+json` it is NIP-11's document, else a short text for people.
std::string respond(const PageInfo& info, const Limits& limits, const HttpRequest& request);

/// The same for a request that is not answered: `status` such as "400 Bad Request".
std::string respond_with_error(std::string_view status, std::string_view text);

}  // namespace roomwire::relay
