// A bridge of the gear layer as a part of a session.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "cli/bridge_part.hpp"
#include "cli/session.hpp"

namespace roomwire::cli {

/// `View` observes a `Gear` and shows it: it has show(gear) and end(cut_short).
template <class Gear, class View>
class GearPart final : public BridgePart {
 public:
  template <class Options, class GearOptions>
  static Result<std::unique_ptr<BridgePart>> create(Session& session, const Options& options,
                                                    GearOptions gear_options, bool live) {
    auto part = std::make_unique<GearPart>(session, options, live);
    auto opened =
        Gear::create(session.context(), session.room(), std::move(gear_options), part->view_);
    if (!opened) return tl::unexpected(opened.error());
    part->gear_ = *std::move(opened);
    for (const std::string& line : part->gear_->listening())
      session.status().note(Tone::plain, "listening on " + line);
    part->view_.show(*part->gear_);
    return part;
  }

  template <class Options>
  GearPart(Session& session, const Options& options, bool live) : view_(session, options, live) {}

  void peer_changed(const PeerId& peer, bool is_here) override {
    if (is_here) {
      gear_->peer_joined(peer);
    } else {
      gear_->peer_left(peer);
    }
  }
  void finish(std::function<void()> done) override { gear_->finish(std::move(done)); }
  void end(bool cut_short) override { view_.end(cut_short); }

 private:
  View view_;
  std::unique_ptr<Gear> gear_;  // last: it calls the view
};

}  // namespace roomwire::cli
