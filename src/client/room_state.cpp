#include "client/room_state.hpp"

#include <algorithm>

#include "client/context_state.hpp"
#include "room/request.hpp"

namespace roomwire::client {
namespace {

/// What a room keeps for actions without a listener, so that a program may set its callbacks
/// after joining; a peer that sends on names nobody listens to must not fill memory.
constexpr std::size_t max_waiting_bytes = 1U << 20;
/// Counted for each kept message beside its payload.
constexpr std::size_t waiting_overhead = 128;
/// How long a request may wait for its handler (@trystero-p2p/core, actions).
constexpr Duration request_patience = 500ms;

std::size_t cost(const Message& message) {
  return size_of(message.payload) + waiting_overhead +
         (message.metadata ? message.metadata->text().size() : 0);
}

class HubResponder final : public Responder {
 public:
  HubResponder(std::weak_ptr<RoomState> room, PeerId peer, std::string request)
      : room_(std::move(room)), peer_(std::move(peer)), request_(std::move(request)) {}
  ~HubResponder() override { fail("the request was not answered"); }
  HubResponder(const HubResponder&) = delete;
  HubResponder& operator=(const HubResponder&) = delete;

  void reply(Payload payload) override { respond(std::move(payload)); }
  void fail(std::string message) override {
    respond(failure(ErrorKind::rejected, std::move(message)));
  }

 private:
  void respond(Result<Payload> response) {
    const auto room = std::exchange(room_, {}).lock();
    if (!room || room->context() == nullptr) return;
    ContextState& context = *room->context();
    context.hub(room->app())
        .respond(context.now(), room->room(), peer_, request_, std::move(response));
  }

  std::weak_ptr<RoomState> room_;
  PeerId peer_;
  std::string request_;
};

}  // namespace

std::shared_ptr<ActionState> RoomState::action(const std::string& name) {
  auto& action = actions_[name];
  if (!action) action = std::make_shared<ActionState>(weak_from_this(), name);
  return action;
}

void RoomState::forget_callbacks() {
  on_join_.set({});
  on_leave_.set({});
  on_unclaimed_.set({});
  for (const auto& [name, action] : std::exchange(actions_, {}))
    action->forget_callbacks();
  waiting_.clear();
}

void RoomState::leave(std::function<void()> done, Duration drain) {
  ContextState* const context = std::exchange(context_, nullptr);
  if (context == nullptr) {
    if (done) done();
    return;
  }
  forget_callbacks();
  context->leave(*this, std::move(done), drain);
}

void RoomState::set_on_join(std::function<void(const PeerId&)> callback) {
  if (context_ == nullptr) return;
  on_join_.set(std::move(callback));
  ++listener_;
  untold_.clear();
  for (const auto& [peer, told] : present_)
    untold_.insert(peer);
  if (untold_.empty()) return;
  // Later, not from within the call that set the callback.
  context_->after({}, [weak = weak_from_this()] {
    if (const auto room = weak.lock()) room->tell_present();
  });
}

/// Each call may end the room, or set another listener, to whom somebody else then tells.
void RoomState::tell_present() {
  const auto listener = listener_;
  while (context_ != nullptr && listener == listener_ && !untold_.empty()) {
    const PeerId peer = *untold_.begin();
    untold_.erase(untold_.begin());
    present_[peer] = bool(on_join_);
    on_join_(peer);
  }
}

void RoomState::handle(mesh::PeerJoined& event) {
  present_[event.peer] = bool(on_join_);
  on_join_(event.peer);
}

void RoomState::handle(mesh::PeerLeft& event) {
  const auto entry = present_.extract(event.peer);
  const bool told = !entry.empty() && entry.mapped();
  // Of a peer that came and went before its joining could be told, nothing is told.
  if (untold_.erase(event.peer) > 0 && !told) return;
  on_leave_(event.peer, event.reason);
}

void RoomState::handle(mesh::MessageReceived& event) {
  const auto entry = actions_.find(event.action);
  if (entry == actions_.end()) return handle_unclaimed(event);
  const std::shared_ptr<ActionState> action = entry->second;
  if (action->has_progress()) action->tell_progress(event.peer, 1, event.metadata);
  if (context_ != nullptr && !action->has_listener()) return handle_unclaimed(event);
  if (!waiting_.empty()) action->hand_over_waiting();  // What came before goes first.
  if (context_ == nullptr) return;
  action->handle({std::move(event.peer), std::move(event.payload), std::move(event.metadata)});
}

void RoomState::handle(mesh::ReceiveProgressed& event) {
  const auto entry = actions_.find(event.action);
  if (entry == actions_.end() || !entry->second->has_progress()) return;
  const std::shared_ptr<ActionState> action = entry->second;
  action->tell_progress(event.peer, event.fraction, event.metadata);
}

void RoomState::set_on_leave(std::function<void(const PeerId&, const std::string&)> callback) {
  if (context_ != nullptr) on_leave_.set(std::move(callback));
}

void RoomState::set_on_unclaimed(std::function<void(const std::string&, Message)> callback) {
  if (context_ == nullptr) return;
  on_unclaimed_.set(std::move(callback));
  // Later, not from within the call that set the callback.
  context_->after({}, [weak = weak_from_this()] {
    if (const auto room = weak.lock()) room->hand_over_unclaimed();
  });
}

void RoomState::handle_unclaimed(mesh::MessageReceived& event) {
  if (!on_unclaimed_) return keep(event);
  hand_over_unclaimed();  // What came before goes first.
  if (context_ == nullptr) return;
  on_unclaimed_(event.action,
                Message{event.peer, std::move(event.payload), std::move(event.metadata)});
}

void RoomState::hand_over_unclaimed() {
  while (context_ != nullptr && on_unclaimed_) {
    // Those whose listener is about to get them wait on. The callback may make actions.
    const auto entry = std::find_if(waiting_.begin(), waiting_.end(), [this](const auto& each) {
      const auto action = actions_.find(each.first);
      return action == actions_.end() || !action->second->has_listener();
    });
    if (entry == waiting_.end()) return;
    const std::string name = entry->first;
    for (Waiting& waiting : take_waiting(name)) {
      if (context_ == nullptr) return;
      on_unclaimed_(name, std::move(waiting.message));
    }
  }
}

void RoomState::keep(mesh::MessageReceived& event) {
  Message message{event.peer, std::move(event.payload), std::move(event.metadata)};
  const std::size_t size = cost(message);
  if (waiting_bytes_ + size > max_waiting_bytes) {
    context_->count_dropped(event.peer, event.action);
    return;
  }
  waiting_bytes_ += size;
  waiting_[event.action].push_back({std::move(message), context_->now()});
}

std::deque<RoomState::Waiting> RoomState::take_waiting(const std::string& action) {
  auto node = waiting_.extract(action);
  if (node.empty()) return {};
  for (const Waiting& waiting : node.mapped())
    waiting_bytes_ -= cost(waiting.message);
  return std::move(node.mapped());
}

std::shared_ptr<RoomState> ActionState::room() const {
  auto room = room_.lock();
  return room && room->context() != nullptr ? room : nullptr;
}

Result<void> ActionState::send(Payload payload, SendOptions options) {
  const auto room = this->room();
  if (!room) return failure(ErrorKind::closed, "the room was left");
  ContextState& context = *room->context();
  room::Hub& hub = context.hub(room->app());
  const bool wants_progress = options.on_progress != nullptr;
  const bool is_awaited = wants_progress || options.on_sent;
  const auto id = hub.send(context.now(), room->room(), name_, std::move(payload),
                           {std::move(options.to), options.metadata, wants_progress, is_awaited});
  if (!id) return tl::unexpected<Error>(id.error());
  if (is_awaited) context.expect_sent(room->app(), *id, std::move(options));
  return {};
}

void ActionState::request(const PeerId& peer, Payload payload, const RequestOptions& options,
                          std::function<void(Result<Payload>)> done) {
  const auto room = this->room();
  if (!room) {
    done(failure(ErrorKind::closed, "the room was left"));
    return;
  }
  ContextState& context = *room->context();
  const auto id = context.hub(room->app())
                      .request(context.now(), room->room(), peer, name_, std::move(payload),
                               options.metadata, clamped(options.timeout));
  if (id) {
    context.expect_response(room->app(), *id, std::move(done));
  } else {
    context.after(
        {}, [done = std::move(done), error = id.error()] { done(tl::unexpected<Error>(error)); });
  }
}

void ActionState::set_on_message(std::function<void(Message)> callback) {
  if (!room()) return;
  on_message.set(std::move(callback));
  deliver_waiting();
}

void ActionState::set_on_progress(std::function<void(const Progress&)> callback) {
  if (room()) on_progress_.set(std::move(callback));
}

void ActionState::forget_callbacks() {
  on_message.set({});
  on_request.set({});
  on_progress_.set({});
}

void ActionState::set_on_request(
    std::function<void(Message, std::unique_ptr<Responder>)> callback) {
  if (!room()) return;
  on_request.set(std::move(callback));
  deliver_waiting();
}

/// Later, not from within the call that set the callback.
void ActionState::deliver_waiting() {
  const auto room = this->room();
  if (!room) return;
  room->context()->after({}, [weak = weak_from_this()] {
    if (const auto action = weak.lock()) action->hand_over_waiting();
  });
}

void ActionState::hand_over_waiting() {
  const auto room = this->room();
  if (!room || !has_listener()) return;
  const auto self = shared_from_this();  // A callback may drop what it was called by.
  const Time now = room->context()->now();
  for (RoomState::Waiting& waiting : room->take_waiting(name_)) {
    if (room->context() == nullptr) return;
    const bool too_late = on_request && now - waiting.came > request_patience;
    if (!too_late) handle(std::move(waiting.message));
  }
}

void ActionState::tell_progress(const PeerId& peer, double fraction,
                                const std::optional<Json>& metadata) {
  const auto request = room::request_of(metadata);
  on_progress_(Progress{peer, fraction, request ? request->metadata : metadata});
}

void ActionState::handle(Message message) {
  if (!on_request) {
    on_message(std::move(message));
    return;
  }
  auto request = room::request_of(message.metadata);
  if (!request) return;  // As Trystero: a request action takes nothing else.
  message.metadata = std::move(request->metadata);
  auto responder = std::make_unique<HubResponder>(room_, message.from, std::move(request->id));
  on_request(std::move(message), std::move(responder));
}

}  // namespace roomwire::client
