#include "cli/screen/loss_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_named_peers = 64;
constexpr std::chrono::milliseconds longest_pause = 1min;
constexpr const char* others = "others";

}  // namespace

void LossReport::lost(const std::string& peer) {
  any_ = true;
  const bool named = counts_.size() < max_named_peers || counts_.contains(peer);
  ++counts_[named ? peer : others];
  if (!waits_) say_later();
}

// Rarer and rarer, each time with the number since the last.
void LossReport::say_later() {
  waits_ = true;
  session_.context().post_after(pause_, [this] {
    waits_ = false;
    end();
  });
  pause_ = std::min(2 * pause_, longest_pause);
}

void LossReport::end() {
  for (const auto& [peer, count] : std::exchange(counts_, {})) {
    const char* plural = count == 1 ? "" : "s";
    say_("standard output is not read: " +
         (peer.empty() ? fmt::format("{} line{} left out", count, plural)
                       : fmt::format("{} message{} of {} lost", count, plural, printable(peer))));
  }
}

}  // namespace roomwire::cli
