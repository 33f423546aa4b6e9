#include "mesh/mesh.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "mesh/app.hpp"
#include "mesh/path.hpp"
#include "signal/default_relays.hpp"

namespace roomwire::mesh {
namespace {

/// Trystero drops a peer that is silent for 10 s: libwebrtc notices after 5 s or so, and it waits
/// for 5 s more (peer.mjs: disconnectedCloseDelayMs).
constexpr Duration standstill = 8s;

}  // namespace

Mesh::Mesh(MeshOptions options, rtc::Stack& stack, rtc::DatagramPort& datagrams, WallClock& date,
           Entropy& entropy)
    : options_(std::move(options)),
      stack_(stack),
      date_(date),
      entropy_(entropy),
      transport_(rtc::Transport::create(stack, datagrams, entropy)) {}

Mesh::~Mesh() = default;

App& Mesh::app(const AppId& id) {
  return *apps_.at(id);
}
room::Hub& Mesh::hub(const AppId& id) {
  return app(id).hub();
}

void Mesh::set_local_endpoints(Time now, std::vector<Endpoint> endpoints) {
  transport_->set_local_endpoints(now, std::move(endpoints));
}

void Mesh::add_stun_server(Time now, const Endpoint& server) {
  transport_->add_stun_server(now, server);
}

void Mesh::handle_datagram(Time now, const Endpoint& local, const Endpoint& remote,
                           ByteView datagram, bool more) {
  for (auto& [id, app] : apps_)
    app->set_time(now);
  // One that belongs to no connection is a late packet of a connection that has ended.
  transport_->handle_datagram(now, local, remote, datagram, more);
}

void Mesh::mdns_resolved(Time now, const std::string& name,
                         const std::vector<IpAddress>& addresses) {
  for (auto& [id, app] : apps_) {
    app->set_time(now);
    app->mdns_resolved(name, addresses);
  }
}

void Mesh::relay_opened(Time now, const AppId& id, signal::RelayId relay) {
  app(id).set_time(now);
  app(id).relays().relay_opened(now, relay);
}

void Mesh::relay_message(Time now, const AppId& id, signal::RelayId relay, ByteView frame,
                         bool is_text) {
  app(id).set_time(now);
  app(id).relays().relay_message(now, relay, frame, is_text);
}

void Mesh::relay_closed(Time now, const AppId& id, signal::RelayId relay, const Error& why,
                        bool reached) {
  app(id).set_time(now);
  app(id).relays().relay_closed(now, relay, why, reached);
}

Result<void> Mesh::join(Time now, const RoomOptions& options) {
  if (options.room.empty() || !is_utf8(options.room.str())) {
    return bad_option("room", "a room id is text that is not empty");
  }
  if (options.app.empty() || !is_utf8(options.app.str())) {
    return bad_option("app", "an app id is text that is not empty");
  }
  if (!is_utf8(options.password)) {
    return bad_option("password", "the password is not UTF-8 text");
  }
  if (apps_.count(options.app) == 0) {
    std::vector<RelayUrl> relays = options_.relays;
    if (relays.empty()) {
      auto defaults = signal::default_relays(options.app, options_.relay_set);
      if (!defaults) return tl::unexpected<Error>(defaults.error());
      relays = std::move(*defaults);
    }
    relays.insert(relays.end(), options_.further_relays.begin(), options_.further_relays.end());
    auto& created = apps_[options.app] = std::make_unique<App>(
        options.app, options_, std::move(relays), *transport_, date_, entropy_);
    created->links().set_receiving(receiving_);
  }
  app(options.app).set_time(now);
  return app(options.app).join(options);
}

void Mesh::leave(Time now, const AppId& id, const RoomId& room, Duration drain) {
  app(id).set_time(now);
  app(id).leave(room, drain);
}

std::optional<Path> Mesh::path(const AppId& id, const PeerId& peer) const {
  const auto pair = apps_.at(id)->links().pair(peer);
  if (!pair) return std::nullopt;
  return path_of(*pair);
}

std::string_view Mesh::software(const AppId& id, const PeerId& peer) const {
  return apps_.at(id)->links().software(peer);
}

std::vector<UnmetPeer> Mesh::unmet_peers(Time now, const AppId& id, const RoomId& room) const {
  return apps_.at(id)->unmet_peers(now, room);
}

void Mesh::set_receiving(Time now, bool on) {
  receiving_ = on;
  for (auto& [id, app] : apps_) {
    app->set_time(now);
    app->links().set_receiving(on);
  }
}

Deadline Mesh::next_timeout() const {
  Deadline next = earlier(stack_.next_timeout(), transport_->next_timeout());
  for (const auto& [id, app] : apps_)
    next = earlier(next, app->next_timeout());
  return next;
}

void Mesh::handle_timeout(Time now) {
  for (auto& [id, app] : apps_)
    app->set_time(now);
  const Deadline due = next_timeout();
  const bool stood_still = due && now > *due + standstill;
  stack_.handle_timeout(now);
  transport_->handle_timeout(now);
  for (auto& [id, app] : apps_) {
    app->handle_timeout();
    if (stood_still) app->stood_still();
  }
}

void Mesh::settle(Time now) {
  for (auto& [id, app] : apps_) {
    app->set_time(now);
    app->settle();
  }
}

std::vector<Mesh::AppOutputs> Mesh::take_outputs() {
  std::vector<AppOutputs> all;
  for (auto& [id, app] : apps_) {
    if (app->has_outputs()) all.push_back({id, app->take_requests(), app->take_events()});
  }
  return all;
}

bool Mesh::has_outputs() const {
  return std::any_of(apps_.begin(), apps_.end(),
                     [](const auto& entry) { return entry.second->has_outputs(); });
}

Stats Mesh::stats() const {
  Stats sum;
  for (const auto& [id, app] : apps_) {
    const Stats stats = app->stats();
    sum.messages_sent += stats.messages_sent;
    sum.messages_received += stats.messages_received;
    sum.bytes_sent += stats.bytes_sent;
    sum.bytes_received += stats.bytes_received;
    sum.dropped += stats.dropped;
    sum.signals_dropped += stats.signals_dropped;
  }
  return sum;
}

}  // namespace roomwire::mesh
