// Anything that clients may say: one message a line, the first character of which picks who
// says it. Whoever leaves must leave nothing behind.
#include "relay/core.hpp"

#include <array>
#include <cstdlib>

#include "base/bytes.hpp"

namespace {

using namespace roomwire;

class Nowhere : public relay::Sink {
 public:
  void send(relay::SessionId, const relay::SharedText& text) override { queued += text->size(); }
  void close(relay::SessionId, std::uint16_t, const std::string&) override {}
  std::size_t queued_bytes(relay::SessionId) const override { return queued % 1000; }
  std::size_t queued = 0;
};

relay::Limits small_limits() {
  relay::Limits limits;
  limits.message_bytes = 500;
  limits.subscriptions = 3;
  limits.filters_per_request = 3;
  limits.values_per_request = 6;
  limits.values_per_client = 8;
  limits.values_total = 12;
  limits.value_bytes = 70;
  limits.message_burst = 20;
  limits.queued_bytes = 999;
  limits.remembered_events = 2;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Nowhere sink;
  relay::Core core(small_limits(), sink);
  Time now{};
  const std::array sessions = {core.open(now), core.open(now), core.open(now)};
  std::string_view rest = as_text({data, size});
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) continue;
    const auto who = static_cast<std::uint8_t>(line[0]);
    now += std::chrono::milliseconds(who);
    core.message(now, sessions[who % sessions.size()], line.substr(1));
    if (core.values() > small_limits().values_total * 2) std::abort();
  }
  for (const relay::SessionId session : sessions)
    core.closed(session);
  if (core.sessions() != 0 || core.values() != 0) std::abort();
  return 0;
}
