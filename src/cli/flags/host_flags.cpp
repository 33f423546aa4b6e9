#include "cli/flags/host_flags.hpp"

#include <utility>

#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr CommandHelp web_help{
    R"(Serve a page whose netsend and netrecv objects are in the room at once, with a
relay of its own: one process, one port. With flags it is a bridge, too.)",
    R"(Examples:
  roomwire web
  roomwire web --listen 0.0.0.0:8080 --local
  roomwire web --listen 0.0.0.0:8080 --osc-to 127.0.0.1:57120 --osc-listen 9000
  roomwire web --dmx-to artnet://192.168.1.50/0.0.1
Without --listen only this machine reaches it. URL is as for osc and dmx;
for their other flags run them beside it, with --room and the page's link.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

constexpr CommandHelp relay_help{
    R"(Run a relay where peers find each other, for Trystero's Nostr and WebSocket
relay strategies on one port. It stores nothing.)",
    R"(Examples:
  roomwire relay
  roomwire relay --listen 0.0.0.0:7777
  roomwire relay --listen [::]:443 --tls-cert cert.pem --tls-key key.pem)"};

constexpr CommandHelp monitor_help{
    R"(Show what passes through a room: channels, messages a second, last values, and
peers with round trip and path. On a terminal that is a table, else each message
is a line: its channel, its sender and its value.)",
    R"(Examples:
  roomwire monitor
  roomwire monitor --room my-room --json | jq -c 'select(.channel == "osc")'
--json prints messages as netrecv --json does, and {"ts","event","peer"} when a
peer joins (with "at" and "path"), leaves, or answers a ping (with "ms").
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

constexpr CommandHelp room_help{
    R"(Show the room that commands join when they are given none. It is made on first
use and remembered.)",
    R"(More:
  roomwire room new            Make another, and remember it
  roomwire room set ID|LINK    Remember that one
  roomwire room share          Print its link, and a QR code
It is kept in the folder roomwire of $XDG_CONFIG_HOME, or ~/.config. --room and
ROOMWIRE_ROOM win over it.)"};

constexpr CommandHelp share_help{
    R"(Print the link of the room and, on standard error, a QR code of it.)",
    R"(Examples:
  roomwire room share
  roomwire room share --link http://192.168.1.7:8080/ --png room.png)"};

constexpr CommandHelp set_help{"Remember a room: commands without --room join it.",
                               R"(Example:
  roomwire room set 'https://patchies.app/?room=my-room')"};

constexpr CommandHelp new_help{"Make a new room and remember it.", ""};

void add_relay_limits(CommandParser& parser, RelayOptions& options) {
  const auto number = [&parser](const char* name, const char* help, auto& out) {
    parser.add_value({name, "N", help, false, [&out](const std::string& value) {
                        return store(parse_number(value, 1, 1'000'000), out);
                      }});
  };
  number("--max-connections", "Clients at a time (10000)", options.max_connections);
  number("--max-subscriptions", "Subscriptions of a client (128)", options.max_subscriptions);
  number("--max-rate", "Messages of a client a second, on average (200)",
         options.messages_per_second);
  parser.add_value(
      {"--max-message", "BYTES", "Largest message (256k)", false, [&](const std::string& value) {
         return store(parse_size(value), options.max_message_bytes);
       }});
}

void add_allow_origin(CommandParser& parser, const char* help, std::vector<std::string>& out) {
  parser.add_value({"--allow-origin", "ORIGIN", help, true,
                    [&out](const std::string& text) { return append(parse_origin(text), out); }});
}

void add_web_bridges(CommandParser& parser, WebOptions& options) {
  const auto end = [&parser](const char* name, const char* help, std::vector<std::string>& out) {
    parser.add_value(list(name, "URL", help, out), "Bridges");
  };
  end("--osc-to", "Send OSC there; repeat for more", options.osc_to);
  end("--osc-listen", "Take OSC from there; repeat for more", options.osc_listen);
  end("--dmx-to", "Send levels there; repeat for more", options.dmx_to);
  end("--dmx-listen", "Take a desk's levels; repeat for more", options.dmx_listen);
}

}  // namespace

WebOptions parse_web(const std::vector<std::string>& arguments, const Environment& environment) {
  WebOptions options;
  CommandParser parser("web", web_help);
  parser.add_value(
      {"--listen", "ADDR:PORT", "Where (127.0.0.1:8080); repeat for more", true,
       [&](const std::string& text) { return append(parse_listen(text), options.listen); }});
  parser.app().add_flag("--local", options.local, "Without the internet: no public relay, no STUN");
  parser.add_tls(options.tls_certificate, options.tls_key);
  add_allow_origin(parser, "Let pages from there in, too; repeat for more", options.allow_origins);
  add_web_bridges(parser, options);
  parser.add_room(options.connection);
  parser.add_transport(options.connection);
  parser.add_verbosity(options.connection.verbosity);
  parser.parse(arguments, environment);
  parser.check_tls();
  if (options.local) {
    parser.exclude("--local", "--ice-server");
    options.connection.context.ice_servers.emplace();
  }
  if (options.listen.empty()) options.listen.push_back({"127.0.0.1", 8080});
  return options;
}

RelayOptions parse_relay_command(const std::vector<std::string>& arguments) {
  RelayOptions options;
  CommandParser parser("relay", relay_help);
  parser.add_value(
      {"--listen", "ADDR:PORT", "Where (127.0.0.1:7777); repeat for more", true,
       [&](const std::string& text) { return append(parse_listen(text), options.listen); }});
  parser.add_tls(options.tls_certificate, options.tls_key);
  add_allow_origin(parser, "Let only pages from there in; repeat for more", options.allow_origins);
  add_relay_limits(parser, options);
  parser.add_verbosity(options.verbosity);
  parser.parse(arguments, [](const std::string&) { return std::nullopt; });
  if (options.listen.empty()) options.listen.emplace_back();
  parser.check_tls();
  return options;
}

MonitorOptions parse_monitor(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  MonitorOptions options;
  CommandParser parser("monitor", monitor_help);
  parser.app().add_flag("--json", options.as_json, "Print each message and event as JSON");
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  return options;
}

RoomCommandOptions parse_room_share(const std::vector<std::string>& arguments,
                                    const Environment& environment) {
  RoomCommandOptions options;
  ConnectionOptions given;
  options.action = RoomCommandOptions::Action::share;
  options.page = *parse_page("patchies");
  CommandParser parser("room share", share_help);
  parser.add_value(
      {"--link", "patchies|URL", "The page that the link leads to (patchies)", false,
       [&](const std::string& text) { return store(parse_page(text), options.page); }});
  parser.add_value(
      {"--png", "FILE", "Write the QR code to a file, too", false, [&](const std::string& text) {
         options.png.emplace();
         return take_text(text, "a path", *options.png);
       }});
  parser.add_room_alone(given);
  parser.parse(arguments, environment);
  options.room = given.room.room;
  return options;
}

RoomCommandOptions parse_room_set(const std::vector<std::string>& arguments,
                                  const Environment& environment) {
  RoomCommandOptions options;
  options.action = RoomCommandOptions::Action::set;
  std::string text;
  CommandParser parser("room set", set_help);
  parser.app().add_option("ROOM", text, "Its id, or a link with ?room=")->type_name("")->required();
  parser.parse(arguments, environment);
  auto room = parse_room(text);
  if (!room) reject("ROOM", room.error().message);
  options.room = *std::move(room);
  return options;
}

RoomCommandOptions parse_room_command(const std::vector<std::string>& arguments,
                                      const Environment& environment) {
  RoomCommandOptions options;
  const std::string action = arguments.empty() ? "" : arguments.front();
  const bool is_action = !action.empty() && !action.starts_with('-');
  const std::vector<std::string> rest(arguments.begin() + (is_action ? 1 : 0), arguments.end());
  if (action == "share") return parse_room_share(rest, environment);
  if (action == "set") {
    options = parse_room_set(rest, environment);
  } else if (action == "new") {
    options.action = RoomCommandOptions::Action::make;
    CommandParser("room new", new_help).parse(rest, environment);
  } else if (is_action) {
    reject("'" + printable(action, 100) + "'", "is none of new, set and share");
  } else {
    ConnectionOptions given;
    CommandParser parser("room", room_help);
    parser.add_room_alone(given);
    parser.parse(rest, environment);
    options.room = given.room.room;
  }
  options.is_overridden = !environment("ROOMWIRE_ROOM").value_or("").empty();
  return options;
}

}  // namespace roomwire::cli
