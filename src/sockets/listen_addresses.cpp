#include "sockets/listen_addresses.hpp"

#include <vector>

namespace roomwire::sockets {

namespace {

constexpr int max_listen_picks = 8;

std::vector<IpAddress> addresses_of(const SocketUrl& url) {
  if (url.host.empty()) return {IpAddress(), IpAddress::v6({})};
  if (url.host == "localhost") return {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("::1")};
  const auto address = IpAddress::parse(url.host);
  if (!address) return {};
  return {*address};
}

Error explain(const SocketUrl& url, const Error& error) {
  const std::string port = std::string(url.transport == Transport::udp ? "UDP" : "TCP") + " port " +
                           std::to_string(url.port);
  if (error.code == ErrorCode::address_in_use) {
    return {error.kind, port + " is taken: close what listens there, or listen on another port",
            error.code};
  }
  if (error.code == ErrorCode::address_not_here) {
    return {error.kind,
            "cannot listen on " + url.text() +
                ": this machine has no such address; leave it out to listen on all",
            error.code};
  }
  if (error.code == ErrorCode::permission_denied) {
    return {
        error.kind,
        port + " needs more rights: listen on a port from 1024 on, or give CAP_NET_BIND_SERVICE",
        error.code};
  }
  return {error.kind, "cannot listen on " + url.text() + ": " + error.message, error.code};
}

}  // namespace

Result<void> bind_all(const SocketUrl& url,
                      const std::function<Result<std::uint16_t>(const Endpoint&)>& bind,
                      const std::function<void()>& undo) {
  const std::vector<IpAddress> addresses = addresses_of(url);
  if (addresses.empty())
    return failure(ErrorKind::invalid_input, "cannot listen on " + url.text() +
                                                 ": listen on a port, or on an address of this "
                                                 "machine");
  Error last;
  for (int pick = 0; pick < max_listen_picks; ++pick) {
    std::uint16_t port = url.port;
    bool failed = false;
    for (std::size_t i = 0; i < addresses.size() && !failed; ++i) {
      const auto bound = bind({addresses[i], port});
      if (bound) {
        port = *bound;
        continue;
      }
      last = bound.error();
      failed = i == 0 || last.code == ErrorCode::address_in_use;
    }
    if (!failed) return {};
    undo();
    if (url.port != 0) break;
  }
  return tl::unexpected(explain(url, last));
}

}  // namespace roomwire::sockets
