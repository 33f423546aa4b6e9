#include "net/mdns_resolver.hpp"

#include <algorithm>
#include <array>
#include <base/bytes.hpp>
#include <list>
#include <optional>
#include <utility>

#include "net/loop.hpp"
#include "net/mdns_message.hpp"
#include "net/udp_socket.hpp"

namespace roomwire::net {

namespace {

/// Asked for at once; the others wait their turn.
constexpr std::size_t max_names = 16;
constexpr std::size_t max_names_waiting = 512;
constexpr std::size_t max_found = 8;
constexpr std::uint16_t mdns_port = 5353;
// Queries and answers are small and few.
constexpr UdpOptions socket_options{.buffer_bytes = 64 << 10};

std::string normal_name(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  std::string normal(name);
  for (char& c : normal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normal;
}

}  // namespace

std::vector<MdnsRoute> mdns_routes(std::span<const LocalAddress> addresses) {
  // RFC 6762 section 3.
  static const IpAddress group_v4 = IpAddress::v4({224, 0, 0, 251});
  static const auto group_v6 = *IpAddress::parse("ff02::fb");
  std::vector<MdnsRoute> routes;
  for (const LocalAddress& local : addresses) {
    const bool v4 = local.address.is_v4();
    if (!v4 && !local.address.is_link_local() && !local.loopback) continue;
    routes.push_back({local.address, local.index, {v4 ? group_v4 : group_v6, mdns_port}});
  }
  return routes;
}

struct MdnsResolver::Impl : std::enable_shared_from_this<MdnsResolver::Impl> {
  struct Query {
    std::string name;
    std::uint16_t id;
    AllDone done;
    bool first_is_enough;
    unsigned tries_left;
    std::unique_ptr<Timer> timer;
    std::vector<IpAddress> found;
  };

  Impl(Loop& owner, Entropy& source, std::vector<MdnsRoute> ways, MdnsOptions settings)
      : loop(owner), entropy(source), routes(std::move(ways)), options(settings) {}

  void resolve(const std::string& name, bool first_is_enough, AllDone done);
  void fail(AllDone done, ErrorKind kind, std::string message);
  bool open_sockets();
  void listen(const MdnsRoute& route);
  void begin_next();
  void ask(Query& query);
  void handle(std::size_t route, bool group, std::span<const Datagram> datagrams);
  void handle_answer(const MdnsRoute& route, bool group, const Datagram& datagram);
  void take(Query& query, const IpAddress& address);
  void try_again(Query& query);
  void finish(Query& query, Result<std::vector<IpAddress>> result);

  Loop& loop;
  Entropy& entropy;
  std::vector<MdnsRoute> routes;
  const MdnsOptions options;
  std::list<Query> queries;            // Those under way.
  std::list<Query> waiting;            // For one of these to end; none while there is room.
  std::vector<MdnsRoute> open_routes;  // what the sockets were opened for
  std::vector<std::unique_ptr<UdpSocket>> askers;  // one for each of open_routes, or nullptr
  std::vector<std::unique_ptr<UdpSocket>> listeners;
  bool alive = true;
};

void MdnsResolver::Impl::resolve(const std::string& name, bool first_is_enough, AllDone done) {
  if (!is_local_name(name))
    return fail(std::move(done), ErrorKind::invalid_input, "not a .local name");
  if (waiting.size() >= max_names_waiting)
    return fail(std::move(done), ErrorKind::limit, "too many .local names at once");
  if (queries.empty() && !open_sockets())
    return fail(std::move(done), ErrorKind::unavailable, "no network to ask for .local names");
  std::array<std::uint8_t, 2> id{};
  entropy.fill(id);
  waiting.push_back({normal_name(name),
                     ByteReader(id).u16(),
                     std::move(done),
                     first_is_enough,
                     options.tries,
                     nullptr,
                     {}});
  begin_next();
}

void MdnsResolver::Impl::begin_next() {
  if (waiting.empty() || queries.size() >= max_names) return;
  queries.splice(queries.end(), waiting, waiting.begin());
  Query& query = queries.back();
  query.timer = std::make_unique<Timer>(loop, [this, &query] { try_again(query); });
  ask(query);
}

void MdnsResolver::Impl::fail(AllDone done, ErrorKind kind, std::string message) {
  loop.post([self = shared_from_this(), done = std::move(done),
             error = failure(kind, std::move(message))] {
    if (self->alive) done(error);
  });
}

bool MdnsResolver::Impl::open_sockets() {
  open_routes = routes;
  askers.clear();
  listeners.clear();
  bool any = false;
  for (std::size_t i = 0; i < open_routes.size(); ++i) {
    const MdnsRoute& route = open_routes[i];
    auto socket = UdpSocket::bind(
        loop, {route.local, 0},
        [this, i](std::span<const Datagram> datagrams) { handle(i, false, datagrams); },
        socket_options);
    askers.push_back(socket ? std::move(*socket) : nullptr);
    if (!askers.back()) continue;
    any = true;
    if (!route.destination.address.is_multicast()) continue;
    askers.back()->set_multicast_interface(route.local, route.index);
    listen(route);
  }
  return any;
}

// One socket a group and interface. Best effort: where it does not work, those who answer by
// unicast are still heard.
void MdnsResolver::Impl::listen(const MdnsRoute& route) {
  UdpOptions shared = socket_options;
  shared.shared = true;
  const std::size_t index = askers.size() - 1;
  auto socket = UdpSocket::bind(
      loop, route.destination.with_scope(route.index),
      [this, index](std::span<const Datagram> datagrams) { handle(index, true, datagrams); },
      shared);
  if (!socket || !(*socket)->join(route.destination.address, route.local, route.index)) return;
  listeners.push_back(std::move(*socket));
}

void MdnsResolver::Impl::ask(Query& query) {
  --query.tries_left;
  for (std::size_t i = 0; i < askers.size(); ++i) {
    if (!askers[i]) continue;
    for (const MdnsType type : {MdnsType::a, MdnsType::aaaa})
      askers[i]->send(open_routes[i].destination, mdns_query(query.id, query.name, type));
  }
  query.timer->set(loop.now() + options.wait);
}

void MdnsResolver::Impl::handle(std::size_t route, bool group,
                                std::span<const Datagram> datagrams) {
  const auto self = shared_from_this();
  const MdnsRoute from = open_routes[route];
  for (const Datagram& datagram : datagrams) {
    if (!alive || queries.empty()) return;
    handle_answer(from, group, datagram);
  }
}

void MdnsResolver::Impl::handle_answer(const MdnsRoute& route, bool group,
                                       const Datagram& datagram) {
  // RFC 6762 section 6: what does not come from the port is no answer.
  if (datagram.remote.port != route.destination.port) return;
  const auto response = parse_mdns_response(datagram.data);
  if (!response) return;
  for (const MdnsAnswer& answer : response->answers) {
    const auto query = std::find_if(queries.begin(), queries.end(), [&](const Query& asked) {
      // RFC 6762 sections 6.7 and 18.1: unicast answers repeat the id, multicast ones need not.
      return asked.name == answer.name && (group || asked.id == response->id);
    });
    if (query != queries.end()) take(*query, answer.address.with_scope(route.index));
    if (!alive) return;
  }
}

void MdnsResolver::Impl::take(Query& query, const IpAddress& address) {
  auto& found = query.found;
  if (found.size() == max_found || std::find(found.begin(), found.end(), address) != found.end())
    return;
  const auto place = address.is_v4() ? std::find_if(found.begin(), found.end(),
                                                    [](const auto& each) { return each.is_v6(); })
                                     : found.end();
  found.insert(place, address);
  if (query.first_is_enough) return finish(query, found);
  // The rest of what this datagram says belongs to it, too.
  query.tries_left = 0;
  query.timer->set(loop.now() + (address.is_v4() ? Duration::zero() : options.wait / 6));
}

void MdnsResolver::Impl::try_again(Query& query) {
  if (query.tries_left > 0) return ask(query);
  if (!query.found.empty()) return finish(query, query.found);
  finish(query, failure(ErrorKind::timed_out, "nobody answers for " + query.name));
}

// Ends the query; the callback may do anything, so it comes last.
void MdnsResolver::Impl::finish(Query& query, Result<std::vector<IpAddress>> result) {
  const auto self = shared_from_this();
  const auto at = std::find_if(queries.begin(), queries.end(),
                               [&](const Query& other) { return &other == &query; });
  const AllDone done = std::move(query.done);
  queries.erase(at);
  begin_next();
  if (queries.empty()) {
    askers.clear();
    listeners.clear();
  }
  done(std::move(result));
}

MdnsResolver::MdnsResolver(Loop& loop, Entropy& entropy, std::vector<MdnsRoute> routes,
                           MdnsOptions options)
    : impl_(std::make_shared<Impl>(loop, entropy, std::move(routes), options)) {}

MdnsResolver::~MdnsResolver() {
  impl_->alive = false;
  impl_->queries.clear();
  impl_->waiting.clear();
  impl_->askers.clear();
  impl_->listeners.clear();
}

void MdnsResolver::set_routes(std::vector<MdnsRoute> routes) {
  impl_->routes = std::move(routes);
}

void MdnsResolver::resolve(const std::string& name, Done done) {
  impl_->resolve(name, true, [done = std::move(done)](Result<std::vector<IpAddress>> found) {
    if (!found) return done(tl::unexpected(found.error()));
    done(found->front());
  });
}

void MdnsResolver::resolve_all(const std::string& name, AllDone done) {
  impl_->resolve(name, false, std::move(done));
}

bool MdnsResolver::is_local_name(std::string_view name) {
  constexpr std::string_view suffix = ".local";
  const std::string normal = normal_name(name);
  return is_dns_name(name) && normal.size() > suffix.size() &&
         normal.compare(normal.size() - suffix.size(), suffix.size(), suffix) == 0;
}

}  // namespace roomwire::net
