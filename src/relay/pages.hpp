// What the relay says to those who come with plain HTTP.
#pragma once

#include <string>
#include <string_view>

#include "relay/http.hpp"
#include "relay/limits.hpp"

namespace roomwire::relay {

struct PageInfo {
  std::string name;
  std::string description;
  std::string version;  ///< Of the software.
  bool has_tls = false;
};

/// With `Accept: application/nostr+json` NIP-11's document, else a short text for people.
HttpResponse respond(const PageInfo& info, const Limits& limits, const HttpRequest& request);

/// NIP-11's document is asked for.
bool wants_document(const HttpRequest& request);

/// The same for a request that is not answered: `status` such as "400 Bad Request".
HttpResponse respond_with_error(std::string_view status, std::string_view text);

}  // namespace roomwire::relay
