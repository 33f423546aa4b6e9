#include "cli/commands/web.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/bridges/bridge_kinds.hpp"
#include "cli/bridges/bridge_screen.hpp"
#include "cli/commands/relay_host.hpp"
#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/screen/qr_code.hpp"
#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/room_link.hpp"
#include "cli/session/room_store.hpp"
#include "cli/session/session.hpp"
#include "cli/session/signal_watcher.hpp"
#include "client/options.hpp"
#include "page/page.hpp"
#include "relay/server.hpp"

namespace roomwire::cli {
namespace {

/// The page, its relay and, if asked for, bridges in one process.
struct WebOptions {
  ConnectionOptions connection;  ///< Of the bridges' peer; the page joins its room.
  std::vector<ListenAddress> listen;
  bool local = false;  ///< No public relay, no STUN.
  std::string tls_certificate;
  std::string tls_key;
  std::vector<std::string> allow_origins;  ///< Pages that may use the relay, beside its own.
  BridgeRuns bridges;                      ///< Those that were asked for.
};

// What the page asks for: /config.json.
std::string page_config(const WebOptions& options, const RoomId& room) {
  std::string out = R"({"version":")" ROOMWIRE_VERSION R"(","appId":)";
  append_json_string(out, options.connection.room.app.str());
  out += options.local ? R"(,"publicRelays":false)" : R"(,"publicRelays":true)";
  out += R"(,"iceServers":[)";
  bool is_first = true;
  const auto& chosen = options.connection.context.ice_servers;
  for (const IceServer& server : chosen ? *chosen : client::default_ice_servers()) {
    if (!std::exchange(is_first, false)) out.push_back(',');
    append_json_string(out, server.url);
  }
  out += R"(],"room":)";
  append_json_string(out, room.str());
  return out + "}\n";
}

Result<std::unique_ptr<relay::Server>> start_server(boost::asio::io_context& io,
                                                    const WebOptions& options, const RoomId& room) {
  if (page::files().empty()) {
    return failure(ErrorKind::unavailable,
                   "this program was built without the page; build it with Node and npm there "
                   "(script/build brings them)");
  }
  auto listen = endpoints_of(options.listen);
  if (!listen) return tl::unexpected(listen.error());
  relay::ServerOptions server;
  server.listen = *std::move(listen);
  if (!options.tls_certificate.empty()) {
    server.tls = relay::ServerTls{options.tls_certificate, options.tls_key};
    if (!options.bridges.empty()) {
      server.listen_plain = {{*IpAddress::parse("127.0.0.1"), 0}};
    }
  }
  server.site = relay::Site{page::files(), page_config(options, room)};
  server.version = ROOMWIRE_VERSION;
  server.allowed_origins = options.allow_origins;
  return start_relay(io, std::move(server), options.connection.verbosity);
}

void show_code(const std::string& link) {
  const auto code = QrCode::of(link);
  if (!code) return say(Tone::hint, code.error().message);
  show_block(code->as_text(can_show_live()));
}

// With -q too: without the links nobody could come.
void say_pages(const relay::Server& server, const WebOptions& options, const RoomId& room) {
  const std::string scheme = options.tls_certificate.empty() ? "http://" : "https://";
  auto endpoints = server.endpoints();
  endpoints.resize(options.listen.size());  // Without listen_plain.
  const auto places = reachable_at(endpoints);
  for (const Endpoint& place : places) {
    say(Tone::good, "page " + room_link(scheme + place.to_string() + "/", room));
  }
  if (options.connection.verbosity == Verbosity::quiet) return;
  const auto open_place = std::find_if(places.begin(), places.end(), [](const Endpoint& place) {
    return !place.address.is_loopback();
  });
  if (open_place != places.end()) {
    show_code(room_link(scheme + open_place->to_string() + "/", room));
  } else {
    say(Tone::hint,
        "only this machine reaches it; --listen 0.0.0.0:8080 lets phones in, and everybody else on "
        "the network");
  }
  say_local_network_question(places);
}

// Until a signal.
int serve(const WebOptions& options, const RoomId& room) {
  boost::asio::io_context io(1);
  std::unique_ptr<relay::Server> server;
  std::atomic<bool> signalled{false};
  const SignalWatcher signals([&](int signal) {
    if (signalled.exchange(true)) _exit(exit_signal_base + signal);
    boost::asio::post(io, [&] { server->stop([&io] { io.stop(); }); });
  });
  auto started = start_server(io, options, room);
  if (!started) return fail_with(started.error());
  server = *std::move(started);
  say_pages(*server, options, room);
  const auto stay = boost::asio::make_work_guard(io);
  io.run();
  return exit_fine;
}

// Where the peer of this process finds the relay.
std::string own_relay(const relay::Server& server) {
  Endpoint place = server.endpoints().back();
  if (place.address.is_unspecified()) {
    place.address = *IpAddress::parse(place.address.is_v4() ? "127.0.0.1" : "::1");
  }
  return "ws://" + place.to_string();
}

// The relay has a loop and a thread of its own: its port must be known before the peer is made,
// and a flood of strangers does not hold up the lights.
int serve_with_bridges(WebOptions& options, const RoomId& room) {
  boost::asio::io_context io(1);
  auto server = start_server(io, options, room);
  if (!server) return fail_with(server.error());
  ConnectionOptions connection = options.connection;
  connection.room.room = room;
  auto& relays = options.local ? connection.context.relays : connection.context.further_relays;
  relays.push_back(RelayUrl::parse(own_relay(**server)).value());
  auto session = Session::create(std::move(connection), 1);
  if (!session) return fail_with(session.error());
  BridgeScreen screen(**session, monitor_flags(options.bridges), false);
  const BridgeRuns bridges =
      std::exchange(options.bridges, {});  // they end before the session does
  if (const auto opened = open_bridges(**session, screen, bridges); !opened)
    return fail_with(opened.error());
  say_pages(**server, options, room);

  const auto stay = boost::asio::make_work_guard(io);
  std::thread relay_thread([&io] { io.run(); });
  const int exit_code = run_bridges(**session, screen, bridges);
  boost::asio::post(io, [&] { (*server)->stop([&io] { io.stop(); }); });
  relay_thread.join();
  return exit_code > exit_signal_base ? exit_fine : exit_code;
}

int run_web(WebOptions& options) {
  relay::raise_file_limit();
  RoomId room = options.connection.room.room;
  if (room.empty()) {
    RecalledRoom recalled = RoomStore::of_user().recall();
    if (recalled.problem) complain(*recalled.problem);
    room = std::move(recalled.room);
  }
  if (room.str().size() > RoomStore::max_room) {
    return fail_with({ErrorKind::invalid_input, "--room: has " + std::to_string(room.str().size()) +
                                                    " bytes; the page takes at most " +
                                                    std::to_string(RoomStore::max_room)});
  }
  return options.bridges.empty() ? serve(options, room) : serve_with_bridges(options, room);
}

// ---- flags ----

constexpr CommandHelp web_help{
    R"(Serve a page whose netsend and netrecv objects are in the room at once, with a
relay of its own: one process, one port. With flags it is a bridge, too.)",
    R"(Examples:
  roomwire web
  roomwire web --listen 0.0.0.0:8080 --local
  roomwire web --listen 0.0.0.0:8080 --osc-to 127.0.0.1:57120 --osc-listen 9000
  roomwire web --dmx-to artnet://192.168.1.50/0.0.1
Without --listen only this machine reaches it. The flags of bridges are those of
osc and dmx, whose --help tells more of them.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

/// A bridge and its flags, while it is not known whether it is wanted.
struct Offered {
  std::unique_ptr<BridgeRun> run;
  BridgeFlags flags;
};

std::vector<Offered> offer_bridges(CommandParser& parser) {
  std::vector<Offered> out;
  for (const BridgeKind& kind : bridge_kinds()) {
    BridgeFlags flags(parser, std::string(kind.name) + "-", kind.title);
    out.push_back({kind.make(), std::move(flags)});
    out.back().run->add_flags(out.back().flags);
  }
  return out;
}

Run parse_web(const std::vector<std::string>& arguments, const Environment& environment) {
  const auto options = std::make_shared<WebOptions>();
  CommandParser parser("web", web_help);
  parser.add_value(
      {"--listen", "ADDR:PORT", "Where (127.0.0.1:8080); repeat for more", true,
       [&](const std::string& text) { return append(parse_listen(text), options->listen); }});
  parser.app().add_flag("--local", options->local,
                        "Without the internet: no public relay, no STUN");
  parser.add_tls(options->tls_certificate, options->tls_key);
  parser.add_allow_origin("Let pages from there in, too; repeat for more", options->allow_origins);
  std::vector<Offered> offered = offer_bridges(parser);
  parser.add_room(options->connection);
  parser.add_transport(options->connection);
  parser.add_verbosity(options->connection.verbosity);
  parser.parse(arguments, environment);
  parser.check_tls();
  if (options->local) {
    parser.exclude("--local", "--ice-server");
    options->connection.context.ice_servers.emplace();
  }
  if (options->listen.empty()) options->listen.push_back({"127.0.0.1", 8080});
  for (Offered& each : offered) {
    if (!each.flags.has_any()) continue;
    each.run->check(each.flags);
    each.run->set_names(each.flags.names());
    options->bridges.push_back(std::move(each.run));
  }
  return [options] { return run_web(*options); };
}

}  // namespace

Command web_command() {
  return {"web", "", "Serve a page in the browser that is in the room", parse_web};
}

}  // namespace roomwire::cli
