#include "mesh/world.hpp"

#include <sys/time.h>

namespace roomwire::mesh {
namespace {

/// The time of the world that runs, for those who ask the system for it.
Time system_time{};

}  // namespace
}  // namespace roomwire::mesh

/// OpenSSL times its DTLS retransmissions, and usrsctp its round trips, by the clock of the
/// system: in this program that is the world's.
extern "C" int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  using namespace std::chrono;
  const auto since = roomwire::mesh::system_time.time_since_epoch() + hours(24 * 365 * 50);
  time->tv_sec = duration_cast<seconds>(since).count();
  time->tv_usec = duration_cast<microseconds>(since % seconds(1)).count();
  return 0;
}

namespace roomwire::mesh {
namespace {

constexpr signal::RelayId only_relay{0};
const AppId app{"patchies"};

}  // namespace

SimPeer::SimPeer(World& world, std::string id, std::uint8_t host, std::size_t max_message_bytes)
    : world_(world),
      id_(std::move(id)),
      endpoint_{IpAddress::v4({10, 0, 0, host}), 5000},
      entropy_(world.seed() * 1000 + host) {
  MeshOptions options{id_,
                      {RelayUrl::parse("ws://relay.test", RelayUrl::Kind::ws_relay).value()},
                      "",
                      max_message_bytes};
  mesh_ = std::make_unique<Mesh>(options, world.stack(), *this, *this, entropy_);
  mesh_->set_local_endpoints(world.now(), {endpoint_});
}

void SimPeer::join(const std::string& room, const std::string& password, bool passive) {
  RoomOptions options;
  options.room = RoomId(room);
  options.password = password;
  options.passive = passive;
  const Result<void> result = mesh_->join(world_.now(), options);
  ASSERT_TRUE(result) << result.error().message;
}

void SimPeer::leave(const std::string& room) {
  mesh_->leave(world_.now(), app, RoomId(room), 5s);
}

Result<room::SendId> SimPeer::send(const std::string& room, const std::string& action,
                                   Payload payload, std::optional<std::vector<PeerId>> to) {
  room::HubSendOptions options;
  options.to = std::move(to);
  return mesh_->hub(app).send(world_.now(), RoomId(room), action, std::move(payload), options);
}

void SimPeer::end_turn() {
  mesh_->settle(world_.now());
  for (auto& [id, requests, events] : mesh_->take_outputs()) {
    for (const Request& request : requests)
      carry_out(request);
    for (Event& event : events)
      note(event);
  }
}

void SimPeer::carry_out(const Request& request) {
  if (const auto* open = std::get_if<signal::RelayPool::Open>(&request)) {
    world_.relay_open(*this, open->relay);
  } else if (const auto* send = std::get_if<signal::RelayPool::Send>(&request)) {
    if (alive) world_.relay_send(*this, send->frame.bytes);
  } else if (std::holds_alternative<signal::RelayPool::Close>(request)) {
    topics_.clear();
  }
}

void SimPeer::note(Event& event) {
  if (const auto* peer = std::get_if<PeerJoined>(&event)) {
    joined.insert({peer->room.str(), peer->peer});
    ++joins;
  } else if (auto* gone = std::get_if<PeerLeft>(&event)) {
    joined.erase({gone->room.str(), gone->peer});
    left.push_back(std::move(*gone));
  } else if (auto* message = std::get_if<MessageReceived>(&event)) {
    messages.push_back(std::move(*message));
  } else if (const auto* room = std::get_if<RoomLeft>(&event)) {
    rooms_left.push_back(room->room.str());
  } else if (const auto* status = std::get_if<Status>(&event)) {
    statuses.push_back(*status);
  }
}

void SimPeer::send(const Endpoint& local, const Endpoint& remote, ByteView datagram) {
  if (alive) world_.datagram(local, remote, Bytes(datagram.begin(), datagram.end()));
}

Duration World::way() {
  const auto jitter = static_cast<std::uint64_t>(conditions_.jitter.count());
  return conditions_.delay + Duration(entropy_.below(jitter + 1));
}

void World::datagram(const Endpoint& from, const Endpoint& to, Bytes data) {
  if (entropy_.unit() < conditions_.loss) return;
  for (const auto& peer : peers_) {
    if (peer->endpoint() != to) continue;
    after(way(), [this, target = peer.get(), from, data = std::move(data)] {
      if (target->alive)
        target->mesh().handle_datagram(now_, target->endpoint(), from, data, false);
    });
    return;
  }
}

void World::relay_open(SimPeer& peer, signal::RelayId relay) {
  after(way(), [this, target = &peer, relay] {
    if (!target->alive) return;
    if (relay_up_) {
      target->mesh().relay_opened(now_, app, relay);
    } else {
      target->mesh().relay_closed(now_, app, relay, {ErrorKind::unavailable, "connection refused"});
    }
  });
}

void World::relay_send(SimPeer& peer, const std::string& text) {
  const auto value = parse_json(text);
  ASSERT_TRUE(value && value->is_object()) << text;
  const auto& message = value->get_object();
  const std::string topic(*string_member(message, "topic"));
  const auto type = string_member(message, "type");
  if (type == "subscribe") peer.topics_.insert(topic);
  if (type == "unsubscribe") peer.topics_.erase(topic);
  if (type == "publish") publish(topic, std::string(*string_member(message, "payload")));
}

void World::publish(const std::string& topic, const std::string& payload) {
  if (!relay_up_) return;
  const boost::json::object out{{"topic", topic}, {"payload", payload}};
  for (const auto& target : peers_) {
    if (entropy_.unit() < conditions_.signal_loss) continue;
    after(way(), [this, to = target.get(), topic, line = boost::json::serialize(out)] {
      if (relay_up_ && to->alive && to->topics_.count(topic) > 0) {
        to->mesh().relay_message(now_, app, only_relay, as_bytes(line), true);
      }
    });
  }
}

void World::stop_relay() {
  relay_up_ = false;
  for (const auto& peer : peers_) {
    peer->topics_.clear();
    after(way(), [this, target = peer.get()] {
      if (target->alive)
        target->mesh().relay_closed(now_, app, only_relay,
                                    {ErrorKind::unavailable, "connection lost"});
    });
  }
}

void World::wake_peers() {
  for (const auto& peer : peers_) {
    if (!peer->alive) continue;
    const Deadline due = peer->mesh().next_timeout();
    if (due && *due <= now_) peer->mesh().handle_timeout(now_);
    // SCTP's timers are shared: what one peer's turn caused in another is finished here.
    peer->end_turn();
  }
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Time end = now_ + limit;
  system_time = now_;
  for (;;) {
    wake_peers();
    if (done()) return true;
    Deadline next;
    if (!tasks_.empty()) next = tasks_.begin()->first;
    for (const auto& peer : peers_) {
      if (peer->alive) next = earlier(next, peer->mesh().next_timeout());
    }
    if (!next || *next > end) {
      now_ = end;
      system_time = now_;
      return false;
    }
    now_ = std::max(now_, *next);
    system_time = now_;
    while (!tasks_.empty() && tasks_.begin()->first <= now_) {
      const auto task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      task();
    }
  }
}

}  // namespace roomwire::mesh
