#include "osc/loop_watch.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace roomwire::osc {

namespace {

std::size_t hash_of(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

}  // namespace

LoopWatch::Verdict LoopWatch::judge(Time now, const PeerId& bridge, std::string_view text) {
  Watched& watched = watched_[bridge];
  const std::size_t hash = hash_of(text);
  if (hash == watched.suspect) ++watched.suspect_count;
  switch (watched.phase) {
    case Phase::proved:
      if (!was_sent(now, hash)) return Verdict::pass;
      watched.until = now + mended;
      return Verdict::leave_out;
    case Phase::holding:
      if (hash != watched.suspect || now < watched.until - holding + in_flight)
        return Verdict::hold;
      acquit(bridge, watched, now + acquittal);
      return Verdict::pass;
    case Phase::probing:
      return Verdict::pass;
    case Phase::calm:
      break;
  }
  if (now < watched.until || !is_suspicious(watched, now, hash)) return Verdict::pass;
  watched.phase = Phase::probing;
  watched.until = now + probing;
  watched.suspect = hash;
  watched.suspect_count = 0;
  watched.counts.clear();
  probe_ = port_.send_probe();
  return Verdict::pass;
}

bool LoopWatch::is_suspicious(Watched& watched, Time now, std::size_t hash) {
  if (now - watched.window_began >= std::chrono::seconds(1)) {
    watched.window_began = now;
    watched.counts.clear();
  }
  if (watched.counts.size() >= max_texts && watched.counts.count(hash) == 0) return false;
  return ++watched.counts[hash] > suspicious;
}

void LoopWatch::acquit(const PeerId& bridge, Watched& watched, Time until) {
  const bool held = watched.phase == Phase::holding;
  watched.phase = Phase::calm;
  watched.until = until;
  watched.silent_holds = 0;
  if (held) port_.release(bridge, true);
}

void LoopWatch::prove(const PeerId& bridge, Watched& watched, Time now, const std::string& how) {
  const bool held = watched.phase == Phase::holding;
  if (watched.phase != Phase::proved) ++proved_;
  watched.phase = Phase::proved;
  watched.until = now + mended;
  watched.silent_holds = 0;
  port_.found_loop(bridge, how);
  if (held) port_.release(bridge, false);
}

void LoopWatch::heard_probe(Time now, const PeerId& bridge, std::uint64_t number,
                            const std::string& from) {
  if (probe_ == 0 || number != probe_) return;
  Watched& watched = watched_[bridge];
  if (watched.phase == Phase::proved) return;
  prove(bridge, watched, now, "comes back to it" + (from.empty() ? "" : ", from " + from));
}

void LoopWatch::end_phase(const PeerId& bridge, Watched& watched, Time now) {
  switch (watched.phase) {
    case Phase::calm:
      return;
    case Phase::probing:
      if (watched.suspect_count < still_suspicious) return acquit(bridge, watched, now + pause);
      watched.phase = Phase::holding;
      watched.until = now + holding;
      return;
    case Phase::holding:
      if (++watched.silent_holds == silent_holds_of_a_loop) {
        return prove(bridge, watched, now,
                     "comes back to it (while nothing is sent, nothing comes)");
      }
      // It may have ended just then: does it go on?
      watched.phase = Phase::probing;
      watched.until = now + probing;
      watched.suspect_count = 0;
      return port_.release(bridge, true);
    case Phase::proved:
      --proved_;
      return acquit(bridge, watched, now);
  }
}

void LoopWatch::gone(const PeerId& bridge) {
  const auto found = watched_.find(bridge);
  if (found == watched_.end()) return;
  const Phase phase = found->second.phase;
  watched_.erase(found);
  if (phase == Phase::proved) --proved_;
  if (phase == Phase::holding) port_.release(bridge, true);
}

void LoopWatch::cannot_hold(Time now, const PeerId& bridge) {
  const auto found = watched_.find(bridge);
  if (found != watched_.end()) acquit(bridge, found->second, now + pause);
}

Deadline LoopWatch::next_timeout() const {
  Deadline next;
  for (const auto& [bridge, watched] : watched_) {
    if (watched.phase != Phase::calm) next = earlier(next, watched.until);
  }
  return next;
}

void LoopWatch::handle_timeout(Time now) {
  for (auto& [bridge, watched] : watched_) {
    if (watched.phase != Phase::calm && watched.until <= now) end_phase(bridge, watched, now);
  }
}

// ---- echoes ----

void LoopWatch::sent(Time now, std::string_view text) {
  if (proved_ == 0) return;
  turn_page(now);
  if (sent_.size() < max_texts) sent_.insert(hash_of(text));
}

bool LoopWatch::was_sent(Time now, std::size_t hash) {
  turn_page(now);
  return sent_.count(hash) + sent_before_.count(hash) > 0;
}

void LoopWatch::turn_page(Time now) {
  const Duration passed = now - page_began_;
  if (passed < echo) return;
  page_began_ = now;
  sent_before_ = std::exchange(sent_, {});
  if (passed >= 2 * echo) sent_before_.clear();
}

}  // namespace roomwire::osc
