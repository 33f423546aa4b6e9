// What parses survives being written and parsed again.
#include "rtc/candidate.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using roomwire::rtc::Candidate;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto candidate = Candidate::parse(line);
  if (!candidate) return 0;
  const std::string text = candidate->to_string();
  const auto again = Candidate::parse(text);
  if (!again || again->to_string() != text) std::abort();
  return 0;
}
