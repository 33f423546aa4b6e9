#include "cli/commands/relay.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <utility>

#include "cli/commands/relay_host.hpp"
#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/signal_watcher.hpp"
#include "relay/server.hpp"

namespace roomwire::cli {
namespace {

relay::Limits limits_of(const RelayOptions& options) {
  relay::Limits limits;
  if (options.max_connections) {
    limits.connections = *options.max_connections;
    limits.connections_per_address = std::min(limits.connections_per_address, limits.connections);
  }
  if (options.max_subscriptions) limits.subscriptions = *options.max_subscriptions;
  if (options.max_message_bytes) limits.message_bytes = *options.max_message_bytes;
  if (options.messages_per_second) {
    // The burst keeps its ratio to the rate.
    const auto rate = static_cast<double>(*options.messages_per_second);
    limits.message_burst *= rate / limits.messages_per_second;
    limits.messages_per_second = rate;
  }
  return limits;
}

void say_where(const relay::Server& server, const RelayOptions& options) {
  if (options.verbosity == Verbosity::quiet) return;
  const std::vector<Endpoint> places = reachable_at(server.endpoints());
  std::vector<std::string> urls;
  urls.reserve(places.size());
  for (const Endpoint& endpoint : places)
    urls.push_back((options.tls_certificate.empty() ? "ws://" : "wss://") + endpoint.to_string());
  for (const std::string& url : urls)
    say(Tone::good, "relay " + url);
  if (urls.empty()) return;
  say(Tone::plain, "try");
  say(Tone::plain, "  roomwire netrecv chat --room my-room --relay " + urls.front());
  say(Tone::plain, "  roomwire netsend chat --room my-room --relay " + urls.front() + " 'hello'");
  say_local_network_question(places);
}

int run(const RelayOptions& options) {
  boost::asio::io_context io(1);
  std::unique_ptr<relay::Server> server;
  std::atomic<bool> signalled{false};
  const SignalWatcher signals([&](int signal) {
    if (signalled.exchange(true)) _exit(exit_signal_base + signal);
    boost::asio::post(io, [&] { server->stop([&io] { io.stop(); }); });
  });
  relay::raise_file_limit();

  auto listen = endpoints_of(options.listen);
  if (!listen) return fail_with(listen.error());
  relay::ServerOptions server_options;
  server_options.listen = *std::move(listen);
  if (!options.tls_certificate.empty()) {
    server_options.tls = relay::ServerTls{options.tls_certificate, options.tls_key};
  }
  server_options.limits = limits_of(options);
  server_options.version = ROOMWIRE_VERSION;
  if (!options.allow_origins.empty()) {
    server_options.allowed_origins = options.allow_origins;
  }
  auto started = start_relay(io, std::move(server_options), options.verbosity);
  if (!started) return fail_with(started.error());
  server = *std::move(started);
  say_where(*server, options);
  const auto stay = boost::asio::make_work_guard(io);
  io.run();
  return exit_fine;
}

// ---- flags ----

constexpr CommandHelp relay_help{
    R"(Run a relay where peers find each other, for Trystero's Nostr and WebSocket
relay strategies on one port. It stores nothing.)",
    R"(Examples:
  roomwire relay
  roomwire relay --listen 0.0.0.0:7777
  roomwire relay --listen [::]:443 --tls-cert cert.pem --tls-key key.pem)"};

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

}  // namespace

RelayOptions parse_relay_command(const std::vector<std::string>& arguments,
                                 const Environment& /*environment*/) {
  RelayOptions options;
  CommandParser parser("relay", relay_help);
  parser.add_value(
      {"--listen", "ADDR:PORT", "Where (127.0.0.1:7777); repeat for more", true,
       [&](const std::string& text) { return append(parse_listen(text), options.listen); }});
  parser.add_tls(options.tls_certificate, options.tls_key);
  parser.add_allow_origin("Let only pages from there in; repeat for more", options.allow_origins);
  add_relay_limits(parser, options);
  parser.add_verbosity(options.verbosity);
  parser.parse(arguments, [](const std::string&) { return std::nullopt; });
  if (options.listen.empty()) options.listen.emplace_back();
  parser.check_tls();
  return options;
}

Command relay_command() {
  return {"relay", "", "Run a relay where peers find each other",
          [](const std::vector<std::string>& arguments, const Environment& environment) -> Run {
            return [options = parse_relay_command(arguments, environment)] { return run(options); };
          }};
}

}  // namespace roomwire::cli
