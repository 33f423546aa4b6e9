// A bridge as a part of a session.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "cli/bridges/bridge_part.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {

/// `View` observes a `Bridge` and shows it: it has show(bridge) and end(cut_short).
template <class Bridge, class View>
class BridgeAdapter final : public BridgePart {
 public:
  template <class Options, class BridgeOptions>
  static Result<std::unique_ptr<BridgePart>> create(Session& session, const Options& options,
                                                    BridgeOptions bridge_options, bool live) {
    auto part = std::make_unique<BridgeAdapter>(session, options, live);
    auto opened =
        Bridge::create(session.context(), session.room(), std::move(bridge_options), part->view_);
    if (!opened) return tl::unexpected(opened.error());
    part->bridge_ = *std::move(opened);
    for (const std::string& line : part->bridge_->listening())
      session.status().note(Tone::plain, "listening on " + line);
    part->view_.show(*part->bridge_);
    return part;
  }

  template <class Options>
  BridgeAdapter(Session& session, const Options& options, bool live)
      : view_(session, options, live) {}

  void peer_changed(const PeerId& peer, bool is_here) override {
    if (is_here) {
      bridge_->peer_joined(peer);
    } else {
      bridge_->peer_left(peer);
    }
  }
  void finish(std::function<void()> done) override { bridge_->finish(std::move(done)); }
  void end(bool cut_short) override { view_.end(cut_short); }

 private:
  View view_;
  std::unique_ptr<Bridge> bridge_;  // last: it calls the view
};

}  // namespace roomwire::cli
