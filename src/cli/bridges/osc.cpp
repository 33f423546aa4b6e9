// The OSC bridge in the program: `roomwire osc`, and the flags --osc-… of web.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridges/osc/osc_bridge.hpp"
#include "cli/bridges/bridge_kinds.hpp"
#include "cli/bridges/bridge_screen.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"
#include "osc/text.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr CommandHelp osc_help{
    R"(Bridge a room and OSC software: messages of a channel go out as OSC, and OSC
that arrives goes into the room.)",
    R"(Examples:
  roomwire osc --room LINK --to 127.0.0.1:57120 --listen 9000
  roomwire osc --room LINK --to osc.tcp://desk.local:10023 --type '/ch//=f'
  roomwire osc --room LINK --listen 9000 --map '/patch=/1' --rate 30 --monitor
URL is HOST:PORT or PORT for UDP, osc.udp://HOST:PORT or osc.tcp://HOST:PORT;
behind it, joined by &, may follow ?framing=size or slip (--to by TCP: how a
packet begins), ?interface=NAME and ?ttl=N (multicast: by which network, and
across how many).
In the room a message is {"address":"/synth/freq","args":[440,"x"]}.
PATTERN is OSC's: ? * [a-z] {a,b} within a part, and // for any parts.
--numbers auto: whole ones are i, others f; an argument that has been f stays it
(of the last 4096 addresses).
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

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

/// A flag that may be repeated; `parse` makes what is kept of each value.
template <class T, class Parse>
Flag list_of(const char* name, const char* type, const char* help, std::vector<T>& out,
             Parse parse) {
  return {name, type, help, true, [&out, parse](const std::string& text) -> Problem {
            std::string whole;
            if (auto problem = take_text(text, "a value", whole)) return problem;
            return append(parse(whole), out);
          }};
}

template <class T>
using Choices = std::vector<std::pair<std::string, T>>;

template <class T>
std::string listed(const Choices<T>& choices, const std::string& conjunction) {
  std::string out;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += i + 1 < choices.size() ? ", " : " " + conjunction + " ";
    out += choices[i].first;
  }
  return out;
}

/// A flag with one of some words.
template <class T>
Flag one_of(const char* name, const char* type, const char* help, Choices<T> choices, T& out) {
  return {name, type, help, false, [&out, choices](const std::string& text) -> Problem {
            for (const auto& [word, value] : choices) {
              if (word != text) continue;
              out = value;
              return std::nullopt;
            }
            std::string whole;
            if (auto problem = take_text(text, listed(choices, "or").c_str(), whole))
              return problem;
            return "'" + printable(text, 60) + "' is none of " + listed(choices, "and");
          }};
}

class OscRun final : public BridgeRun, bridges::OscBridgeObserver {
 public:
  void add_flags(BridgeFlags& flags) override {
    add_ends(flags);
    flags.add("--monitor", monitor_, "Print each message that passes, as oscdump does");
    flags.add("--dry-run", options_.dry_run, "Send nothing, to either side");
    add_rules(flags);
    add_types(flags);
    flags.add("--typed", typed_, "Into the room with all types, whole bundles", "Rules");
    flags.add("--bundle-timing", options_.bridge.bundle_timing,
              "Send bundles when their time has come", "Rules");
    using osc::TimeTags;
    flags.add(one_of<TimeTags>(
                  "--time-tags", "keep|drop|now", "Times of bundles, both ways (keep)",
                  {{"keep", TimeTags::keep}, {"drop", TimeTags::drop}, {"now", TimeTags::now}},
                  options_.bridge.time_tags),
              "Rules");
  }

  void check(const BridgeFlags& flags) override {
    if (options_.to.empty() && options_.listen.empty() && !monitor_) {
      flags.reject("--to",
                   "is missing, and --listen is, too; give where OSC goes to or comes from");
    }
    check_uses(flags);
    channels_ = options_.channels;
    if (options_.channels.empty()) options_.channels.emplace_back("osc");
    check_routes(flags);
    options_.bridge.wide_is_chosen = flags.has("--wide");
    options_.bridge.form = typed_ ? osc::JsonForm::typed : osc::JsonForm::plain;
    if (rate_ > 0) {
      options_.bridge.interval = std::chrono::nanoseconds(1s) / static_cast<std::int64_t>(rate_);
    }
    for (const osc::AddressMap& map : options_.bridge.to_osc.maps)
      options_.bridge.to_room.maps.push_back(map.reversed());
  }

  bool is_monitor() const override { return monitor_; }

  Result<void> open(Session& session, BridgeScreen& screen) override {
    session_ = &session;
    screen_ = &screen;
    auto opened =
        bridges::OscBridge::create(session.context(), session.room(), std::move(options_), *this);
    if (!opened) return tl::unexpected(opened.error());
    bridge_ = *std::move(opened);
    return {};
  }
  bridges::Bridge& bridge() override { return *bridge_; }
  void show() override {
    screen_->start([this](double seconds) { refresh(seconds); });
  }

  void end() override {
    const bridges::OscBridgeStats stats = bridge_->stats();
    session_->status().note(Tone::plain,
                            fmt::format("to OSC {}, to the room {}{}", stats.bridge.to_osc,
                                        stats.bridge.to_room, in_words(stats.dropped)));
    if (stats.bridge.sloppy > 0) {
      session_->status().detail(fmt::format("sloppy OSC that was read all the same: {} packet{}",
                                            stats.bridge.sloppy,
                                            stats.bridge.sloppy == 1 ? "" : "s"));
    }
  }

 private:
  void add_ends(BridgeFlags& flags) {
    using sockets::SocketRole;
    flags.add(list_of(
        "--to", "[CHANNEL=]URL", "Send OSC there; repeat for more", options_.to,
        [](const std::string& text) { return parse_route(text, SocketRole::destination); }));
    flags.add(list_of(
        "--listen", "[CHANNEL=]URL", "Take OSC from there; repeat for more", options_.listen,
        [](const std::string& text) { return parse_route(text, SocketRole::listener); }));
    flags.add(
        list("--channel", "NAME", "Channel of the room; repeat for more (osc)", options_.channels));
    flags.add(list_of("--every", "TIME=/ADDRESS", "Send that again and again, as 9s=/xremote",
                      options_.every, bridges::PeriodicMessage::parse));
    flags.add("--strict-source", options_.strict_source,
              "Hear UDP answers from the port of --to alone");
    flags.add("--zeroconf", options_.zeroconf,
              "Announce what --listen names (_osc._udp, _osc._tcp)");
    flags.add("--reuse", options_.reuse,
              "Share UDP ports with programs that do so (else taken is taken)");
    flags.add("--reply", options_.reply, "Send OSC to whoever sent OSC last, too");
    flags.add("--ack", options_.ack, "Answer 'osc sent!' to a message's sender alone");
  }

  void add_rules(BridgeFlags& flags) {
    const auto patterns = [&flags](const char* name, const char* help,
                                   std::vector<osc::Pattern>& out) {
      flags.add(list_of(name, "PATTERN", help, out,
                        [](const std::string& text) { return osc::Pattern::parse(text); }),
                "Rules");
    };
    osc::BridgeOptions& bridge = options_.bridge;
    patterns("--allow-out", "Addresses that may leave the room (all)", bridge.to_osc.filter.allow);
    patterns("--deny-out", "Addresses that may not", bridge.to_osc.filter.deny);
    patterns("--allow-in", "Addresses that may enter the room (all)", bridge.to_room.filter.allow);
    patterns("--deny-in", "Addresses that may not", bridge.to_room.filter.deny);
    flags.add(list_of("--map", "/ROOM=/OSC", "Another beginning of addresses, both ways",
                      bridge.to_osc.maps, osc::AddressMap::parse),
              "Rules");
    flags.add(
        list("--from", "PEER", "Only messages of peers whose id begins so (all)", bridge.from),
        "Rules");
    flags.add(
        {"--rate", "N", "Messages a second of one address, the newest wins (all)", false,
         [this](const std::string& text) { return store(parse_number(text, 1, 10'000), rate_); }},
        "Rules");
  }

  void add_types(BridgeFlags& flags) {
    using osc::Arrays, osc::Booleans, osc::Numbers, osc::Wide;
    osc::TypeOptions& types = options_.bridge.types;
    flags.add(
        one_of<Numbers>("--numbers", "auto|float|int", "OSC type of numbers (auto, see below)",
                        {{"auto", Numbers::automatic},
                         {"float", Numbers::as_float},
                         {"int", Numbers::as_integer}},
                        types.numbers),
        "Types");
    flags.add(one_of<Booleans>(
                  "--booleans", "tags|int", "true and false as T and F, or as i 1 and 0 (tags)",
                  {{"tags", Booleans::as_tags}, {"int", Booleans::as_integer}}, types.booleans),
              "Types");
    flags.add(
        one_of<Wide>(
            "--wide", "float|double|int64", "Whole numbers beyond 32 bits (int64)",
            {{"float", Wide::as_float}, {"double", Wide::as_double}, {"int64", Wide::as_int64}},
            types.wide),
        "Types");
    flags.add(one_of<Arrays>("--arrays", "flatten|keep",
                             "Arrays within args as their items or as [ ] (flatten)",
                             {{"flatten", Arrays::flatten}, {"keep", Arrays::keep}}, types.arrays),
              "Types");
    flags.add(list_of("--type", "PATTERN=TYPE", "Numbers and booleans by address: i, f, h or d",
                      types.rules, osc::TypeRule::parse),
              "Types");
  }

  // A flag that would do nothing is a mistake.
  void check_uses(const BridgeFlags& flags) const {
    const bool sends = !options_.to.empty();
    const bool listens = !options_.listen.empty();
    flags.need(sends, {"--every"}, "needs --to; say where that is to be sent");
    flags.need(sends, {"--strict-source"}, "needs --to; it is about answers to what is sent there");
    flags.need(listens, {"--zeroconf"}, "needs --listen; without it there is nothing to announce");
    flags.need(listens, {"--reply"}, "needs --listen; nobody can have sent anything without it");
    flags.need(listens, {"--reuse"}, "needs --listen; it is about the port that is listened on");
    flags.need(sends || options_.reply, {"--ack"},
               "needs --to or --reply; it says that OSC was sent");
    flags.need(sends || options_.reply || monitor_,
               {"--numbers", "--booleans", "--wide", "--arrays", "--type", "--allow-out",
                "--deny-out", "--from", "--bundle-timing"},
               "needs --to or --reply; it is about what leaves the room");
    flags.need(sends || listens, {"--typed", "--allow-in", "--deny-in"},
               "needs --listen or --to; it is about OSC that enters the room");
  }

  // What says nothing to any of the routes is a mistake, too.
  void check_routes(const BridgeFlags& flags) const {
    const auto is_udp = [](const bridges::OscRoute& route) {
      return route.url.transport == sockets::Transport::udp;
    };
    const std::vector<bridges::OscRoute>& to = options_.to;
    const std::vector<bridges::OscRoute>& listen = options_.listen;
    if (options_.strict_source && std::none_of(to.begin(), to.end(), is_udp))
      flags.reject("--strict-source", "no --to is UDP; by TCP nobody else can answer");
    if (options_.reuse && std::none_of(listen.begin(), listen.end(), is_udp))
      flags.reject("--reuse", "no --listen is UDP; a TCP port cannot be shared");
    for (const std::string& channel : channels_) {
      const auto sends = [&](const bridges::OscRoute& route) {
        return route.channel.empty() || route.channel == channel;
      };
      const auto listens = [&](const bridges::OscRoute& route) {
        return route.channel.empty() ? channel == channels_.front() : route.channel == channel;
      };
      if (!monitor_ && std::none_of(to.begin(), to.end(), sends) &&
          std::none_of(listen.begin(), listen.end(), listens)) {
        flags.reject("--channel", "'" + printable(channel, 60) + "' has no --to and no --listen");
      }
    }
  }

  void on_end_change(bool up, const std::string& line) override {
    screen_->note_change(up, names().in(line));
  }
  void on_dropped(const std::string& line) override { screen_->note_dropped(names().in(line)); }
  void on_hint(const std::string& line) override {
    session_->status().note(Tone::plain, printable(names().in(line)));
  }
  void on_sloppy(const std::string& line) override { session_->status().detail(printable(line)); }

  void on_passed(bool to_osc, const std::string& channel, const osc::Message& message) override {
    if (!monitor_ || !screen_->wants_lines()) return;
    line_ = to_osc ? "> " : "< ";
    line_ += printable(channel) + ' ';
    osc::append_text(message, line_);
    line_ += '\n';
    screen_->print(line_);
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
        fmt::format("{}, to OSC {:.0f}/s, to the room {:.0f}/s  {}{}", peers_in_words(*session_),
                    out, in, stats.bridge.last_address, in_words(stats.dropped)),
        100));
  }

  bridges::OscBridgeOptions options_;  ///< Until open().
  std::vector<std::string> channels_;  ///< As given.
  std::uint64_t rate_ = 0;             ///< Messages a second of one address; 0: no limit.
  bool typed_ = false;
  bool monitor_ = false;

  Session* session_ = nullptr;
  BridgeScreen* screen_ = nullptr;
  std::uint64_t last_out_ = 0;
  std::uint64_t last_in_ = 0;
  std::string line_;
  std::unique_ptr<bridges::OscBridge> bridge_;  // last: it calls us
};

}  // namespace

BridgeKind osc_bridge_kind() {
  return {"osc", "OSC", "Bridge a room and OSC software, both ways", osc_help,
          []() -> std::unique_ptr<BridgeRun> { return std::make_unique<OscRun>(); }};
}

}  // namespace roomwire::cli
