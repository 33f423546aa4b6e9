// roomwire dmx: a room's channels and lights, by Art-Net and sACN.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridges/dmx/dmx_bridge.hpp"
#include "cli/bridges/bridge_adapter.hpp"
#include "cli/bridges/bridge_screen.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/dmx_discovery.hpp"
#include "cli/io/enter_key.hpp"
#include "cli/screen/dmx_picture.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

tl::unexpected<Error> wrong(const std::string& flag, const std::string& problem) {
  return failure(ErrorKind::invalid_input, flag + ": " + problem);
}

Result<std::vector<bridges::DmxUrl>> read_urls(const std::string& flag,
                                               const std::vector<std::string>& texts,
                                               sockets::SocketRole role) {
  std::vector<bridges::DmxUrl> urls;
  for (const std::string& text : texts) {
    auto url = bridges::DmxUrl::parse(text, role);
    if (!url) return wrong(flag, url.error().message);
    urls.push_back(*std::move(url));
  }
  return urls;
}

Result<void> read_limits(const DmxOptions& options, bridges::DmxBridgeOptions& out) {
  out.limits = dmx::UniverseLimits(out.base);
  for (const std::string& rule : options.allow) {
    if (auto done = out.limits.allow(rule); !done) return wrong("--allow", done.error().message);
  }
  for (const std::string& rule : options.max) {
    if (auto done = out.limits.cap(rule); !done) return wrong("--max", done.error().message);
  }
  if (auto done = out.limits.set_grand_master(options.grand_master); !done)
    return wrong("--grand-master", done.error().message);
  for (const dmx::RoomUniverse universe : out.limits.named()) {
    const bool known = std::any_of(out.to.begin(), out.to.end(), [&](const bridges::DmxUrl& url) {
      return url.room_universe() == universe;
    });
    if (!known) {
      return wrong("--allow, --max", fmt::format("universe {} has no --to", universe.number()));
    }
  }
  return {};
}

bool sends(const bridges::DmxBridgeOptions& options, bool artnet) {
  return std::any_of(options.to.begin(), options.to.end(), [&](const bridges::DmxUrl& url) {
    return std::holds_alternative<dmx::PortAddress>(url.universe) == artnet;
  });
}

Result<void> read_sync(const DmxOptions& options, bridges::DmxBridgeOptions& out) {
  if (options.artsync && !sends(out, true)) return wrong("--artsync", "no --to is artnet://");
  if (options.sync_universe.empty()) return {};
  const auto universe = dmx::SacnUniverse::parse(options.sync_universe);
  if (!universe) return wrong("--sync-universe", universe.error().message);
  if (!sends(out, false)) return wrong("--sync-universe", "no --to is sacn://");
  out.sync_universe = *universe;
  return {};
}

Result<bridges::DmxBridgeOptions> bridge_options(const DmxOptions& options) {
  bridges::DmxBridgeOptions out;
  out.channels = options.channels;
  if (out.channels.empty()) out.channels.emplace_back("dmx");
  auto to = read_urls("--to", options.to, sockets::SocketRole::destination);
  if (!to) return tl::unexpected(to.error());
  out.to = *std::move(to);
  auto listen = read_urls("--listen", options.listen, sockets::SocketRole::listener);
  if (!listen) return tl::unexpected(listen.error());
  out.listen = *std::move(listen);
  out.base = options.counts_from_one ? dmx::ChannelBase::one : dmx::ChannelBase::zero;
  out.full = static_cast<std::uint16_t>(options.full);
  if (auto read = read_limits(options, out); !read) return tl::unexpected(read.error());
  if (options.merge != "ltp" && options.merge != "htp")
    return wrong("--merge", "'" + printable(options.merge, 60) + "' is neither ltp nor htp");
  out.merge = options.merge == "htp" ? dmx::MergeMode::highest : dmx::MergeMode::latest;
  const auto on_leave = dmx::OnLeave::parse(options.on_leave);
  if (!on_leave) return wrong("--on-leave", on_leave.error().message);
  out.on_leave = *on_leave;
  out.from = options.from;
  out.rate = static_cast<unsigned>(options.rate);
  if (options.priority && !sends(out, false)) return wrong("--priority", "no --to is sacn://");
  if (options.source_name && !sends(out, false))
    return wrong("--source-name", "no --to is sacn://");
  if (options.priority) out.priority = static_cast<std::uint8_t>(*options.priority);
  if (options.source_name) out.source_name = *options.source_name;
  out.artsync = options.artsync;
  if (auto read = read_sync(options, out); !read) return tl::unexpected(read.error());
  out.dry_run = options.dry_run;
  return out;
}

/// The bridge as a person sees it.
class DmxView final : public bridges::DmxBridgeObserver {
 public:
  DmxView(Session& session, const DmxOptions& options, bool live)
      : session_(session),
        first_channel_(options.counts_from_one ? 1 : 0),
        screen_(session, options.monitor, live) {}

  void show(const bridges::DmxBridge& bridge) {
    bridge_ = &bridge;
    if (!screen_.is_live()) return;
    enter_.emplace([this] {
      note_typed_line();
      session_.context().post([this] {
        ++shown_;
        if (screen_.is_live()) paint();
      });
    });
    screen_.start([this](double seconds) { refresh(seconds); });
  }

  void end(bool cut_short) {
    enter_.reset();
    const bridges::DmxBridgeStats stats = bridge_->stats();
    screen_.end(cut_short, fmt::format("frames to lights {}, messages to the room {}{}",
                                       stats.frames, stats.updates, not_as_sent(stats)));
  }

 private:
  void on_end_change(bool up, const std::string& line) override { screen_.note_change(up, line); }
  void on_dropped(const std::string& line) override { screen_.note_dropped(line); }

  void on_levels(bool to_lights, const std::string& universe, const dmx::Update& changes) override {
    if (!screen_.wants_lines()) return;
    line_ = (to_lights ? "> " : "< ") + universe + ':';
    for (std::size_t slot = 0; slot < dmx::slot_count; ++slot) {
      if (changes.given[slot])
        line_ += fmt::format(" {}={}", slot + first_channel_, changes.values[slot]);
    }
    line_ += '\n';
    screen_.print(line_);
  }

  void refresh(double seconds) {
    universes_ = bridge_->universes();
    rates_.resize(universes_.size());
    for (std::size_t i = 0; i < universes_.size() && seconds > 0; ++i) {
      // The mean of about two seconds, so that figures can be read.
      Rate& rate = rates_[i];
      const auto packets = static_cast<double>(universes_[i].packets - rate.packets);
      rate.packets = universes_[i].packets;
      rate.per_second += (packets / seconds - rate.per_second) * std::min(1.0, seconds / 2);
    }
    paint();
  }

  void paint() {
    const TerminalSize size = terminal_size();
    std::string lines;
    if (!universes_.empty()) {
      const std::size_t index = shown_ % universes_.size();
      for (const std::string& line : draw(picture(index), size, can_show_colours()))
        lines += line + '\n';
    }
    show_live(lines + printable(status(), std::clamp<std::size_t>(size.columns, 8, 104) - 4));
  }

  UniversePicture picture(std::size_t index) const {
    const bridges::DmxUniverseView& view = universes_[index];
    UniversePicture out;
    out.title = fmt::format("{} {}, {:.0f} frames/s", view.name,
                            view.to_lights ? "to lights" : "from desks", rates_[index].per_second);
    if (universes_.size() > 1)
      out.title +=
          fmt::format("; universe {} of {}, Enter shows the next", index + 1, universes_.size());
    out.levels = view.levels;
    for (const auto& source : view.sources)
      out.sources.push_back({source.name, source.drives});
    out.first_channel = first_channel_;
    return out;
  }

  std::string status() const {
    const bridges::DmxBridgeStats stats = bridge_->stats();
    double frames = 0;
    for (std::size_t i = 0; i < universes_.size(); ++i)
      frames += universes_[i].to_lights ? rates_[i].per_second : 0;
    return fmt::format("{}, {} driving; {:.0f} frames/s to lights{}", peers_in_words(session_),
                       stats.sources, frames, not_as_sent(stats));
  }

  static std::string not_as_sent(const bridges::DmxBridgeStats& stats) {
    return (stats.clamped > 0 ? fmt::format("; clamped {}", stats.clamped) : "") +
           in_words(stats.dropped);
  }

  struct Rate {
    std::uint64_t packets = 0;
    double per_second = 0;
  };

  Session& session_;
  const bridges::DmxBridge* bridge_ = nullptr;
  std::size_t first_channel_;
  std::vector<bridges::DmxUniverseView> universes_;
  std::vector<Rate> rates_;  ///< Of each universe.
  std::size_t shown_ = 0;    ///< Which universe, counted on and on.
  std::string line_;
  BridgeScreen screen_;
  std::optional<EnterKey> enter_;  // last: its thread calls us
};

using DmxPart = BridgeAdapter<bridges::DmxBridge, DmxView>;

}  // namespace

Result<std::unique_ptr<BridgePart>> make_dmx_part(Session& session, const DmxOptions& options) {
  auto read = bridge_options(options);
  if (!read) return tl::unexpected(read.error());
  return DmxPart::create(session, options, *std::move(read), false);
}

int dmx(const DmxOptions& options) {
  if (options.discover) return discover_dmx(options);
  auto read = bridge_options(options);
  if (!read) return fail_with(read.error());
  return run_bridge(options.connection, options.monitor, [&](Session& session, bool live) {
    return DmxPart::create(session, options, *std::move(read), live);
  });
}

}  // namespace roomwire::cli
