#include "roomwire/room.hpp"

#include <utility>

#include "client/context_state.hpp"
#include "client/room_state.hpp"

namespace roomwire {

const std::string& Action::name() const {
  return state_->name();
}

Result<void> Action::send(Payload payload, SendOptions options) {
  return state_->send(std::move(payload), std::move(options));
}

void Action::on_message(std::function<void(Message)> callback) {
  state_->set_on_message(std::move(callback));
}

void Action::on_progress(std::function<void(const Progress&)> callback) {
  state_->set_on_progress(std::move(callback));
}

void Action::request(const PeerId& peer, Payload payload, const RequestOptions& options,
                     std::function<void(Result<Payload>)> done) {
  state_->request(peer, std::move(payload), options, std::move(done));
}

void Action::on_request(std::function<void(Message, std::unique_ptr<Responder>)> callback) {
  state_->set_on_request(std::move(callback));
}

Room::~Room() {
  state_->leave({}, {});
}

const RoomId& Room::id() const {
  return state_->room();
}
const AppId& Room::app() const {
  return state_->app();
}

std::vector<PeerId> Room::peers() const {
  client::ContextState* const context = state_->context();
  if (context == nullptr) return {};
  return context->hub(app()).peers(id());
}

std::optional<Path> Room::path(const PeerId& peer) const {
  client::ContextState* const context = state_->context();
  if (context == nullptr) return std::nullopt;
  return context->runtime().mesh().path(app(), peer);
}

std::string Room::software(const PeerId& peer) const {
  client::ContextState* const context = state_->context();
  if (context == nullptr) return {};
  return std::string(context->runtime().mesh().software(app(), peer));
}

std::vector<UnmetPeer> Room::unmet_peers() const {
  client::ContextState* const context = state_->context();
  if (context == nullptr) return {};
  return context->runtime().mesh().unmet_peers(context->now(), app(), id());
}

void Room::on_peer_join(std::function<void(const PeerId&)> callback) {
  state_->set_on_join(std::move(callback));
}

void Room::on_peer_leave(std::function<void(const PeerId&, const std::string&)> callback) {
  state_->set_on_leave(std::move(callback));
}

void Room::on_unclaimed(std::function<void(const std::string&, Message)> callback) {
  state_->set_on_unclaimed(std::move(callback));
}

Result<Action> Room::action(std::string_view name) {
  if (!room::is_action_name(name)) {
    return bad_option("name", "channel \"" + std::string(name) +
                                  "\": a name is 1 to 32 bytes of text and does not begin with @_");
  }
  return Action(state_->action(std::string(name)));
}

void Room::ping(const PeerId& peer, std::function<void(Result<std::chrono::microseconds>)> done) {
  client::ContextState* const context = state_->context();
  if (context == nullptr) {
    done(failure(ErrorKind::closed, "the room was left"));
    return;
  }
  const auto id = context->hub(app()).ping(context->now(), this->id(), peer);
  if (id) {
    context->expect_pong(app(), *id, std::move(done));
  } else {
    context->after(
        {}, [done = std::move(done), error = id.error()] { done(tl::unexpected<Error>(error)); });
  }
}

void Room::leave(std::function<void()> done, std::chrono::milliseconds drain) {
  state_->leave(std::move(done), clamped(drain));
}

}  // namespace roomwire
