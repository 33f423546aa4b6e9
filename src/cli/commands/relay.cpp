// roomwire relay: the embedded relay server as a program.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <utility>

#include "cli/commands/commands.hpp"
#include "cli/commands/relay_host.hpp"
#include "cli/screen/standard_error.hpp"
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

}  // namespace

int relay(const RelayOptions& options) {
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

}  // namespace roomwire::cli
