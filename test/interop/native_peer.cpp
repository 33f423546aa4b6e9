// A native peer steered by JSON lines, as peers/node-peer.mjs steers a Trystero peer: commands
// {id, cmd, …} on standard input, replies {re, ok, …} and events {event, …} on standard output.
// It uses include/roomwire alone, so it is also a program on the public API that is always built.
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <roomwire/roomwire.hpp>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "native_peer_lines.hpp"

namespace {

std::optional<roomwire::Json> metadata_of(const json::object& command) {
  if (!command.contains("metadata")) return std::nullopt;
  return roomwire::Json::parse(text_of(command, "metadata")).value();
}

std::optional<std::vector<roomwire::PeerId>> targets_of(const json::object& command) {
  const json::value* found = command.if_contains("to");
  if (found == nullptr || found->is_null()) return std::nullopt;
  std::vector<roomwire::PeerId> targets;
  if (found->is_string()) targets.emplace_back(text_of(command, "to"));
  if (found->is_array()) {
    for (const json::value& id : found->get_array())
      targets.emplace_back(json::value_to<std::string>(id));
  }
  return targets;
}

/// Progress calls summed up, so that 5 MB do not become hundreds of events.
struct ProgressSummary {
  std::uint64_t count = 0;
  double last = 0;
  bool rising = true;
  std::optional<roomwire::Json> metadata;

  void note(const roomwire::Progress& progress) {
    rising = rising && progress.fraction >= last;
    last = progress.fraction;
    ++count;
    if (progress.metadata) metadata = progress.metadata;
  }
  json::object describe() const {
    json::object shown{{"count", count}, {"last", last}, {"rising", rising}};
    if (metadata) shown["metadata"] = metadata->text();
    return shown;
  }
};

void print_status(const roomwire::Status& status) {
  std::visit(
      [](const auto& s) {
        using S = std::decay_t<decltype(s)>;
        if constexpr (std::is_same_v<S, roomwire::RelayConnected>) {
          print({{"event", "relay"}, {"url", s.url}, {"up", true}});
        } else if constexpr (std::is_same_v<S, roomwire::RelayFailed>) {
          print({{"event", "relay"},
                 {"url", s.url},
                 {"up", false},
                 {"reason", s.reason},
                 {"retryIn", s.retry_in.count()},
                 {"wasUp", s.was_connected}});
        } else if constexpr (std::is_same_v<S, roomwire::RelayNotice>) {
          print({{"event", "notice"}, {"url", s.url}, {"text", s.text}});
        } else if constexpr (std::is_same_v<S, roomwire::PeerHeard>) {
          print({{"event", "heard"}, {"peer", s.peer.str()}});
        } else if constexpr (std::is_same_v<S, roomwire::RelayRefused>) {
          print({{"event", "refused"},
                 {"url", s.url},
                 {"reason", s.reason},
                 {"silent", s.is_silent}});
        } else if constexpr (std::is_same_v<S, roomwire::RelayPasses>) {
          print({{"event", "passes"}, {"url", s.url}});
        } else if constexpr (std::is_same_v<S, roomwire::PeerDeaf>) {
          print({{"event", "deaf"}, {"peer", s.peer.str()}});
        } else if constexpr (std::is_same_v<S, roomwire::PeerConnecting>) {
          print({{"event", "connecting"}, {"peer", s.peer.str()}});
        } else if constexpr (std::is_same_v<S, roomwire::PeerConnected>) {
          print({{"event", "connected"},
                 {"peer", s.peer.str()},
                 {"local", s.path.local},
                 {"remote", s.path.remote}});
        } else if constexpr (std::is_same_v<S, roomwire::PeerDisconnected>) {
          print({{"event", "disconnected"}, {"peer", s.peer.str()}, {"reason", s.reason}});
        } else if constexpr (std::is_same_v<S, roomwire::WrongPassword>) {
          print({{"event", "joinError"},
                 {"peer", s.peer.str()},
                 {"roomId", s.room.str()},
                 {"error", "wrong password"}});
        } else if constexpr (std::is_same_v<S, roomwire::Undelivered>) {
          print({{"event", "undelivered"}, {"peer", s.peer.str()}});
        } else {
          print({{"event", "dropped"}, {"source", s.source}, {"reason", s.reason}});
        }
      },
      status);
}

/// Sends numbers from 0 as fast as the network takes them, two batches ahead.
class Burst : public std::enable_shared_from_this<Burst> {
 public:
  Burst(roomwire::Action action, std::uint64_t count, std::function<void()> done)
      : action_(std::move(action)), count_(count), done_(std::move(done)) {}

  void start() {
    send_batch();
    send_batch();
  }

 private:
  static constexpr std::uint64_t kBatch = 5000;

  void send_batch() {
    if (next_ >= count_) {
      if (++ended_ == 2) done_();
      return;
    }
    const std::uint64_t end = std::min(next_ + kBatch, count_);
    while (next_ < end) {
      roomwire::SendOptions options;
      if (next_ + 1 == end) options.on_sent = [self = shared_from_this()] { self->send_batch(); };
      if (!action_.send(std::to_string(next_), std::move(options))) return;
      ++next_;
    }
  }

  roomwire::Action action_;
  std::uint64_t count_;
  std::function<void()> done_;
  std::uint64_t next_ = 0;
  int ended_ = 0;
};

class Control {
 public:
  Control(roomwire::Context& context, std::string app) : context_(context), app_(std::move(app)) {
    context_.on_status(print_status);
  }

  void run(const json::object& command) {
    static const std::map<std::string, void (Control::*)(const json::object&)> commands{
        {"join", &Control::join},           {"leave", &Control::leave},
        {"action", &Control::action},       {"send", &Control::send},
        {"request", &Control::request},     {"ping", &Control::ping},
        {"peers", &Control::peers},         {"stats", &Control::stats},
        {"burst", &Control::burst},         {"count", &Control::count},
        {"receiving", &Control::receiving}, {"swallow", &Control::swallow}};
    const auto found = commands.find(text_of(command, "cmd"));
    if (found == commands.end()) return fail(command, "no such command");
    (this->*found->second)(command);
  }

 private:
  static void reply(const json::object& command, json::object more = {}) {
    more["re"] = command.at("id");
    more["ok"] = true;
    print(more);
  }
  static void fail(const json::object& command, const std::string& why) {
    print({{"re", command.at("id")}, {"ok", false}, {"error", why}});
  }

  roomwire::Room* room_of(const json::object& command) {
    const auto found = rooms_.find(text_of(command, "roomId"));
    if (found != rooms_.end()) return found->second.get();
    fail(command, "no such room");
    return nullptr;
  }

  std::optional<roomwire::Action> action_of(const json::object& command) {
    roomwire::Room* room = room_of(command);
    if (room == nullptr) return std::nullopt;
    auto action = room->action(text_of(command, "action"));
    if (action) return *action;
    fail(command, action.error().message);
    return std::nullopt;
  }

  void join(const json::object& command) {
    const std::string id = text_of(command, "roomId");
    roomwire::RoomOptions options;
    options.app = roomwire::AppId(app_);
    options.room = roomwire::RoomId(id);
    options.password = text_of(command, "password");
    options.passive = flag_of(command, "passive");
    options.handshake_timeout =
        std::chrono::milliseconds(number_of(command, "handshakeMs", 10'000));
    auto room = context_.join(std::move(options));
    if (!room) return fail(command, room.error().message);
    (*room)->on_peer_join([id](const roomwire::PeerId& peer) {
      print({{"event", "join"}, {"roomId", id}, {"peer", peer.str()}});
    });
    (*room)->on_peer_leave([id](const roomwire::PeerId& peer, const std::string& reason) {
      print({{"event", "leave"}, {"roomId", id}, {"peer", peer.str()}, {"reason", reason}});
    });
    rooms_[id] = std::move(*room);
    reply(command);
  }

  void leave(const json::object& command) {
    roomwire::Room* room = room_of(command);
    if (room == nullptr) return;
    room->leave([this, command] {
      rooms_.erase(text_of(command, "roomId"));
      reply(command);
    });
  }

  void action(const json::object& command) {
    auto action = action_of(command);
    if (!action) return;
    const json::object base{{"roomId", command.at("roomId")}, {"action", action->name()}};
    if (text_of(command, "kind") == "request") {
      answer_requests(*action, base, text_of(command, "respond"));
    } else {
      print_messages(*action, base);
    }
    reply(command);
  }

  static json::object message_event(const json::object& base, std::string_view event,
                                    const roomwire::Message& message) {
    json::object shown = base;
    shown["event"] = event;
    shown["peer"] = message.from.str();
    shown["payload"] = describe_payload(message.payload);
    if (message.metadata) shown["metadata"] = message.metadata->text();
    return shown;
  }

  static void print_messages(roomwire::Action& action, const json::object& base) {
    auto progress = std::make_shared<std::map<roomwire::PeerId, ProgressSummary>>();
    action.on_progress([progress](const roomwire::Progress& p) { (*progress)[p.peer].note(p); });
    action.on_message([progress, base](const roomwire::Message& message) {
      json::object shown = message_event(base, "message", message);
      if (const auto seen = progress->extract(message.from)) {
        shown["progress"] = seen.mapped().describe();
      }
      print(shown);
    });
  }

  void answer_requests(roomwire::Action& action, const json::object& base, std::string respond) {
    action.on_request(
        [this, base, respond = std::move(respond)](roomwire::Message message,
                                                   std::unique_ptr<roomwire::Responder> responder) {
          print(message_event(base, "request", message));
          if (respond == "silent") {
            unanswered_.push_back(std::move(responder));
          } else if (respond == "fail") {
            responder->fail("no such thing");
          } else {
            responder->reply(std::move(message.payload));
          }
        });
  }

  void send(const json::object& command) {
    auto action = action_of(command);
    if (!action) return;
    auto payload = decode_payload(command.at("payload").as_object());
    if (!payload) return fail(command, payload.error().message);
    auto progress = std::make_shared<ProgressSummary>();
    const bool wants_progress = flag_of(command, "progress");
    roomwire::SendOptions options;
    options.to = targets_of(command);
    options.metadata = metadata_of(command);
    if (wants_progress) {
      options.on_progress = [progress](const roomwire::Progress& p) { progress->note(p); };
    }
    options.on_sent = [command, progress, wants_progress] {
      reply(command,
            wants_progress ? json::object{{"progress", progress->describe()}} : json::object{});
    };
    const auto sent = action->send(std::move(*payload), std::move(options));
    if (!sent) fail(command, sent.error().message);
  }

  void request(const json::object& command) {
    auto action = action_of(command);
    if (!action) return;
    auto payload = decode_payload(command.at("payload").as_object());
    if (!payload) return fail(command, payload.error().message);
    roomwire::RequestOptions options;
    options.metadata = metadata_of(command);
    options.timeout = std::chrono::milliseconds(number_of(command, "timeout", 10'000));
    action->request(roomwire::PeerId(text_of(command, "to")), std::move(*payload), options,
                    [command](roomwire::Result<roomwire::Payload> answer) {
                      if (answer) return reply(command, {{"payload", describe_payload(*answer)}});
                      reply(command, {{"failed", name_of(answer.error().kind)},
                                      {"message", answer.error().message}});
                    });
  }

  /// As Trystero names them.
  static std::string_view name_of(roomwire::ErrorKind kind) {
    if (kind == roomwire::ErrorKind::rejected) return "rejected";
    if (kind == roomwire::ErrorKind::timed_out) return "timeout";
    return kind == roomwire::ErrorKind::closed ? "disconnected" : "error";
  }

  void ping(const json::object& command) {
    roomwire::Room* room = room_of(command);
    if (room == nullptr) return;
    room->ping(roomwire::PeerId(text_of(command, "peer")),
               [command](roomwire::Result<std::chrono::microseconds> time) {
                 if (!time) return fail(command, time.error().message);
                 reply(command, {{"ms", static_cast<double>(time->count()) / 1000}});
               });
  }

  void peers(const json::object& command) {
    roomwire::Room* room = room_of(command);
    if (room == nullptr) return;
    json::array ids;
    for (const roomwire::PeerId& peer : room->peers())
      ids.emplace_back(peer.str());
    reply(command, {{"peers", ids}});
  }

  void stats(const json::object& command) {
    const roomwire::Stats s = context_.stats();
    reply(command, {{"received", s.messages_received},
                    {"dropped", s.dropped},
                    {"signalsDropped", s.signals_dropped},
                    {"sent", s.messages_sent}});
  }

  void receiving(const json::object& command) {
    context_.set_receiving(flag_of(command, "on"));
    reply(command);
  }

  void burst(const json::object& command) {
    auto action = action_of(command);
    if (!action) return;
    std::make_shared<Burst>(*action, number_of(command, "count", 0), [command] {
      reply(command);
    })->start();
  }

  /// Replies at once; the event `counted` comes when the last of `count` numbers came in order,
  /// or with `wrong` at the first that is not the next.
  void count(const json::object& command) {
    auto action = action_of(command);
    if (!action) return;
    const std::uint64_t wanted = number_of(command, "count", 0);
    auto next = std::make_shared<std::uint64_t>(0);
    action->on_message([wanted, next](const roomwire::Message& message) {
      const auto* text = std::get_if<std::string>(&message.payload);
      const bool right = text != nullptr && *text == std::to_string(*next);
      if (!right)
        print({{"event", "counted"}, {"at", *next}, {"wrong", describe_payload(message.payload)}});
      if (++*next == wanted) print({{"event", "counted"}, {"at", wanted}});
    });
    reply(command);
  }

  void swallow(const json::object& command) {
    auto action = action_of(command);
    if (!action) return;
    action->on_message([](const roomwire::Message&) {});
    reply(command);
  }

  roomwire::Context& context_;
  std::string app_;
  std::map<std::string, std::unique_ptr<roomwire::Room>> rooms_;
  std::vector<std::unique_ptr<roomwire::Responder>> unanswered_;
};

roomwire::ContextOptions options_of(const json::object& open) {
  roomwire::ContextOptions options;
  options.ice_servers.emplace();
  options.max_message_bytes = number_of(open, "maxMessageBytes", options.max_message_bytes);
  for (const json::value& relay : open.at("relays").as_array()) {
    const json::object& each = relay.as_object();
    const auto kind = text_of(each, "kind") == "ws" ? roomwire::RelayUrl::Kind::ws_relay
                                                    : roomwire::RelayUrl::Kind::nostr;
    options.relays.push_back(roomwire::RelayUrl::parse(text_of(each, "url"), kind).value());
  }
  return options;
}

int serve() {
  std::string line;
  if (!std::getline(std::cin, line)) return 0;
  const json::object open = json::parse(line).as_object();
  auto context = roomwire::Context::create(options_of(open));
  if (!context) {
    print({{"re", open.at("id")}, {"ok", false}, {"error", context.error().message}});
    return 1;
  }
  Control control(**context, text_of(open, "appId"));
  print({{"re", open.at("id")}, {"ok", true}, {"selfId", (*context)->self_id().str()}});
  std::thread reader([&control, &loop = **context] {
    for (std::string next; std::getline(std::cin, next);) {
      loop.post([&control, next] { control.run(json::parse(next).as_object()); });
    }
    loop.stop();
  });
  (*context)->run();
  reader.join();
  return 0;
}

}  // namespace

int main() {
  try {
    return serve();
  } catch (const std::exception& error) {
    std::cerr << "native_peer: " << error.what() << '\n';
    return 1;
  }
}
