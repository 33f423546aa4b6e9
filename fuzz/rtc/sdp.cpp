// Any text as a description, and the answer to it.
#include "rtc/sdp.hpp"

#include <cstdlib>

#include "base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  using namespace roomwire::rtc;
  const auto offer = SessionDescription::parse(as_text({data, size}));
  if (!offer) return 0;
  LocalDescription local;
  local.credentials = {"ufrag", "passwordpasswordpassword"};
  local.fingerprint = {"sha-256", Bytes(32, 1)};
  local.candidates = offer->candidates;
  const std::string answer = write_answer(local, *offer);
  const auto again = SessionDescription::parse(answer);
  if (!again) {
    // The answer repeats the offer's lines, and may grow beyond the bound by ours.
    if (answer.size() <= SessionDescription::max_size) std::abort();
    return 0;
  }
  if (again->credentials != local.credentials) std::abort();
  if (again->sections.size() != offer->sections.size()) std::abort();
  if (again->data_section != offer->data_section) std::abort();
  return 0;
}
