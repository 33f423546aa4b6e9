// The metadata of requests and responses: any JSON may come.
#include "room/request.hpp"

#include <cstdlib>

#include "base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  using namespace roomwire::room;
  auto json = Json::parse(as_text({data, size}));
  if (!json) return 0;
  const std::optional<Json> metadata = std::move(*json);
  const auto request = request_of(metadata);
  const auto response = response_of(metadata);
  if (request.has_value() != response.has_value()) std::abort();
  if (!request) return 0;
  const auto again = request_of(request_metadata(request->id, request->metadata).value());
  if (!again || again->id != request->id || again->metadata != request->metadata) std::abort();
  const auto back = response_of(response_metadata(response->id, response->error));
  if (!back || back->id != response->id || back->error != response->error) std::abort();
  return 0;
}
