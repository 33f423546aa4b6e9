// What the rooms of an app tell and want.
#include "base/json_value.hpp"
#include "mesh/app.hpp"

namespace roomwire::mesh {

bool App::drain_hub() {
  auto outputs = hub_.take_outputs();
  for (auto& output : outputs)
    std::visit([this](auto& each) { apply(each); }, output);
  return !outputs.empty();
}

template <class RoomEvent>
void App::apply(RoomEvent& event) {
  events_.emplace_back(std::move(event));
}

void App::apply(room::MessageReceived& message) {
  ++stats_.messages_received;
  stats_.bytes_received += size_of(message.payload);
  events_.emplace_back(std::move(message));
}

void App::apply(room::LinkIdle& idle) {
  links_.close_peer(idle.peer, "closed");
}

void App::apply(room::LinkAbandoned& abandoned) {
  // While we do not read, its answer may wait.
  if (links_.is_receiving()) links_.close_peer(abandoned.peer, "it had given this connection up");
}

void App::apply(room::FrameDropped& dropped) {
  drop_frame(dropped.peer, dropped.reason);
}

void App::drop_frame(const PeerId& peer, const std::string& reason) {
  ++stats_.dropped;
  drops_.add(now_, peer.str(), reason);
}

void App::apply(room::SignalReceived& signal) {
  const auto value = parse_json(signal.description.text());
  Attempt* link = links_.link(signal.peer);
  if (!value || !value->is_object() || link == nullptr) return;
  const auto type = string_member(value->get_object(), "type");
  const auto sdp = string_member(value->get_object(), "sdp");
  if (type == "candidate" && sdp) add_candidate_init(link->id(), *sdp);
  if (type != "offer" || !sdp) return;
  const Result<std::string> answer = link->connection().renegotiate(now_, *sdp);
  if (!answer) {
    drop_frame(signal.peer, "an offer that makes no sense: " + answer.error().message);
    return;
  }
  const boost::json::object reply{{"type", "answer"}, {"sdp", *answer}};
  hub_.send_signal(now_, signal.room, signal.peer, *Json::parse(boost::json::serialize(reply)));
}

}  // namespace roomwire::mesh
