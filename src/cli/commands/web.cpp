// roomwire web: the page in the browser, its relay and bridges as one program.
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

#include "cli/bridges/bridge_part.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/relay_host.hpp"
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

// What the page asks for: /config.json.
std::string page_config(const WebOptions& options, const RoomId& room) {
  std::string out = R"({"version":")" ROOMWIRE_VERSION R"(","appId":)";
  append_json_string(out, options.connection.room.app.str());
  out += options.local ? R"(,"publicRelays":false)" : R"(,"publicRelays":true)";
  out += R"(,"iceServers":[)";
  bool is_first = true;
  const auto& chosen = options.connection.context.ice_servers;
  for (const std::string& url : chosen ? *chosen : client::default_ice_servers()) {
    if (!std::exchange(is_first, false)) out.push_back(',');
    append_json_string(out, url);
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
    if (options.has_osc() || options.has_dmx()) {
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

// The flags of osc and dmx have other names here.
Error in_words_of_web(Error error, const std::string& bridge) {
  for (const std::string flag : {"to: ", "listen: "}) {
    if (error.message.starts_with("--" + flag)) error.message.insert(2, bridge + "-");
  }
  return error;
}

Result<std::vector<std::unique_ptr<BridgePart>>> make_bridges(Session& session,
                                                              const WebOptions& options) {
  std::vector<std::unique_ptr<BridgePart>> parts;
  if (options.has_osc()) {
    OscOptions osc;
    osc.to = options.osc_to;
    osc.listen = options.osc_listen;
    auto part = make_osc_part(session, osc);
    if (!part) return tl::unexpected(in_words_of_web(part.error(), "osc"));
    parts.push_back(*std::move(part));
  }
  if (options.has_dmx()) {
    DmxOptions dmx;
    dmx.to = options.dmx_to;
    dmx.listen = options.dmx_listen;
    auto part = make_dmx_part(session, dmx);
    if (!part) return tl::unexpected(in_words_of_web(part.error(), "dmx"));
    parts.push_back(*std::move(part));
  }
  return parts;
}

// The relay has a loop and a thread of its own: its port must be known before the peer is made,
// and a flood of strangers does not hold up the lights.
int serve_with_bridges(const WebOptions& options, const RoomId& room) {
  boost::asio::io_context io(1);
  auto server = start_server(io, options, room);
  if (!server) return fail_with(server.error());
  ConnectionOptions connection = options.connection;
  connection.room.room = room;
  auto& relays = options.local ? connection.context.relays : connection.context.further_relays;
  relays.push_back({RelayUrl::Kind::nostr, own_relay(**server)});
  auto session = Session::create(std::move(connection), 1);
  if (!session) return fail_with(session.error());
  auto parts = make_bridges(**session, options);
  if (!parts) return fail_with(parts.error());
  say_pages(**server, options, room);

  const auto stay = boost::asio::make_work_guard(io);
  std::thread relay_thread([&io] { io.run(); });
  const int exit_code = run_with(**session, *parts);
  boost::asio::post(io, [&] { (*server)->stop([&io] { io.stop(); }); });
  relay_thread.join();
  return exit_code > exit_signal_base ? exit_fine : exit_code;
}

}  // namespace

int web(const WebOptions& options) {
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
  const bool is_bridge = options.has_osc() || options.has_dmx();
  return is_bridge ? serve_with_bridges(options, room) : serve(options, room);
}

}  // namespace roomwire::cli
