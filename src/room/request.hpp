// Requests and responses on top of actions (actions.mjs of @trystero-p2p/core, 0.25): which one
// a message belongs to stands in its metadata.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "roomwire/error.hpp"
#include "roomwire/payload.hpp"

namespace roomwire::room {

/// What makes a message a request (0.25): metadata `{"r":<id>,"m":<user's metadata>}`.
struct Request {
  std::string id;
  std::optional<Json> metadata;
};
std::optional<Request> request_of(const std::optional<Json>& metadata);

/// Metadata of `@_response`: `{"r":<id>}`, with `"e":<message>` when the request failed.
struct Response {
  std::string id;
  std::optional<std::string> error;
};
std::optional<Response> response_of(const std::optional<Json>& metadata);

/// Fails with invalid_input when the user's metadata leaves no level of nesting for its wrapping.
Result<Json> request_metadata(std::string_view id, const std::optional<Json>& metadata);
/// What is not UTF-8 is made so.
Json response_metadata(std::string_view id, const std::optional<std::string>& error);

}  // namespace roomwire::room
