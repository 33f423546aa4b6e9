// roomwire osc: a room's channels and OSC software, both ways.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridges/osc/osc_bridge.hpp"
#include "cli/bridges/bridge_adapter.hpp"
#include "cli/bridges/bridge_screen.hpp"
#include "cli/commands/commands.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"
#include "osc/text.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

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
Result<bridges::OscRoute> parse_route(std::string_view text, sockets::SocketRole role) {
  const std::size_t equals = text.substr(0, text.find('?')).find('=');
  std::string channel;
  if (equals != std::string_view::npos) {
    channel = text.substr(0, equals);
    if (channel.empty()) {
      return failure(ErrorKind::invalid_input, "no channel before the =; leave the = out");
    }
    text.remove_prefix(equals + 1);
  }
  auto url = sockets::SocketUrl::parse(text, role);
  if (!url) return tl::unexpected(url.error());
  return bridges::OscRoute{std::move(channel), *std::move(url)};
}

template <class T>
using Choices = std::initializer_list<std::pair<std::string_view, T>>;

// Which of `choices` `text` is.
template <class T>
Result<void> choose(const std::string& flag, const std::string& text, Choices<T> choices, T& out) {
  std::string names;
  std::size_t left = choices.size();
  for (const auto& [name, value] : choices) {
    if (name == text) {
      out = value;
      return {};
    }
    names += std::string(name) + (--left > 1 ? ", " : left == 1 ? " and " : "");
  }
  return wrong(flag, "'" + printable(text, 60) + "' is none of " + names);
}

Result<void> read_types(const OscOptions& options, osc::BridgeOptions& out) {
  using osc::Arrays, osc::Booleans, osc::Numbers, osc::Wide;
  osc::TypeOptions& types = out.types;
  out.wide_is_chosen = !options.wide.empty();
  return choose<Numbers>("--numbers", options.numbers,
                         {{"auto", Numbers::automatic},
                          {"float", Numbers::as_float},
                          {"int", Numbers::as_integer}},
                         types.numbers)
      .and_then([&] {
        return choose<Booleans>("--booleans", options.booleans,
                                {{"tags", Booleans::as_tags}, {"int", Booleans::as_integer}},
                                types.booleans);
      })
      .and_then([&] {
        return choose<Wide>(
            "--wide", out.wide_is_chosen ? options.wide : "int64",
            {{"float", Wide::as_float}, {"double", Wide::as_double}, {"int64", Wide::as_int64}},
            types.wide);
      })
      .and_then([&] {
        return choose<Arrays>("--arrays", options.arrays,
                              {{"flatten", Arrays::flatten}, {"keep", Arrays::keep}}, types.arrays);
      });
}

Result<void> read_time_tags(const OscOptions& options, osc::BridgeOptions& out) {
  using osc::TimeTags;
  return choose<TimeTags>(
      "--time-tags", options.time_tags,
      {{"keep", TimeTags::keep}, {"drop", TimeTags::drop}, {"now", TimeTags::now}}, out.time_tags);
}

Result<void> read_rules(const OscOptions& options, osc::BridgeOptions& out) {
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
  if (auto read =
          read_all<osc::AddressMap>("--map", options.maps, osc::AddressMap::parse, out.to_osc.maps);
      !read) {
    return read;
  }
  for (const osc::AddressMap& map : out.to_osc.maps)
    out.to_room.maps.push_back(map.reversed());
  return read_all<osc::TypeRule>("--type", options.types, osc::TypeRule::parse, out.types.rules);
}

// What says nothing to any of the routes is a mistake.
Result<void> check_routes(const OscOptions& options, const bridges::OscBridgeOptions& out) {
  const auto is_udp = [](const bridges::OscRoute& route) {
    return route.url.transport == sockets::Transport::udp;
  };
  const std::vector<bridges::OscRoute>& to = out.to;
  const std::vector<bridges::OscRoute>& listen = out.listen;
  if (options.strict_source && std::none_of(to.begin(), to.end(), is_udp))
    return wrong("--strict-source", "no --to is UDP; by TCP nobody else can answer");
  if (options.reuse && std::none_of(listen.begin(), listen.end(), is_udp))
    return wrong("--reuse", "no --listen is UDP; a TCP port cannot be shared");
  for (const std::string& channel : options.channels) {
    const auto sends = [&](const bridges::OscRoute& route) {
      return route.channel.empty() || route.channel == channel;
    };
    const auto listens = [&](const bridges::OscRoute& route) {
      return route.channel.empty() ? channel == out.channels.front() : route.channel == channel;
    };
    if (!options.monitor && std::none_of(to.begin(), to.end(), sends) &&
        std::none_of(listen.begin(), listen.end(), listens)) {
      return wrong("--channel", "'" + printable(channel, 60) + "' has no --to and no --listen");
    }
  }
  return {};
}

Result<bridges::OscBridgeOptions> bridge_options(const OscOptions& options) {
  bridges::OscBridgeOptions out;
  out.channels = options.channels;
  if (out.channels.empty()) out.channels.emplace_back("osc");
  const auto destination = [](std::string_view text) {
    return parse_route(text, sockets::SocketRole::destination);
  };
  const auto listener = [](std::string_view text) {
    return parse_route(text, sockets::SocketRole::listener);
  };
  if (auto read = read_all<bridges::OscRoute>("--to", options.to, destination, out.to); !read) {
    return tl::unexpected(read.error());
  }
  if (auto read = read_all<bridges::OscRoute>("--listen", options.listen, listener, out.listen);
      !read) {
    return tl::unexpected(read.error());
  }
  if (auto checked = check_routes(options, out); !checked) return tl::unexpected(checked.error());
  if (auto read = read_all<bridges::PeriodicMessage>("--every", options.every,
                                                     bridges::PeriodicMessage::parse, out.every);
      !read) {
    return tl::unexpected(read.error());
  }
  if (auto read = read_rules(options, out.bridge); !read) return tl::unexpected(read.error());
  if (auto read = read_types(options, out.bridge); !read) return tl::unexpected(read.error());
  out.bridge.form = options.typed ? osc::JsonForm::typed : osc::JsonForm::plain;
  if (options.rate > 0) {
    out.bridge.interval = std::chrono::nanoseconds(1s) / static_cast<std::int64_t>(options.rate);
  }
  out.bridge.bundle_timing = options.bundle_timing;
  if (auto read = read_time_tags(options, out.bridge); !read) return tl::unexpected(read.error());
  out.bridge.from = options.from;
  out.strict_source = options.strict_source;
  out.reuse = options.reuse;
  out.zeroconf = options.zeroconf;
  out.reply = options.reply;
  out.ack = options.ack;
  out.dry_run = options.dry_run;
  return out;
}

/// The bridge as a person sees it.
class OscView final : public bridges::OscBridgeObserver {
 public:
  OscView(Session& session, const OscOptions& options, bool live)
      : session_(session), screen_(session, options.monitor, live) {}

  void show(const bridges::OscBridge& bridge) {
    bridge_ = &bridge;
    screen_.start([this](double seconds) { refresh(seconds); });
  }

  void end(bool cut_short) {
    const bridges::OscBridgeStats stats = bridge_->stats();
    screen_.end(cut_short, fmt::format("to OSC {}, to the room {}{}", stats.bridge.to_osc,
                                       stats.bridge.to_room, in_words(stats.dropped)));
    if (stats.bridge.sloppy > 0) {
      session_.status().detail(fmt::format("sloppy OSC that was read all the same: {} packet{}",
                                           stats.bridge.sloppy,
                                           stats.bridge.sloppy == 1 ? "" : "s"));
    }
  }

 private:
  void on_end_change(bool up, const std::string& line) override { screen_.note_change(up, line); }
  void on_dropped(const std::string& line) override { screen_.note_dropped(line); }
  void on_hint(const std::string& line) override {
    session_.status().note(Tone::plain, printable(line));
  }
  void on_sloppy(const std::string& line) override { session_.status().detail(printable(line)); }

  void on_passed(bool to_osc, const std::string& channel, const osc::Message& message) override {
    if (!screen_.wants_lines()) return;
    line_ = to_osc ? "> " : "< ";
    line_ += printable(channel) + ' ';
    osc::append_text(message, line_);
    line_ += '\n';
    screen_.print(line_);
  }

  void refresh(double seconds) {
    const bridges::OscBridgeStats stats = bridge_->stats();
    const auto rate = [&](std::uint64_t count, std::uint64_t& last) {
      const auto difference = static_cast<double>(count - std::exchange(last, count));
      return seconds > 0 ? difference / seconds : 0;
    };
    const double out = rate(stats.bridge.to_osc, last_out_);
    const double in = rate(stats.bridge.to_room, last_in_);
    show_live(printable(
        fmt::format("{}, to OSC {:.0f}/s, to the room {:.0f}/s  {}{}", peers_in_words(session_),
                    out, in, stats.bridge.last_address, in_words(stats.dropped)),
        100));
  }

  Session& session_;
  const bridges::OscBridge* bridge_ = nullptr;
  std::uint64_t last_out_ = 0;
  std::uint64_t last_in_ = 0;
  std::string line_;
  BridgeScreen screen_;
};

using OscPart = BridgeAdapter<bridges::OscBridge, OscView>;

}  // namespace

Result<std::unique_ptr<BridgePart>> make_osc_part(Session& session, const OscOptions& options) {
  auto read = bridge_options(options);
  if (!read) return tl::unexpected(read.error());
  return OscPart::create(session, options, *std::move(read), false);
}

int osc(const OscOptions& options) {
  auto read = bridge_options(options);
  if (!read) return fail_with(read.error());
  return run_bridge(options.connection, options.monitor, [&](Session& session, bool live) {
    return OscPart::create(session, options, *std::move(read), live);
  });
}

}  // namespace roomwire::cli
