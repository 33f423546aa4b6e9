#include "cli/flags/command_line.hpp"

#include <algorithm>
#include <cstdint>

#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/flags/host_flags.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr CommandHelp netsend_help{
    R"(Send messages into a room: MESSAGE, or each line of standard input.
What is JSON is sent as that value, all else as a string.)",
    R"(Examples:
  roomwire netsend chat --room my-room 'hello'
  my-program | roomwire netsend osc --room 'https://patchies.app/?room=my-room'
  roomwire netsend picture --room my-room --file photo.jpg
The line {"type":"set-channel","channel":"other"} is not sent: what follows goes
to that channel.
It waits until somebody is there, then until everybody who is heard in the room
is met or given up and nobody new has come for 0.4 s: at most a second, and it
says without whom it goes on. --peers N sends as soon as N are there. Whoever is
in the room is a peer, another netsend too, though it reads nothing.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

constexpr CommandHelp netrecv_help{
    R"(Print what comes on channels of a room, one message a line, as compact JSON
that can be piped into a netsend of another room or channel.)",
    R"(Examples:
  roomwire netrecv chat --room my-room
  roomwire netrecv osc dmx --json --room 'https://patchies.app/?room=my-room'
  roomwire netrecv chat -r -C 1 -W 60 --room my-room
Bytes are printed as {"type":"Buffer","data":[1,2]}, with --json as base64.
When nobody reads the output for 2 seconds, what comes is kept on disk (in
$TMPDIR or /var/tmp). What has no room there is lost: said, and exit code 1.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

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

NetsendOptions parse_netsend(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  NetsendOptions options;
  CommandParser parser("netsend", netsend_help);
  CLI::App& app = parser.app();
  app.add_option("CHANNEL", options.channel, "Channel to send on")->type_name("")->required();
  app.add_option("MESSAGE", options.message, "The message; after -- if it begins with -")
      ->type_name("");
  app.add_flag("--text", options.as_text, "Send strings, JSON or not");
  app.add_option("--file", options.file, "Send a file as bytes; - is standard input")
      ->type_name("FILE");
  parser.add_value({"--peers", "N", "Send as soon as this many peers are there", false,
                    [&](const std::string& value) {
                      return store(parse_number(value, 1, 1'000'000), options.peers);
                    }});
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  parser.exclude("--file", "MESSAGE");
  if (options.message && !is_utf8(*options.message)) {
    reject("MESSAGE", "is not UTF-8; send bytes with --file");
  }
  parser.exclude("--file", "--text");
  if (options.file && options.file->empty()) reject("--file", "is empty; give a path, or -");
  return options;
}

NetrecvOptions parse_netrecv(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  NetrecvOptions options;
  CommandParser parser("netrecv", netrecv_help);
  CLI::App& app = parser.app();
  app.add_option("CHANNEL", options.channels, "Channels to listen on")->type_name("")->required();
  app.add_flag_callback(
      "-r,--raw", [&] { options.format = OutputFormat::raw; }, "Print strings bare");
  app.add_flag_callback(
      "--json", [&] { options.format = OutputFormat::envelope; },
      R"(Print {"ts","channel","peer","data"} a message)");
  parser.add_value(
      {"-C,--count", "N", "End after this many messages", false, [&](const std::string& value) {
         return store(parse_number(value, 1, UINT64_MAX), options.count);
       }});
  parser.add_value(
      {"--spool", "BYTES", "Kept on disk while nobody reads the output (1G)", false,
       [&](const std::string& value) { return store(parse_size(value), options.spool); }});
  app.add_flag("--passive", options.connection.room.passive,
               "Announce nothing until an active peer comes");
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  parser.exclude("--raw", "--json");
  return options;
}

void add_osc_ends(CommandParser& parser, OscOptions& options) {
  parser.add_value(list("--to", "[CHANNEL=]URL", "Send OSC there; repeat for more", options.to));
  parser.add_value(
      list("--listen", "[CHANNEL=]URL", "Take OSC from there; repeat for more", options.listen));
  parser.add_value(
      list("--channel", "NAME", "Channel of the room; repeat for more (osc)", options.channels));
  parser.add_value(
      list("--every", "TIME=/ADDRESS", "Send that again and again, as 9s=/xremote", options.every));
  CLI::App& app = parser.app();
  app.add_flag("--strict-source", options.strict_source,
               "Hear UDP answers from the port of --to alone");
  app.add_flag("--zeroconf", options.zeroconf,
               "Announce what --listen names (_osc._udp, _osc._tcp)");
  app.add_flag("--reuse", options.reuse,
               "Share UDP ports with programs that do so (else taken is taken)");
  app.add_flag("--reply", options.reply, "Send OSC to whoever sent OSC last, too");
  app.add_flag("--ack", options.ack, "Answer 'osc sent!' to a message's sender alone");
}

// One of some words.
void add_choice(CommandParser& parser, const char* group, const char* name, const char* type,
                const char* help, const char* words, std::string& out) {
  parser.add_value({name, type, help, false,
                    [&out, words](const std::string& text) { return take_text(text, words, out); }},
                   group);
}

void add_osc_types(CommandParser& parser, OscOptions& options) {
  add_choice(parser, "Types", "--numbers", "auto|float|int",
             "OSC type of numbers (auto, see below)", "auto, float or int", options.numbers);
  add_choice(parser, "Types", "--booleans", "tags|int",
             "true and false as T and F, or as i 1 and 0 (tags)", "tags or int", options.booleans);
  add_choice(parser, "Types", "--wide", "float|double|int64",
             "Whole numbers beyond 32 bits (int64)", "float, double or int64", options.wide);
  add_choice(parser, "Types", "--arrays", "flatten|keep",
             "Arrays within args as their items or as [ ] (flatten)", "flatten or keep",
             options.arrays);
  parser.add_value(list("--type", "PATTERN=TYPE", "Numbers and booleans by address: i, f, h or d",
                        options.types),
                   "Types");
}

void add_osc_rules(CommandParser& parser, OscOptions& options) {
  const auto rule = [&parser](const char* name, const char* type, const char* help,
                              std::vector<std::string>& out) {
    parser.add_value(list(name, type, help, out), "Rules");
  };
  rule("--allow-out", "PATTERN", "Addresses that may leave the room (all)", options.allow_out);
  rule("--deny-out", "PATTERN", "Addresses that may not", options.deny_out);
  rule("--allow-in", "PATTERN", "Addresses that may enter the room (all)", options.allow_in);
  rule("--deny-in", "PATTERN", "Addresses that may not", options.deny_in);
  rule("--map", "/ROOM=/OSC", "Another beginning of addresses, both ways", options.maps);
  rule("--from", "PEER", "Only messages of peers whose id begins so (all)", options.from);
  parser.add_value(
      {"--rate", "N", "Messages a second of one address, the newest wins (all)", false,
       [&](const std::string& text) { return store(parse_number(text, 1, 10'000), options.rate); }},
      "Rules");
  add_osc_types(parser, options);
  CLI::App& app = parser.app();
  app.add_flag("--typed", options.typed, "Into the room with all types, whole bundles")
      ->group("Rules");
  app.add_flag("--bundle-timing", options.bundle_timing, "Send bundles when their time has come")
      ->group("Rules");
  add_choice(parser, "Rules", "--time-tags", "keep|drop|now", "Times of bundles, both ways (keep)",
             "keep, drop or now", options.time_tags);
}

// A flag that would do nothing is a mistake.
void check_osc(const CommandParser& parser, const OscOptions& options) {
  const bool sends = !options.to.empty();
  const bool listens = !options.listen.empty();
  parser.need(sends, {"--every"}, "needs --to; say where that is to be sent");
  parser.need(sends, {"--strict-source"}, "needs --to; it is about answers to what is sent there");
  parser.need(listens, {"--zeroconf"}, "needs --listen; without it there is nothing to announce");
  parser.need(listens, {"--reply"}, "needs --listen; nobody can have sent anything without it");
  parser.need(listens, {"--reuse"}, "needs --listen; it is about the port that is listened on");
  parser.need(sends || options.reply, {"--ack"},
              "needs --to or --reply; it says that OSC was sent");
  parser.need(sends || options.reply || options.monitor,
              {"--numbers", "--booleans", "--wide", "--arrays", "--type", "--allow-out",
               "--deny-out", "--from", "--bundle-timing"},
              "needs --to or --reply; it is about what leaves the room");
  parser.need(sends || listens, {"--typed", "--allow-in", "--deny-in"},
              "needs --listen or --to; it is about OSC that enters the room");
}

OscOptions parse_osc(const std::vector<std::string>& arguments, const Environment& environment) {
  OscOptions options;
  CommandParser parser("osc", osc_help);
  add_osc_ends(parser, options);
  CLI::App& app = parser.app();
  app.add_flag("--monitor", options.monitor, "Print each message that passes, as oscdump does");
  app.add_flag("--dry-run", options.dry_run, "Send nothing, to either side");
  add_osc_rules(parser, options);
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  if (options.to.empty() && options.listen.empty() && !options.monitor) {
    reject("--to", "is missing, and --listen is, too; give where OSC goes to or comes from");
  }
  check_osc(parser, options);
  return options;
}

void add_dmx_ends(CommandParser& parser, DmxOptions& options) {
  parser.add_value(list("--to", "URL", "Send levels there; repeat for more", options.to));
  parser.add_value(
      list("--listen", "URL", "Take a desk's levels; repeat for more", options.listen));
  parser.add_value(
      list("--channel", "NAME", "Channel of the room; repeat for more (dmx)", options.channels));
  parser.add_value({"--channel-base", "0|1", "The number of the first DMX channel (0)", false,
                    [&](const std::string& text) -> Problem {
                      const auto base = parse_number(text, 0, 1);
                      if (!base) return base.error().message;
                      options.counts_from_one = *base == 1;
                      return std::nullopt;
                    }});
  parser.add_value({"--scale", "N", "The value that is full in messages, such as 1 or 100 (255)",
                    false, [&](const std::string& text) {
                      return store(parse_number(text, 1, 65'535), options.full);
                    }});
  CLI::App& app = parser.app();
  app.add_flag("--discover", options.discover, "List Art-Net nodes and sACN sources, and end");
  app.add_flag("--monitor", options.monitor, "Print the levels that change");
  app.add_flag("--dry-run", options.dry_run, "Send nothing, to either side");
}

void add_dmx_rules(CommandParser& parser, DmxOptions& options) {
  const auto text_flag = [&parser](const char* name, const char* type, const char* help,
                                   std::string& out) {
    parser.add_value({name, type, help, false,
                      [&out](const std::string& text) { return take_text(text, "a value", out); }},
                     "Rules");
  };
  text_flag("--on-leave", "hold|blackout|fade:T", "When its last peer left, at the end (hold)",
            options.on_leave);
  text_flag("--merge", "ltp|htp", "The latest peer counts, or the highest (ltp)", options.merge);
  parser.add_value(
      list("--from", "PEER", "Only levels of peers whose id begins so (all)", options.from),
      "Rules");
  parser.add_value(list("--allow", "[UNIVERSE:]CHANNELS", "May be set, as 0-99,200 or 1:0-99 (all)",
                        options.allow),
                   "Rules");
  parser.add_value(list("--max", "[UNIVERSE:]CHANNELS=LEVEL",
                        "Their highest level, such as 0-99=128", options.max),
                   "Rules");
  text_flag("--grand-master", "PERCENT", "Scales all levels (100%)", options.grand_master);
  parser.add_value(
      {"--rate", "N", "Frames a second of a universe at most (44)", false,
       [&](const std::string& text) { return store(parse_number(text, 1, 44), options.rate); }},
      "Rules");
  parser.add_value({"--priority", "N", "Of sACN, 0 to 200 (100)", false,
                    [&](const std::string& text) {
                      return store(parse_number(text, 0, 200), options.priority);
                    }},
                   "Rules");
  parser.add_value({"--source-name", "TEXT", "Of sACN, as consoles show it (roomwire)", false,
                    [&](const std::string& text) {
                      return take_text(text, "a name", options.source_name.emplace());
                    }},
                   "Rules");
  parser.app()
      .add_flag("--artsync", options.artsync,
                "Show Art-Net frames of all universes together, by broadcast")
      ->group("Rules");
  text_flag("--sync-universe", "N", "Show sACN frames together, by this universe's sync packets",
            options.sync_universe);
}

void check_dmx(const CommandParser& parser, const DmxOptions& options) {
  if (options.discover) {
    return parser.allow_alone({"--discover", "--timeout", "--quiet", "--verbose"},
                              "does nothing beside --discover, which joins no room; leave it out");
  }
  if (options.to.empty() && options.listen.empty())
    reject("--to", "is missing, and --listen is, too; give where levels go to or come from");
  parser.need(!options.to.empty(),
              {"--on-leave", "--merge", "--from", "--allow", "--max", "--grand-master", "--rate",
               "--priority", "--source-name", "--artsync", "--sync-universe"},
              "needs --to; it is about levels that are sent to lights");
}

DmxOptions parse_dmx(const std::vector<std::string>& arguments, const Environment& environment) {
  DmxOptions options;
  CommandParser parser("dmx", dmx_help);
  add_dmx_ends(parser, options);
  add_dmx_rules(parser, options);
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  check_dmx(parser, options);
  return options;
}

constexpr std::string_view overview = R"(roomwire: messages between programs and browser patches

Usage: roomwire COMMAND [OPTIONS]

Commands:
  netsend CHANNEL [MESSAGE]  Send messages into a room
  netrecv CHANNEL...         Print what comes on channels of a room
  osc                        Bridge a room and OSC software, both ways
  dmx                        Bridge a room and lights: Art-Net and sACN
  web                        Serve a page in the browser that is in the room
  monitor                    Show who is in a room, and what passes through it
  room                       Show, change and share the room that they join
  relay                      Run a relay where peers find each other

Examples:
  roomwire room share
  roomwire netrecv chat
  roomwire netsend chat --room my-room 'hello'
  roomwire osc --to 127.0.0.1:57120 --listen 9000
  roomwire dmx --to artnet://192.168.1.50/0.0.1
  roomwire web --listen 0.0.0.0:8080
  roomwire relay --listen 127.0.0.1:7777

`roomwire COMMAND --help` tells more. `roomwire --version` prints the version.
Exit codes: 0 fine, 1 failed, 2 wrong usage, 124 time limit, 128+N signal N
(web and relay end with 0).
)";

CommandLine parse_command(const std::string& command, const std::vector<std::string>& rest,
                          const Environment& environment) {
  if (command == "netsend") return parse_netsend(rest, environment);
  if (command == "netrecv") return parse_netrecv(rest, environment);
  if (command == "osc") return parse_osc(rest, environment);
  if (command == "dmx") return parse_dmx(rest, environment);
  if (command == "web") return parse_web(rest, environment);
  if (command == "relay") return parse_relay_command(rest);
  if (command == "monitor") return parse_monitor(rest, environment);
  if (command == "room") return parse_room_command(rest, environment);
  if (command == "--help" || command == "-h" || command == "help")
    return Print{std::string(overview)};
  if (command == "--version") return Print{"roomwire " ROOMWIRE_VERSION "\n"};
  reject("'" + printable(command, 100) + "'",
         "is no command; netsend, netrecv, osc, dmx, web, monitor, room and relay are (see "
         "roomwire --help)");
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const Environment& environment) {
  if (arguments.empty()) return WrongUsage{"which command? See roomwire --help"};
  try {
    return parse_command(arguments.front(), {arguments.begin() + 1, arguments.end()}, environment);
  } catch (const Stop& stop) {
    return std::visit([](const auto& answer) { return CommandLine(answer); }, stop.answer);
  }
}

}  // namespace roomwire::cli
