// roomwire relay: the embedded relay server as a program.
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/signal_watcher.hpp"
#include "cli/standard_error.hpp"
#include "cli/text.hpp"
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

Result<std::vector<Endpoint>> endpoints_of(const RelayOptions& options) {
  std::vector<Endpoint> out;
  for (const ListenAddress& listen : options.listen) {
    const auto address = IpAddress::parse(listen.address);
    if (!address) {
      return failure(ErrorKind::invalid_input, "--listen: " + listen.address + " is no IP address");
    }
    out.push_back({*address, listen.port});
  }
  return out;
}

// This machine's addresses, of one family or of both.
std::vector<IpAddress> own_addresses(bool v4, bool v6) {
  std::vector<IpAddress> out;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return out;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    IpAddress address;
    if (v4 && each->ifa_addr->sa_family == AF_INET) {
      std::array<std::uint8_t, 4> bytes{};
      const auto* in = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
      std::memcpy(bytes.data(), &in->sin_addr, bytes.size());
      address = IpAddress::v4(bytes);
    } else if (v6 && each->ifa_addr->sa_family == AF_INET6) {
      std::array<std::uint8_t, 16> bytes{};
      const auto* in = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
      std::memcpy(bytes.data(), &in->sin6_addr, bytes.size());
      address = IpAddress::v6(bytes);
    }
    if (!address.is_unspecified() && !address.is_link_local()) out.push_back(address);
  }
  freeifaddrs(first);
  return out;
}

// Where clients find the server: 0.0.0.0 is no place to connect to.
std::vector<std::string> urls_of(const relay::Server& server, bool tls) {
  std::vector<std::string> out;
  const auto add = [&](const IpAddress& address, std::uint16_t port) {
    out.push_back((tls ? "wss://" : "ws://") + Endpoint{address, port}.to_string());
  };
  for (const Endpoint& endpoint : server.endpoints()) {
    if (!endpoint.address.is_unspecified()) {
      add(endpoint.address, endpoint.port);
      continue;
    }
    for (const IpAddress& own : own_addresses(true, endpoint.address.is_v6())) {
      add(own, endpoint.port);
    }
  }
  return out;
}

void say_where(const relay::Server& server, const RelayOptions& options) {
  if (options.verbosity == Verbosity::quiet) return;
  const auto urls = urls_of(server, !options.tls_certificate.empty());
  for (const std::string& url : urls)
    say(Tone::good, "relay " + url);
  if (urls.empty()) return;
  say(Tone::plain, "try");
  say(Tone::plain, "  roomwire netrecv chat --room my-room --relay " + urls.front());
  say(Tone::plain, "  roomwire netsend chat --room my-room --relay " + urls.front() + " 'hello'");
}

void say_event(const relay::ServerEvent& event, Verbosity verbosity) {
  using Kind = relay::ServerEvent::Kind;
  const std::string reason = printable(event.reason);
  if (event.kind == Kind::trouble) {
    if (verbosity != Verbosity::quiet) say(Tone::bad, reason);
    return;
  }
  if (verbosity != Verbosity::verbose) return;
  const char* what = event.kind == Kind::connected      ? "connected"
                     : event.kind == Kind::disconnected ? "gone"
                                                        : "refused";
  say(Tone::hint, fmt::format("{}: {}{}{} ({} connected)", what, event.remote.to_string(),
                              reason.empty() ? "" : ", ", reason, event.clients));
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

  auto listen = endpoints_of(options);
  if (!listen) return fail_with(listen.error());
  relay::ServerOptions server_options;
  server_options.listen = *std::move(listen);
  if (!options.tls_certificate.empty()) {
    server_options.tls = relay::ServerTls{options.tls_certificate, options.tls_key};
  }
  server_options.limits = limits_of(options);
  server_options.version = ROOMWIRE_VERSION;
  server_options.on_event = [&options](const relay::ServerEvent& event) {
    say_event(event, options.verbosity);
  };
  auto started = relay::Server::start(io, std::move(server_options));
  if (!started) return fail_with(started.error());
  server = *std::move(started);
  say_where(*server, options);
  const auto stay = boost::asio::make_work_guard(io);
  io.run();
  return exit_fine;
}

}  // namespace roomwire::cli
