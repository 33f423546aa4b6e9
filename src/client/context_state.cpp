#include "client/context_state.hpp"

#include <vector>

#include "base/refusal.hpp"

namespace roomwire::client {
namespace {

/// Takes the call that waits for `id` out of the map; empty when none does.
template <class Map>
typename Map::mapped_type take(Map& map, const typename Map::key_type& id) {
  auto node = map.extract(id);
  return node.empty() ? typename Map::mapped_type{} : std::move(node.mapped());
}

}  // namespace

Result<std::unique_ptr<ContextState>> ContextState::create(const ContextOptions& options) {
  std::unique_ptr<ContextState> state(new ContextState);
  auto runtime = Runtime::create(
      options, [raw = state.get()](const AppId& app, std::vector<mesh::Event> events) {
        raw->deliver(app, std::move(events));
      });
  if (!runtime) return tl::unexpected<Error>(runtime.error());
  state->runtime_ = std::move(*runtime);
  state->timer_ = std::make_unique<net::Timer>(state->runtime_->loop(),
                                               [raw = state.get()] { raw->run_timers(); });
  return state;
}

// First of all the rooms are told: whoever owns one may be among the tasks and functions that go.
ContextState::~ContextState() {
  std::vector<std::shared_ptr<RoomState>> rooms;
  for (const auto& [id, app] : apps_) {
    for (const auto& [name, room] : app.rooms)
      rooms.push_back(room);
  }
  for (const auto& room : rooms)
    room->outlive_context();
  for (const auto& room : rooms)
    room->forget_callbacks();
  // What goes with them may set others.
  while (!timers_.empty())
    std::exchange(timers_, {}).clear();
  timer_.reset();
  runtime_.reset();
}

Result<std::shared_ptr<RoomState>> ContextState::join(const RoomOptions& options) {
  RoomOptions checked = options;
  checked.handshake_timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(clamped(options.handshake_timeout));
  Result<void> joined = runtime_->touch_mesh().join(now(), checked);
  if (!joined) return tl::unexpected<Error>(joined.error());
  auto room = std::make_shared<RoomState>(*this, options.app, options.room);
  apps_[options.app].rooms[options.room] = room;
  return room;
}

void ContextState::leave(const RoomState& room, std::function<void()> done, Duration drain) {
  AppCalls& app = apps_[room.app()];
  app.rooms.erase(room.room());
  app.leaving[room.room()] = std::move(done);
  runtime_->touch_mesh().leave(now(), room.app(), room.room(), drain);
}

void ContextState::after(Duration delay, std::function<void()> task) {
  timers_.emplace(now() + delay, std::move(task));
  timer_->set(timers_.begin()->first);
}

/// What is due now; what these tasks set comes in a later turn, so that the sockets have theirs.
void ContextState::run_timers() {
  std::vector<std::function<void()>> due;
  const auto end = timers_.upper_bound(now());
  for (auto entry = timers_.begin(); entry != end; ++entry)
    due.push_back(std::move(entry->second));
  timers_.erase(timers_.begin(), end);
  for (const auto& task : due)
    task();
  if (!timers_.empty()) timer_->set(timers_.begin()->first);
}

Stats ContextState::stats() const {
  Stats stats = runtime_->mesh().stats();
  stats.dropped += dropped_;
  return stats;
}

void ContextState::count_dropped(const PeerId& peer, const std::string& action) {
  ++dropped_;
  drops_.add(now(), peer.str(), "a message on " + in_quotes(action) + ", which nobody here reads");
}

void ContextState::expect_sent(const AppId& app, room::SendId id, SendOptions options) {
  apps_[app].sends[id] = std::move(options);
}

void ContextState::expect_response(const AppId& app, room::RequestId id,
                                   std::function<void(Result<Payload>)> done) {
  apps_[app].requests[id] = std::move(done);
}

void ContextState::expect_pong(const AppId& app, room::PingId id,
                               std::function<void(Result<std::chrono::microseconds>)> done) {
  apps_[app].pings[id] = std::move(done);
}

void ContextState::deliver(const AppId& app, std::vector<mesh::Event> events) {
  AppCalls& calls = apps_[app];
  for (mesh::Event& event : events)
    std::visit([&](auto& happened) { handle(calls, happened); }, event);
}

template <class RoomEvent>
void ContextState::handle(AppCalls& app, RoomEvent& event) {
  const auto entry = app.rooms.find(event.room);
  if (entry == app.rooms.end()) return;
  const std::shared_ptr<RoomState> room = entry->second;
  room->handle(event);
}

void ContextState::handle(AppCalls& app, mesh::SendProgressed& event) {
  const auto entry = app.sends.find(event.send);
  if (entry == app.sends.end()) return;
  const auto on_progress = entry->second.on_progress;
  if (on_progress) on_progress({event.peer, event.fraction, entry->second.metadata});
}

void ContextState::handle(AppCalls& app, mesh::Sent& event) {
  const SendOptions options = take(app.sends, event.send);
  if (options.on_sent) options.on_sent();
}

void ContextState::handle(AppCalls& app, mesh::Responded& event) {
  const auto done = take(app.requests, event.request);
  if (done) done(std::move(event.response));
}

void ContextState::handle(AppCalls& app, mesh::Ponged& event) {
  const auto done = take(app.pings, event.ping);
  if (!done) return;
  done(event.round_trip.map(
      [](Duration time) { return std::chrono::duration_cast<std::chrono::microseconds>(time); }));
}

void ContextState::handle(AppCalls& app, mesh::RoomLeft& event) {
  const auto done = take(app.leaving, event.room);
  if (done) done();
}

void ContextState::handle(AppCalls&, Status& event) {
  on_status(event);
}

}  // namespace roomwire::client
