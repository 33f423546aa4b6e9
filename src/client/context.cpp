#include "roomwire/context.hpp"

#include <utility>

#include "client/context_state.hpp"

namespace roomwire {

Context::Context(std::unique_ptr<client::ContextState> state) : state_(std::move(state)) {}
Context::~Context() = default;

Result<std::unique_ptr<Context>> Context::create(const ContextOptions& options) {
  auto state = client::ContextState::create(options);
  if (!state) return tl::unexpected<Error>(state.error());
  return std::unique_ptr<Context>(new Context(std::move(*state)));
}

const PeerId& Context::self_id() const {
  return state_->runtime().self();
}

Result<std::unique_ptr<Room>> Context::join(const RoomOptions& options) {
  auto room = state_->join(options);
  if (!room) return tl::unexpected<Error>(room.error());
  return std::unique_ptr<Room>(new Room(std::move(*room)));
}

void Context::on_status(std::function<void(const Status&)> callback) {
  state_->on_status.set(std::move(callback));
}

void Context::set_receiving(bool on) {
  state_->runtime().touch_mesh().set_receiving(state_->now(), on);
}

Stats Context::stats() const {
  return state_->stats();
}
void Context::run() {
  state_->runtime().loop().run();
}
void Context::stop() {
  state_->runtime().loop().stop();
}
void Context::post(std::function<void()> task) {
  state_->runtime().loop().post(std::move(task));
}

void Context::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  state_->after(clamped(delay), std::move(task));
}

}  // namespace roomwire
