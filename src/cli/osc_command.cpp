// roomwire osc: a room's channels and OSC software, both ways.
#include <fmt/format.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/bridge_part.hpp"
#include "cli/commands.hpp"
#include "cli/line_writer.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "gear/osc_gear.hpp"
#include "osc/text.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto live_interval = 500ms;
constexpr auto last_write = 1s;

tl::unexpected<Error> wrong(const std::string& flag, const std::string& problem) {
  return failure(ErrorKind::invalid_input, flag + ": " + problem);
}

// Reads every text with `parse` into `out`.
template <class T>
Result<void> read_all(const std::string& flag, const std::vector<std::string>& texts,
                      const std::function<Result<T>(std::string_view)>& parse,
                      std::vector<T>& out) {
  for (const std::string& text : texts) {
    auto read = parse(text);
    if (!read) return wrong(flag, read.error().message);
    out.push_back(*std::move(read));
  }
  return {};
}

// [CHANNEL=]URL. No URL has a = before its ?.
Result<gear::OscRoute> parse_route(std::string_view text, gear::EndRole role) {
  const std::size_t equals = text.substr(0, text.find('?')).find('=');
  std::string channel;
  if (equals != std::string_view::npos) {
    channel = text.substr(0, equals);
    if (channel.empty()) {
      return failure(ErrorKind::invalid_input, "no channel before the =; leave the = out");
    }
    text.remove_prefix(equals + 1);
  }
  auto url = gear::EndUrl::parse(text, role);
  if (!url) return tl::unexpected(url.error());
  return gear::OscRoute{std::move(channel), *std::move(url)};
}

Result<osc::Numbers> parse_numbers(const std::string& text) {
  if (text == "auto") return osc::Numbers::automatic;
  if (text == "float") return osc::Numbers::as_float;
  if (text == "int") return osc::Numbers::as_integer;
  return wrong("--numbers", "'" + printable(text, 60) + "' is none of auto, float and int");
}

Result<void> read_rules(const OscOptions& options, bridge::OscBridgeOptions& out) {
  const auto pattern = [](std::string_view text) { return osc::Pattern::parse(text); };
  const auto patterns = [&](const char* flag, const std::vector<std::string>& texts,
                            std::vector<osc::Pattern>& list) {
    return read_all<osc::Pattern>(flag, texts, pattern, list);
  };
  if (auto read = patterns("--allow-out", options.allow_out, out.to_osc.filter.allow); !read)
    return read;
  if (auto read = patterns("--deny-out", options.deny_out, out.to_osc.filter.deny); !read)
    return read;
  if (auto read = patterns("--allow-in", options.allow_in, out.to_room.filter.allow); !read)
    return read;
  if (auto read = patterns("--deny-in", options.deny_in, out.to_room.filter.deny); !read)
    return read;
  if (auto read = read_all<bridge::AddressMap>("--map", options.maps, bridge::AddressMap::parse,
                                               out.to_osc.maps);
      !read) {
    return read;
  }
  for (const bridge::AddressMap& map : out.to_osc.maps)
    out.to_room.maps.push_back(map.reversed());
  return read_all<osc::TypeRule>("--type", options.types, osc::TypeRule::parse, out.types.rules);
}

Result<gear::OscGearOptions> gear_options(const OscOptions& options) {
  gear::OscGearOptions out;
  out.channels = options.channels;
  if (out.channels.empty()) out.channels.emplace_back("osc");
  const auto destination = [](std::string_view text) {
    return parse_route(text, gear::EndRole::destination);
  };
  const auto listener = [](std::string_view text) {
    return parse_route(text, gear::EndRole::listener);
  };
  if (auto read = read_all<gear::OscRoute>("--to", options.to, destination, out.to); !read) {
    return tl::unexpected(read.error());
  }
  if (auto read = read_all<gear::OscRoute>("--listen", options.listen, listener, out.listen);
      !read) {
    return tl::unexpected(read.error());
  }
  if (auto read = read_rules(options, out.bridge); !read) return tl::unexpected(read.error());
  const auto numbers = parse_numbers(options.numbers);
  if (!numbers) return tl::unexpected(numbers.error());
  out.bridge.types.numbers = *numbers;
  out.bridge.form = options.typed ? osc::JsonForm::typed : osc::JsonForm::plain;
  if (options.rate > 0) {
    out.bridge.interval = std::chrono::nanoseconds(1s) / static_cast<std::int64_t>(options.rate);
  }
  out.bridge.bundle_timing = options.bundle_timing;
  out.bridge.from = options.from;
  out.reply = options.reply;
  out.ack = options.ack;
  out.dry_run = options.dry_run;
  return out;
}

std::string in_words(const std::map<std::string, std::uint64_t>& dropped) {
  std::uint64_t total = 0;
  std::string kinds;
  for (const auto& [kind, count] : dropped) {
    total += count;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, count);
  }
  return total == 0 ? "" : fmt::format("; dropped {} ({})", total, kinds);
}

/// The bridge as a person sees it.
class OscView final : public gear::OscGearObserver {
 public:
  OscView(Session& session, bool monitor, bool live)
      : session_(session), live_(live), live_at_(Clock::now()) {
    if (monitor) writer_.emplace(STDOUT_FILENO, events());
  }

  void show(const gear::OscGear& gear) {
    gear_ = &gear;
    if (live_) refresh();
  }

  void end(bool cut_short) {
    live_ = false;
    show_live("");
    if (writer_) {
      writer_->finish(cut_short ? std::optional<std::chrono::milliseconds>(last_write)
                                : std::nullopt);
    }
    const gear::OscGearStats stats = gear_->stats();
    session_.status().note(Tone::plain,
                           fmt::format("to OSC {}, to the room {}{}", stats.bridge.to_osc,
                                       stats.bridge.to_room, in_words(stats.dropped)));
  }

 private:
  using Clock = std::chrono::steady_clock;

  LineWriter::Events events() {
    LineWriter::Events events;
    events.on_room = [this] { session_.context().post([this] { blocked_ = false; }); };
    events.on_failure = [this] {
      session_.context().post([this] { session_.finish(exit_fine, last_write); });
    };
    return events;
  }

  void on_end_change(bool up, const std::string& line) override {
    session_.status().note(up ? Tone::good : Tone::bad, printable(line));
  }
  void on_dropped(const std::string& line) override {
    session_.status().note(Tone::bad, printable(line));
  }

  // What nobody reads is not worth holding up the show for.
  void on_passed(bool to_osc, const std::string& channel, const osc::Message& message) override {
    if (!writer_ || blocked_) return;
    line_ = to_osc ? "> " : "< ";
    line_ += printable(channel) + ' ';
    osc::append_text(message, line_);
    line_ += '\n';
    blocked_ = !writer_->append(line_);
  }

  void refresh() {
    const gear::OscGearStats stats = gear_->stats();
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - live_at_).count();
    const auto rate = [&](std::uint64_t count, std::uint64_t& last) {
      const auto difference = static_cast<double>(count - last);
      last = count;
      return seconds > 0 ? difference / seconds : 0;
    };
    const double out = rate(stats.bridge.to_osc, last_out_);
    const double in = rate(stats.bridge.to_room, last_in_);
    live_at_ = now;
    const std::size_t peers = session_.peers();
    show_live(printable(fmt::format("{} peer{}, to OSC {:.0f}/s, to the room {:.0f}/s  {}{}", peers,
                                    peers == 1 ? "" : "s", out, in, stats.bridge.last_address,
                                    in_words(stats.dropped)),
                        100));
    session_.context().post_after(live_interval, [this] {
      if (live_) refresh();
    });
  }

  Session& session_;
  const gear::OscGear* gear_ = nullptr;
  bool live_;
  Clock::time_point live_at_;
  std::uint64_t last_out_ = 0;
  std::uint64_t last_in_ = 0;
  bool blocked_ = false;
  std::string line_;
  std::optional<LineWriter> writer_;  // last: its thread calls us
};

class OscPart final : public BridgePart {
 public:
  static Result<std::unique_ptr<BridgePart>> create(Session& session, const OscOptions& options,
                                                    gear::OscGearOptions gear, bool live) {
    auto part = std::make_unique<OscPart>(session, options, live);
    auto opened =
        gear::OscGear::create(session.context(), session.room(), std::move(gear), part->view_);
    if (!opened) return tl::unexpected(opened.error());
    part->gear_ = *std::move(opened);
    for (const std::string& line : part->gear_->listening())
      session.status().note(Tone::plain, "listening on " + line);
    part->view_.show(*part->gear_);
    return part;
  }

  OscPart(Session& session, const OscOptions& options, bool live)
      : view_(session, options.monitor, live) {}

  void peer_changed(const PeerId& peer, bool is_here) override {
    if (is_here) {
      gear_->peer_joined(peer);
    } else {
      gear_->peer_left(peer);
    }
  }
  void finish(std::function<void()> done) override { done(); }
  void end(bool cut_short) override { view_.end(cut_short); }

 private:
  OscView view_;
  std::unique_ptr<gear::OscGear> gear_;  // last: it calls the view
};

}  // namespace

Result<std::unique_ptr<BridgePart>> make_osc_part(Session& session, const OscOptions& options) {
  auto read = gear_options(options);
  if (!read) return tl::unexpected(read.error());
  return OscPart::create(session, options, *std::move(read), false);
}

int osc(const OscOptions& options) {
  auto read = gear_options(options);
  if (!read) return fail_with(read.error());
  auto created = Session::create(options.connection, 1);
  if (!created) return fail_with(created.error());
  const bool live = can_show_live() && options.connection.verbosity == Verbosity::normal &&
                    !(options.monitor && isatty(STDOUT_FILENO) == 1);
  auto part = OscPart::create(**created, options, *std::move(read), live);
  if (!part) return fail_with(part.error());
  std::vector<std::unique_ptr<BridgePart>> parts;
  parts.push_back(*std::move(part));
  return run_with(**created, parts);
}

}  // namespace roomwire::cli
