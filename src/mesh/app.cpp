#include "mesh/app.hpp"

#include <algorithm>

#include "base/json_value.hpp"

namespace roomwire::mesh {
namespace {

/// mDNS names that are being looked up, and candidates that wait for one; more are ignored, since
/// a browser's own checks reach us without them.
constexpr std::size_t max_unresolved = 64;

}  // namespace

/// The matchmaker of one room, and what it asks for.
class App::RoomSignals final : public signal::MatchmakerPort {
 public:
  RoomSignals(App& app, const RoomOptions& options)
      : app_(app),
        room_(options.room),
        matchmaker_({app.id_, options.room, options.password, app.self_, options.passive}, *this,
                    app.entropy_) {}

  signal::Matchmaker& matchmaker() { return matchmaker_; }
  const signal::Matchmaker& matchmaker() const { return matchmaker_; }
  /// True once after each change between listening and taking part.
  bool activity_changed() {
    return std::exchange(was_active_, matchmaker_.is_active()) != matchmaker_.is_active();
  }

 private:
  bool publish(Time now, signal::RelayId relay, const signal::Topic& topic,
               const std::string& payload) override {
    return app_.pool_.publish(now, relay, topic, payload);
  }
  bool is_connected(const PeerId& peer) const override { return app_.links_.is_connected(peer); }
  bool is_connecting_elsewhere(const PeerId& peer) const override {
    return app_.links_.is_full() || app_.links_.is_connecting(peer, room_);
  }
  signal::Attempt begin_offer(Time, const PeerId& peer) override {
    return app_.links_.offer(room_, peer);
  }
  Result<signal::Attempt> begin_answer(Time, const PeerId& peer, std::string_view offer) override {
    Result<signal::Attempt> attempt = app_.links_.answer(room_, peer, offer);
    if (attempt) app_.resolve_described(attempt->id, offer);
    return attempt;
  }
  Result<void> accept_answer(Time, signal::AttemptId attempt, std::string_view answer) override {
    app_.resolve_described(attempt, answer);
    return app_.links_.accept_answer(attempt, answer);
  }
  void add_candidate(Time, signal::AttemptId attempt, std::string_view candidate) override {
    app_.add_candidate_init(attempt, candidate);
  }
  void abandon(Time, signal::AttemptId attempt) override { app_.links_.abandon(attempt); }
  void on_peer_heard(const PeerId& peer) override {
    app_.events_.emplace_back(Status(PeerHeard{peer, room_}));
  }
  void on_doubt(const PeerId& peer) override {
    app_.defer([this, peer] { app_.probe(peer); });
  }
  void on_deaf(const PeerId& peer) override { app_.events_.emplace_back(Status(PeerDeaf{peer})); }
  void on_wrong_password(const PeerId& peer) override {
    app_.events_.emplace_back(Status(WrongPassword{peer, room_}));
  }
  void on_signal_dropped(signal::RelayId relay, const std::string& reason) override {
    app_.drop_signal(relay, reason);
  }

  App& app_;
  RoomId room_;
  signal::Matchmaker matchmaker_;
  bool was_active_ = matchmaker_.is_active();
};

App::App(const AppId& id, const MeshOptions& options, std::vector<RelayUrl> relays,
         rtc::Transport& transport, WallClock& date, Entropy& entropy)
    : id_(id),
      self_(options.self),
      entropy_(entropy),
      drops_([this](const DropLog::Line& line) {
        events_.emplace_back(Status(Dropped{line.who, line.reason, line.times, line.again}));
      }),
      pool_(std::move(relays), date, entropy),
      hub_({id, options.self, options.max_message_bytes,
            max_pending_bytes(options.max_message_bytes)},
           entropy),
      links_(transport, hub_, *this) {
  for (std::uint32_t i = 0; i < pool_.relays().size(); ++i) {
    const auto relay = static_cast<signal::RelayId>(i);
    if (relay_url(relay).is_guess) guesses_.insert(relay);
  }
}

App::~App() = default;

void App::set_time(Time now) {
  now_ = now;
  links_.set_time(now);
}

Result<void> App::join(const RoomOptions& options) {
  if (hub_.is_joined(options.room)) {
    return failure(ErrorKind::rejected, "already in room " + options.room.str());
  }
  const bool is_first = rooms_.empty();
  auto signals = std::make_unique<RoomSignals>(*this, options);
  signal::Matchmaker& matchmaker = signals->matchmaker();
  for (const auto* topic : {&matchmaker.root_topic(), &matchmaker.self_topic()})
    topics_[*topic] = signals.get();
  rooms_[options.room] = std::move(signals);
  hub_.join(now_,
            {options.room, options.password, matchmaker.is_active(), options.handshake_timeout});
  pool_.subscribe(now_, matchmaker.self_topic());
  pool_.subscribe(now_, matchmaker.root_topic());
  if (is_first) pool_.start(now_);
  for (std::uint32_t i = 0; i < pool_.relays().size(); ++i) {
    const auto relay = static_cast<signal::RelayId>(i);
    if (pool_.is_ready(relay)) matchmaker.relay_ready(now_, relay);
  }
  return {};
}

void App::leave(const RoomId& room, Duration drain) {
  const auto entry = rooms_.find(room);
  if (entry == rooms_.end()) return;
  const signal::Matchmaker& matchmaker = entry->second->matchmaker();
  for (const auto* topic : {&matchmaker.root_topic(), &matchmaker.self_topic()}) {
    pool_.unsubscribe(now_, *topic);
    topics_.erase(*topic);
  }
  links_.abandon_room(room);
  rooms_.erase(entry);
  if (rooms_.empty()) pool_.stop();
  hub_.leave(now_, room, drain);
}

void App::settle() {
  links_.settle();
  for (bool more = true; more;) {
    more = drain_relays();
    more = drain_hub() || more || !deferred_.empty();
    const auto tasks = std::exchange(deferred_, {});
    for (const auto& task : tasks)
      task();
    links_.settle();
  }
  for (auto& [id, room] : rooms_) {
    if (room->activity_changed()) hub_.set_advertised(now_, id, room->matchmaker().is_active());
  }
}

Deadline App::next_timeout() const {
  Deadline next = earlier(pool_.next_timeout(), hub_.next_timeout());
  next = earlier(next, earlier(links_.next_timeout(), drops_.next_timeout()));
  for (const auto& [id, room] : rooms_)
    next = earlier(next, room->matchmaker().next_timeout());
  return next;
}

void App::handle_timeout() {
  pool_.handle_timeout(now_);
  hub_.handle_timeout(now_);
  links_.handle_timeout();
  drops_.handle_timeout(now_);
  for (auto& [id, room] : rooms_)
    room->matchmaker().handle_timeout(now_);
}

std::vector<UnmetPeer> App::unmet_peers(Time now, const RoomId& room) const {
  std::vector<UnmetPeer> unmet;
  const auto entry = rooms_.find(room);
  if (entry == rooms_.end()) return unmet;
  for (const signal::HeardPeer& heard : entry->second->matchmaker().heard(now)) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - heard.since);
    auto [reason, tried] = links_.trial(heard.peer);
    unmet.push_back(
        {heard.peer, age, heard.answers, heard.is_deaf, std::move(reason), std::move(tried)});
  }
  return unmet;
}

Stats App::stats() const {
  Stats stats = stats_;
  stats.messages_sent = hub_.sent().messages;
  stats.bytes_sent = hub_.sent().bytes;
  return stats;
}

void App::add_candidate_init(signal::AttemptId attempt, std::string_view init) {
  const auto value = parse_json(init);
  if (!value || !value->is_object()) return;
  const auto line = string_member(value->get_object(), "candidate");
  if (!line) return;  // Empty: the end of the candidates.
  const auto candidate = rtc::Candidate::parse(*line);
  const auto fragment = string_member(value->get_object(), "usernameFragment").value_or("");
  if (candidate) add_candidate(attempt, *candidate, fragment);
}

/// A connection takes the addresses of a description by itself; names are looked up here.
void App::resolve_described(signal::AttemptId attempt, std::string_view sdp) {
  static constexpr std::string_view prefix = "a=candidate:";
  for (std::size_t at = sdp.find(prefix); at != std::string_view::npos;
       at = sdp.find(prefix, at + 1)) {
    const std::string_view line = sdp.substr(at, sdp.find_first_of("\r\n", at) - at);
    const auto candidate = rtc::Candidate::parse(line);
    if (candidate && !candidate->mdns_name.empty()) add_candidate(attempt, *candidate, "");
  }
}

void App::add_candidate(signal::AttemptId attempt, const rtc::Candidate& candidate,
                        std::string_view fragment) {
  if (candidate.mdns_name.empty()) {
    links_.add_candidate(attempt, candidate, fragment);
    return;
  }
  const bool is_new = unresolved_.count(candidate.mdns_name) == 0;
  if (is_new && unresolved_.size() >= max_unresolved) return;
  auto& waiting = unresolved_[candidate.mdns_name];
  if (waiting.size() < max_unresolved) {
    waiting.push_back({attempt, candidate, std::string(fragment)});
  }
  if (is_new) requests_.emplace_back(ResolveName{candidate.mdns_name});
}

void App::mdns_resolved(const std::string& name, const std::vector<IpAddress>& addresses) {
  const auto node = unresolved_.extract(name);
  if (node.empty()) return;
  for (WaitingCandidate& waiting : node.mapped()) {
    for (const IpAddress& address : addresses) {
      waiting.candidate.endpoint.address = address;
      waiting.candidate.mdns_name.clear();
      links_.add_candidate(waiting.attempt, waiting.candidate, waiting.username_fragment);
    }
  }
}

void App::probe(const PeerId& peer) {
  if (links_.is_receiving()) hub_.probe(now_, peer);
}

void App::stood_still() {
  if (links_.is_receiving()) hub_.probe_all(now_);
}

const RelayUrl& App::relay_url(signal::RelayId relay) const {
  return pool_.relays()[static_cast<std::size_t>(relay)];
}

// ---- what the relays want and tell ----

bool App::drain_relays() {
  auto outputs = pool_.take_outputs();
  for (auto& output : outputs)
    std::visit([this](auto& each) { apply(each); }, output);
  return !outputs.empty();
}

void App::apply(signal::RelayPool::Ready& ready) {
  const RelayUrl& place = relay_url(ready.relay);
  if (!guesses_.contains(ready.relay)) {
    events_.emplace_back(Status(RelayConnected{place.url, place.kind}));
  }
  for (auto& [id, room] : rooms_)
    room->matchmaker().relay_ready(now_, ready.relay);
}

void App::apply(signal::RelayPool::Failed& failed) {
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(failed.retry_in);
  const RelayUrl& place = relay_url(failed.relay);
  events_.emplace_back(Status(
      RelayFailed{place.url, std::move(failed.reason), wait, failed.was_connected, place.kind}));
  relay_lost(failed.relay);
}

void App::apply(signal::RelayPool::Notice& notice) {
  const RelayUrl& place = relay_url(notice.relay);
  events_.emplace_back(Status(RelayNotice{place.url, std::move(notice.text), place.kind}));
}

void App::apply(signal::RelayPool::Refused& refused) {
  const RelayUrl& place = relay_url(refused.relay);
  events_.emplace_back(
      Status(RelayRefused{place.url, std::move(refused.reason), refused.silently, place.kind}));
}

void App::apply(signal::RelayPool::Passes& passes) {
  const RelayUrl& place = relay_url(passes.relay);
  if (guesses_.erase(passes.relay) > 0) {
    events_.emplace_back(Status(RelayConnected{place.url, place.kind}));
  } else {
    events_.emplace_back(Status(RelayPasses{place.url, place.kind}));
  }
}

void App::apply(signal::RelayPool::Message& message) {
  const auto room = topics_.find(message.topic);
  if (room == topics_.end()) return;  // It was left.
  room->second->matchmaker().handle_signal(now_, message.relay, message.topic, message.payload);
}

void App::relay_lost(signal::RelayId relay) {
  for (auto& [id, room] : rooms_)
    room->matchmaker().relay_lost(now_, relay);
}

void App::drop_signal(signal::RelayId relay, const std::string& reason) {
  ++stats_.signals_dropped;
  drops_.add(now_, relay_url(relay).url, reason);
}

// ---- what the connections say ----

void App::on_candidate(signal::AttemptId attempt, const std::string& candidate_init) {
  for (auto& [id, room] : rooms_)
    room->matchmaker().local_candidate(now_, attempt, candidate_init);
}

void App::on_attempt_gone(signal::AttemptId attempt) {
  for (auto& [id, room] : rooms_)
    room->matchmaker().attempt_closed(now_, attempt);
}

void App::on_link_up(const PeerId& peer) {
  for (auto& [id, room] : rooms_)
    room->matchmaker().peer_connected(now_, peer);
}

void App::on_link_down(const PeerId& peer) {
  for (auto& [id, room] : rooms_)
    room->matchmaker().peer_lost(now_, peer);
}

void App::on_link_status(Status status) {
  events_.emplace_back(std::move(status));
}

}  // namespace roomwire::mesh
