#include "net/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "net/interfaces.hpp"
#include "net/loop.hpp"
#include "net/socket_address.hpp"

namespace roomwire::net {

namespace {

constexpr std::size_t max_threads = 8;
constexpr std::size_t max_waiting = 256;

Resolver::Addresses system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error == EAI_NONAME)
    return failure(ErrorKind::unavailable, "host not found", ErrorCode::host_not_found);
  if (error != 0)
    return failure(ErrorKind::unavailable, std::string("host not found: ") + gai_strerror(error),
                   ErrorCode::host_not_found);
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto endpoint = from_socket_address(entry->ai_addr);
    if (endpoint &&
        std::find(addresses.begin(), addresses.end(), endpoint->address) == addresses.end())
      addresses.push_back(endpoint->address);
  }
  ::freeaddrinfo(list);
  if (addresses.empty())
    return failure(ErrorKind::unavailable, "host not found", ErrorCode::host_not_found);
  return addresses;
}

std::vector<MdnsRoute> system_routes() {
  const auto addresses = local_addresses();
  if (!addresses) return {};
  return mdns_routes(*addresses);
}

}  // namespace

// Shared with the threads, which may outlive the resolver and the loop: a thread that hangs in
// getaddrinfo() cannot be stopped, and whoever ends the program should not wait for it. Such a
// thread is detached, holds a part of this, and touches nothing else of ours; what the callers
// gave stays on the loop's thread.
struct Resolver::State : std::enable_shared_from_this<Resolver::State> {
  State(Loop& owner, Lookup function) : loop(&owner), lookup(std::move(function)) {}

  void add(const std::string& host, Done done) {
    const std::uint64_t job = next_job++;
    jobs.emplace(job, std::move(done));
    if (threads < max_threads) {
      start(job, host);
    } else {
      waiting.emplace_back(job, host);
    }
  }

  void start(std::uint64_t job, const std::string& host) {
    ++threads;
    try {
      std::thread([self = shared_from_this(), job, host] {
        self->post_result(job, self->lookup(host));
      }).detach();
    } catch (const std::system_error&) {
      post_result(job, failure(ErrorKind::limit, "no thread for a name lookup"));
    }
  }

  void post_result(std::uint64_t job, Addresses found) {
    const std::lock_guard lock(mutex);
    if (loop == nullptr) return;
    loop->post([self = shared_from_this(), job, found = std::move(found)]() mutable {
      self->finish(job, std::move(found));
    });
  }

  void finish(std::uint64_t job, Addresses found) {
    --threads;
    if (!waiting.empty()) {
      const auto [next, host] = std::move(waiting.front());
      waiting.pop_front();
      start(next, host);
    }
    answer(job, std::move(found));
  }

  void answer(std::uint64_t job, Addresses found) {
    auto node = jobs.extract(job);
    if (!node.empty()) node.mapped()(std::move(found));
  }

  std::mutex mutex;
  Loop* loop;  // guarded; nullptr once the resolver is gone
  const Lookup lookup;
  // The rest belongs to the loop's thread.
  std::map<std::uint64_t, Done> jobs;
  std::deque<std::pair<std::uint64_t, std::string>> waiting;
  std::uint64_t next_job = 0;
  std::size_t threads = 0;
};

Resolver::Resolver(Loop& loop) : Resolver(loop, system_lookup, system_routes) {}

Resolver::Resolver(Loop& loop, Lookup lookup, std::function<std::vector<MdnsRoute>()> routes)
    : state_(std::make_shared<State>(loop, std::move(lookup))),
      routes_(std::move(routes)),
      mdns_(loop, entropy_, {}) {}

Resolver::~Resolver() {
  state_->waiting.clear();
  state_->jobs.clear();
  const std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
}

void Resolver::resolve(const std::string& host, Done done) {
  if (routes_ && MdnsResolver::is_local_name(host)) return resolve_local(host, std::move(done));
  resolve_by_system(host, std::move(done));
}

void Resolver::resolve_local(const std::string& host, Done done) {
  struct Race {
    Done done;
    bool one_failed = false;
  };
  const auto race = std::make_shared<Race>(Race{std::move(done)});
  const auto take = [race](Addresses found) {
    if (!race->done || (!found && !std::exchange(race->one_failed, true))) return;
    if (!found)
      found = failure(ErrorKind::unavailable,
                      "host not found: neither by multicast DNS nor by the system",
                      ErrorCode::host_not_found);
    std::exchange(race->done, nullptr)(std::move(found));
  };
  mdns_.set_routes(routes_());
  mdns_.resolve_all(host, take);
  resolve_by_system(host, take);
}

void Resolver::resolve_by_system(const std::string& host, Done done) {
  const auto address = IpAddress::parse(host);
  if (!address && state_->waiting.size() < max_waiting) {
    state_->add(host, std::move(done));
    return;
  }
  const std::uint64_t job = state_->next_job++;
  state_->jobs.emplace(job, std::move(done));
  Addresses known = failure(ErrorKind::limit, "too many name lookups at once");
  if (address) known = std::vector{*address};
  state_->loop->post(
      [state = state_, job, known = std::move(known)] { state->answer(job, known); });
}

}  // namespace roomwire::net
