#include "sockets/socket_set.hpp"

#include <algorithm>
#include <array>
#include <net/loop.hpp>
#include <net/resolver.hpp>
#include <net/system.hpp>
#include <net/tls.hpp>
#include <utility>

#include "sockets/interface.hpp"
#include "sockets/socket_host.hpp"
#include "sockets/tcp_destination.hpp"
#include "sockets/tcp_listener.hpp"
#include "sockets/udp_destination.hpp"
#include "sockets/udp_listener.hpp"

namespace roomwire::sockets {

namespace {

constexpr std::size_t largest_datagram = 65'536;
/// How long an answer of is_local_address() is believed.
constexpr Duration local_answer_life = 1s;

std::size_t index_of(DestinationId id) {
  return static_cast<std::size_t>(id);
}

std::size_t index_of(ListenerId id) {
  return static_cast<std::size_t>(id);
}

}  // namespace

struct SocketSet::Impl final : SocketSetHost, std::enable_shared_from_this<Impl> {
  Impl(net::Loop& owner, SocketSetObserver& user, SocketSetOptions chosen)
      : loop_(owner),
        observer(user),
        options_(chosen),
        resolver_(owner),
        deliver_hook(owner, [this] { deliver(); }) {}

  void heard(const Source& source, ByteView packet) override;
  void malformed(const Source& source, std::string reason) override;
  void changed(DestinationId destination, bool up, std::string line) override;
  void notice(DestinationId destination, std::string line) override;
  void moved() override {
    note([this] { observer.on_sources_change(); });
  }
  void congested(bool more) override;
  bool is_receiving() const override { return receiving; }
  std::uint64_t next_connection() override { return ++connections; }
  net::Loop& loop() override { return loop_; }
  net::Resolver& resolver() override { return resolver_; }
  net::TlsTrust& trust() override { return trust_; }
  Entropy& entropy() override { return entropy_; }
  const SocketSetOptions& options() const override { return options_; }
  std::span<std::uint8_t> buffer() override { return buffer_; }

  template <class Kind>
  Result<void> add_listener(const SocketUrl& url);
  void close();
  void note(std::function<void()> call);
  void deliver();
  bool is_local(const IpAddress& address);
  bool owns(const Endpoint& bound, const Endpoint& remote);
  bool is_own(Transport transport, const Endpoint& remote);
  bool sends_from(Transport transport, const Endpoint& remote, bool alone);

  net::Loop& loop_;
  SocketSetObserver& observer;
  const SocketSetOptions options_;
  net::Resolver resolver_;
  net::TlsTrust trust_;
  net::SystemEntropy entropy_;
  std::array<std::uint8_t, largest_datagram> buffer_;
  std::vector<std::shared_ptr<Destination>> destinations;
  std::vector<std::shared_ptr<Listener>> listeners;
  /// What the ends noted, for the end of the turn. A turn brings what one read of a socket can
  /// bring, so few.
  std::vector<std::function<void()>> notes;
  net::TurnHook deliver_hook;
  std::size_t congested_count = 0;
  std::uint64_t connections = 0;
  std::uint64_t own_ignored = 0;
  IpAddress asked_address;
  bool asked_is_local = false;
  Deadline asked_until;
  bool receiving = true;
  bool open = true;
};

void SocketSet::Impl::heard(const Source& source, ByteView packet) {
  if (is_own(source.transport, source.remote)) {
    ++own_ignored;
    return;
  }
  const auto keep = shared_from_this();
  observer.on_packet(source, packet);
}

void SocketSet::Impl::note(std::function<void()> call) {
  notes.push_back(std::move(call));
  deliver_hook.request();
}

void SocketSet::Impl::malformed(const Source& source, std::string reason) {
  note([this, source, reason = std::move(reason)] { observer.on_malformed(source, reason); });
}

void SocketSet::Impl::changed(DestinationId destination, bool up, std::string line) {
  note([this, destination, up, line = std::move(line)] {
    observer.on_destination_change(destination, up, line);
  });
}

void SocketSet::Impl::notice(DestinationId destination, std::string line) {
  note([this, destination, line = std::move(line)] { observer.on_notice(destination, line); });
}

void SocketSet::Impl::congested(bool more) {
  if (more) {
    ++congested_count;
    return;
  }
  if (--congested_count > 0) return;
  note([this] {
    if (congested_count == 0) observer.on_room();
  });
}

void SocketSet::Impl::deliver() {
  const auto keep = shared_from_this();
  for (const auto& call : std::exchange(notes, {})) {
    if (!open) return;
    call();
  }
}

void SocketSet::Impl::close() {
  open = false;
  for (const auto& destination : destinations)
    destination->close();
  for (const auto& listener : listeners)
    listener->close();
}

bool SocketSet::Impl::is_local(const IpAddress& address) {
  const Time now = loop_.now();
  if (asked_until && now < *asked_until && address == asked_address) return asked_is_local;
  asked_address = address;
  asked_is_local = is_local_address(address);
  asked_until = now + local_answer_life;
  return asked_is_local;
}

// A socket that is bound to all addresses sends from any of this machine's.
bool SocketSet::Impl::owns(const Endpoint& bound, const Endpoint& remote) {
  if (bound.port != remote.port || bound.address.is_v4() != remote.address.is_v4()) return false;
  return bound.address.is_unspecified() ? is_local(remote.address)
                                        : bound.address.bytes() == remote.address.bytes();
}

bool SocketSet::Impl::sends_from(Transport transport, const Endpoint& remote, bool alone) {
  for (const auto& destination : destinations) {
    if (destination->transport() != transport || (alone && !destination->is_exclusive())) continue;
    const auto local = destination->local();
    if (local && owns(*local, remote)) return true;
  }
  return false;
}

bool SocketSet::Impl::is_own(Transport transport, const Endpoint& remote) {
  if (sends_from(transport, remote, true)) return true;
  if (transport == Transport::tcp) return false;
  for (const auto& listener : listeners) {
    if (!listener->is_exclusive()) continue;
    for (const Endpoint& local : listener->endpoints()) {
      if (owns(local, remote)) return true;
    }
  }
  return false;
}

template <class Kind>
Result<void> SocketSet::Impl::add_listener(const SocketUrl& url) {
  const auto listener = std::make_shared<Kind>(*this, ListenerId(listeners.size()), url);
  if (auto started = listener->start(); !started) {
    listener->close();
    return started;
  }
  listeners.push_back(listener);
  return {};
}

SocketSet::SocketSet(net::Loop& loop, SocketSetObserver& observer, SocketSetOptions options)
    : impl_(std::make_shared<Impl>(loop, observer, options)) {}

SocketSet::~SocketSet() {
  impl_->close();
}

Result<ListenerId> SocketSet::listen(const SocketUrl& url) {
  const ListenerId id{static_cast<std::uint32_t>(impl_->listeners.size())};
  const auto started = url.transport == Transport::udp ? impl_->add_listener<UdpListener>(url)
                                                       : impl_->add_listener<TcpListener>(url);
  if (!started) return tl::unexpected(started.error());
  return id;
}

std::vector<Endpoint> SocketSet::listening_on(ListenerId listener) const {
  return impl_->listeners[index_of(listener)]->endpoints();
}

DestinationId SocketSet::add_destination(const SocketUrl& url) {
  const DestinationId id{static_cast<std::uint32_t>(impl_->destinations.size())};
  if (url.transport == Transport::udp) {
    impl_->destinations.push_back(std::make_shared<UdpDestination>(*impl_, id, url));
  } else {
    impl_->destinations.push_back(std::make_shared<TcpDestination>(*impl_, id, url));
  }
  impl_->destinations.back()->start();
  return id;
}

void SocketSet::send(DestinationId destination, ByteView packet) {
  impl_->destinations[index_of(destination)]->send(packet);
}

bool SocketSet::send_to(const Source& source, ByteView packet) {
  if (const auto* listener = std::get_if<ListenerId>(&source.end))
    return impl_->listeners[index_of(*listener)]->send_to(source, packet);
  return impl_->destinations[index_of(std::get<DestinationId>(source.end))]->send_to(source,
                                                                                     packet);
}

bool SocketSet::is_congested() const {
  return impl_->congested_count > 0;
}

void SocketSet::set_receiving(bool on) {
  if (std::exchange(impl_->receiving, on) || !on) return;
  for (const auto& destination : impl_->destinations)
    destination->resume();
  for (const auto& listener : impl_->listeners)
    listener->resume();
}

bool SocketSet::is_up(DestinationId destination) const {
  return impl_->destinations[index_of(destination)]->is_up();
}

std::optional<Endpoint> SocketSet::remote(DestinationId destination) const {
  return impl_->destinations[index_of(destination)]->remote();
}

DestinationStats SocketSet::stats(DestinationId destination) const {
  return impl_->destinations[index_of(destination)]->stats();
}

std::uint64_t SocketSet::own_ignored() const {
  return impl_->own_ignored;
}

std::vector<Endpoint> SocketSet::sources() const {
  std::vector<Endpoint> all;
  for (const auto& destination : impl_->destinations) {
    if (const auto local = destination->local()) all.push_back(*local);
  }
  return all;
}

bool SocketSet::is_own(Transport transport, const Endpoint& remote) const {
  return impl_->is_own(transport, remote);
}

bool SocketSet::may_be_own(Transport transport, const Endpoint& remote) const {
  return impl_->is_own(transport, remote) || impl_->sends_from(transport, remote, false);
}

std::string Source::text() const {
  return transport == Transport::tcp ? "osc.tcp://" + remote.to_string() + "/" : remote.to_string();
}

}  // namespace roomwire::sockets
