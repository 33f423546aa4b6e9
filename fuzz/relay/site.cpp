// Any request: a line each for target, Accept-Encoding and If-None-Match. Nothing but the page may
// come back.
#include "relay/site.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

using namespace roomwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const relay::Site site{
      {{"/index.html", "text/html", "e1", "plain", "gzip", false},
       {"/assets/a-1a2b3c4d.js", "text/javascript", "e2", "js plain", "js gzip", true}},
      "{}"};
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  relay::HttpRequest request;
  request.has_tls = size % 2 == 0;
  request.method = size % 3 == 0 ? "HEAD" : "GET";
  request.target = lines[0];
  request.accept_encoding = lines[1];
  request.if_none_match = lines[2];
  const relay::HttpResponse response = relay::respond(site, {}, request);
  const bool is_known = std::any_of(site.files.begin(), site.files.end(), [&](const auto& file) {
    return response.file == file.plain || response.file == file.gzip;
  });
  if (!response.file.empty() && !is_known) std::abort();
  if (response.text.find("\r\n\r\n") == std::string::npos) std::abort();
  return 0;
}
