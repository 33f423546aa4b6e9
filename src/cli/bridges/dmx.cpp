// The DMX bridge in the program: `roomwire dmx`, and the flags --dmx-… of web.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridges/dmx/dmx_bridge.hpp"
#include "cli/bridges/bridge_kinds.hpp"
#include "cli/bridges/bridge_screen.hpp"
#include "cli/bridges/dmx_discovery.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/io/enter_key.hpp"
#include "cli/screen/dmx_picture.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

constexpr CommandHelp dmx_help{
    R"(Bridge a room and lights: levels that come on a channel go out as Art-Net and
sACN, and what a lighting desk sends goes into the room.)",
    R"(Examples:
  roomwire dmx --room LINK --to artnet://192.168.1.50/0.0.1
  roomwire dmx --room LINK --to sacn://1 --on-leave fade:2s
  roomwire dmx --room LINK --listen sacn://5 --channel desk
  roomwire dmx --discover
--to is artnet://HOST/NET.SUBNET.UNIVERSE, artnet://broadcast/N, sacn://N
(multicast) or sacn://N@HOST; --listen is artnet://N[@ADDRESS] or
sacn://N[@ADDRESS]. A port may follow HOST and ADDRESS, and ?interface=NAME.
--listen hears unicast, broadcasts and multicast; ADDRESS is one of this machine.
In the room a message is [{"channel":0,"value":255}], [255,0,128] or bytes for
the first channels, {"type":"blackout"}, or {"universe":1,"channels":[255]}.
Values are from 0 to 255, or to --scale; beyond an end they count as that end.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

Flag url_list(const char* name, const char* help, sockets::SocketRole role,
              std::vector<bridges::DmxUrl>& out) {
  return {name, "URL", help, true, [&out, role](const std::string& text) -> Problem {
            std::string whole;
            if (auto problem = take_text(text, "a value", whole)) return problem;
            return append(bridges::DmxUrl::parse(whole, role), out);
          }};
}

class DmxRun final : public BridgeRun, bridges::DmxBridgeObserver {
 public:
  void add_flags(BridgeFlags& flags) override {
    add_ends(flags);
    if (flags.is_own_command())
      flags.add("--discover", discover_, "List Art-Net nodes and sACN sources, and end");
    flags.add("--monitor", monitor_, "Print the levels that change");
    flags.add("--dry-run", options_.dry_run, "Send nothing, to either side");
    add_rules(flags);
    add_sacn(flags);
  }

  void check(const BridgeFlags& flags) override {
    if (discover_) {
      return flags.allow_alone({"--discover", "--timeout", "--quiet", "--verbose"},
                               "does nothing beside --discover, which joins no room; leave it out");
    }
    if (options_.to.empty() && options_.listen.empty()) {
      flags.reject("--to",
                   "is missing, and --listen is, too; give where levels go to or come from");
    }
    flags.need(!options_.to.empty(),
               {"--on-leave", "--merge", "--from", "--allow", "--max", "--grand-master", "--rate",
                "--priority", "--source-name", "--artsync", "--sync-universe"},
               "needs --to; it is about levels that are sent to lights");
    if (options_.channels.empty()) options_.channels.emplace_back("dmx");
    options_.base = counts_from_one_ ? dmx::ChannelBase::one : dmx::ChannelBase::zero;
    check_limits(flags);
    if (flags.has("--priority") && !sends(false)) flags.reject("--priority", "no --to is sacn://");
    if (flags.has("--source-name") && !sends(false))
      flags.reject("--source-name", "no --to is sacn://");
    if (options_.artsync && !sends(true)) flags.reject("--artsync", "no --to is artnet://");
    if (options_.sync_universe && !sends(false))
      flags.reject("--sync-universe", "no --to is sacn://");
  }

  std::optional<int> instead(const ConnectionOptions& connection) override {
    if (!discover_) return std::nullopt;
    return discover_dmx(connection);
  }

  bool is_monitor() const override { return monitor_; }

  Result<void> open(Session& session, BridgeScreen& screen) override {
    session_ = &session;
    screen_ = &screen;
    auto opened =
        bridges::DmxBridge::create(session.context(), session.room(), std::move(options_), *this);
    if (!opened) return tl::unexpected(opened.error());
    bridge_ = *std::move(opened);
    return {};
  }
  bridges::Bridge& bridge() override { return *bridge_; }

  void show() override {
    if (!screen_->is_live()) return;
    enter_.emplace([this] {
      note_typed_line();
      session_->context().post([this] {
        ++shown_;
        if (screen_->is_live()) paint();
      });
    });
    screen_->start([this](double seconds) { refresh(seconds); });
  }

  void end() override {
    enter_.reset();
    const bridges::DmxBridgeStats stats = bridge_->stats();
    session_->status().note(
        Tone::plain, fmt::format("frames to lights {}, messages to the room {}{}", stats.frames,
                                 stats.updates, not_as_sent(stats)));
  }

 private:
  void add_ends(BridgeFlags& flags) {
    using sockets::SocketRole;
    flags.add(url_list("--to", "Send levels there; repeat for more", SocketRole::destination,
                       options_.to));
    flags.add(url_list("--listen", "Take a desk's levels; repeat for more", SocketRole::listener,
                       options_.listen));
    flags.add(
        list("--channel", "NAME", "Channel of the room; repeat for more (dmx)", options_.channels));
    flags.add({"--channel-base", "0|1", "The number of the first DMX channel (0)", false,
               [this](const std::string& text) -> Problem {
                 const auto base = parse_number(text, 0, 1);
                 if (!base) return base.error().message;
                 counts_from_one_ = *base == 1;
                 return std::nullopt;
               }});
    flags.add({"--scale", "N", "The value that is full in messages, such as 1 or 100 (255)", false,
               [this](const std::string& text) {
                 return store(narrowed(parse_number(text, 1, 65'535)), options_.full);
               }});
  }

  void add_rules(BridgeFlags& flags) {
    flags.add(
        {"--on-leave", "hold|blackout|fade:T", "When its last peer left, at the end (hold)", false,
         [this](const std::string& text) {
           return store(dmx::OnLeave::parse(text), options_.on_leave);
         }},
        "Rules");
    flags.add({"--merge", "ltp|htp", "The latest peer counts, or the highest (ltp)", false,
               [this](const std::string& text) -> Problem {
                 if (text != "ltp" && text != "htp")
                   return "'" + printable(text, 60) + "' is neither ltp nor htp";
                 options_.merge = text == "htp" ? dmx::MergeMode::highest : dmx::MergeMode::latest;
                 return std::nullopt;
               }},
              "Rules");
    flags.add(
        list("--from", "PEER", "Only levels of peers whose id begins so (all)", options_.from),
        "Rules");
    flags.add(
        list("--allow", "[UNIVERSE:]CHANNELS", "May be set, as 0-99,200 or 1:0-99 (all)", allow_),
        "Rules");
    flags.add(
        list("--max", "[UNIVERSE:]CHANNELS=LEVEL", "Their highest level, such as 0-99=128", max_),
        "Rules");
    flags.add(
        {"--grand-master", "PERCENT", "Scales all levels (100%)", false,
         [this](const std::string& text) { return take_text(text, "a value", grand_master_); }},
        "Rules");
    flags.add({"--rate", "N", "Frames a second of a universe at most (44)", false,
               [this](const std::string& text) {
                 return store(narrowed(parse_number(text, 1, 44)), options_.rate);
               }},
              "Rules");
  }

  void add_sacn(BridgeFlags& flags) {
    flags.add({"--priority", "N", "Of sACN, 0 to 200 (100)", false,
               [this](const std::string& text) -> Problem {
                 const auto priority = parse_number(text, 0, 200);
                 if (!priority) return priority.error().message;
                 options_.priority = static_cast<std::uint8_t>(*priority);
                 return std::nullopt;
               }},
              "Rules");
    flags.add({"--source-name", "TEXT", "Of sACN, as consoles show it (roomwire)", false,
               [this](const std::string& text) {
                 return take_text(text, "a name", options_.source_name);
               }},
              "Rules");
    flags.add("--artsync", options_.artsync,
              "Show Art-Net frames of all universes together, by broadcast", "Rules");
    flags.add({"--sync-universe", "N", "Show sACN frames together, by this universe's sync packets",
               false,
               [this](const std::string& text) {
                 return store(dmx::SacnUniverse::parse(text), options_.sync_universe.emplace());
               }},
              "Rules");
  }

  static Result<std::uint16_t> narrowed(const Result<std::uint64_t>& number) {
    return number.map([](std::uint64_t value) { return static_cast<std::uint16_t>(value); });
  }

  // Which channels they name depends on --channel-base.
  void check_limits(const BridgeFlags& flags) {
    dmx::UniverseLimits& limits = options_.limits;
    limits = dmx::UniverseLimits(options_.base);
    for (const std::string& rule : allow_) {
      if (auto done = limits.allow(rule); !done) flags.reject("--allow", done.error().message);
    }
    for (const std::string& rule : max_) {
      if (auto done = limits.cap(rule); !done) flags.reject("--max", done.error().message);
    }
    if (auto done = limits.set_grand_master(grand_master_); !done)
      flags.reject("--grand-master", done.error().message);
    for (const dmx::RoomUniverse universe : limits.named()) {
      const bool known =
          std::any_of(options_.to.begin(), options_.to.end(),
                      [&](const bridges::DmxUrl& url) { return url.room_universe() == universe; });
      if (known) continue;
      reject(flags.names().in("--allow, --max"),
             flags.names().in(fmt::format("universe {} has no --to", universe.number())));
    }
  }

  bool sends(bool artnet) const {
    return std::any_of(options_.to.begin(), options_.to.end(), [&](const bridges::DmxUrl& url) {
      return std::holds_alternative<dmx::PortAddress>(url.universe) == artnet;
    });
  }

  std::size_t first_channel() const { return counts_from_one_ ? 1 : 0; }

  void on_end_change(bool up, const std::string& line) override {
    screen_->note_change(up, names().in(line));
  }
  void on_dropped(const std::string& line) override { screen_->note_dropped(names().in(line)); }

  void on_levels(bool to_lights, const std::string& universe, const dmx::Update& changes) override {
    if (!monitor_ || !screen_->wants_lines()) return;
    line_ = (to_lights ? "> " : "< ") + universe + ':';
    for (std::size_t slot = 0; slot < dmx::slot_count; ++slot) {
      if (changes.given[slot])
        line_ += fmt::format(" {}={}", slot + first_channel(), changes.values[slot]);
    }
    line_ += '\n';
    screen_->print(line_);
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
    out.first_channel = first_channel();
    return out;
  }

  std::string status() const {
    const bridges::DmxBridgeStats stats = bridge_->stats();
    double frames = 0;
    for (std::size_t i = 0; i < universes_.size(); ++i)
      frames += universes_[i].to_lights ? rates_[i].per_second : 0;
    return fmt::format("{}, {} driving; {:.0f} frames/s to lights{}", peers_in_words(*session_),
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

  bridges::DmxBridgeOptions options_;  ///< Until open().
  bool counts_from_one_ = false;
  std::vector<std::string> allow_;
  std::vector<std::string> max_;
  std::string grand_master_ = "100%";
  bool discover_ = false;
  bool monitor_ = false;

  Session* session_ = nullptr;
  BridgeScreen* screen_ = nullptr;
  std::vector<bridges::DmxUniverseView> universes_;
  std::vector<Rate> rates_;  ///< Of each universe.
  std::size_t shown_ = 0;    ///< Which universe, counted on and on.
  std::string line_;
  std::unique_ptr<bridges::DmxBridge> bridge_;
  std::optional<EnterKey> enter_;  // last: its thread calls us
};

}  // namespace

BridgeKind dmx_bridge_kind() {
  return {"dmx", "DMX", "Bridge a room and lights: Art-Net and sACN", dmx_help,
          []() -> std::unique_ptr<BridgeRun> { return std::make_unique<DmxRun>(); }};
}

}  // namespace roomwire::cli
