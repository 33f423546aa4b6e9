#include "mesh/app.hpp"

#include <algorithm>

#include "base/json_value.hpp"

namespace roomwire::mesh {
namespace {

/// mDNS names that are being looked up, and candidates that wait for one; more are ignored, since
/// a browser's own checks reach us without them.
constexpr std::size_t max_unresolved = 64;

}  // namespace

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
      links_(transport, hub_) {
  for (std::uint32_t i = 0; i < pool_.relays().size(); ++i) {
    const auto relay = static_cast<signal::RelayId>(i);
    if (relay_url(relay).is_guess()) guesses_.insert(relay);
  }
}

App::~App() = default;

void App::set_time(Time now) {
  now_ = now;
  links_.set_time(now);
}

Result<void> App::join(const RoomOptions& options) {
  if (hub_.is_joined(options.room)) {
    return failure(ErrorKind::rejected, "already in room " + options.room.str(),
                   ErrorCode::already_joined, "room");
  }
  const bool is_first = rooms_.empty();
  signal::MatchmakerOptions matching{id_, options.room, options.password, self_, options.passive};
  matching.number = ++joined_;
  matching.connected = links_.connected_peers();
  JoinedRoom joined{options.room, {std::move(matching), entropy_}, !options.passive};
  JoinedRoom& room = rooms_.emplace(options.room, std::move(joined)).first->second;
  signal::Matchmaker& matchmaker = room.matchmaker;
  for (const auto* topic : {&matchmaker.root_topic(), &matchmaker.self_topic()})
    topics_[*topic] = &room;
  hub_.join(now_,
            {options.room, options.password, matchmaker.is_active(), options.handshake_timeout});
  pool_.subscribe(now_, matchmaker.self_topic());
  pool_.subscribe(now_, matchmaker.root_topic());
  if (is_first) pool_.start(now_);
  for (std::uint32_t i = 0; i < pool_.relays().size(); ++i) {
    const auto relay = static_cast<signal::RelayId>(i);
    if (pool_.is_ready(relay)) matchmaker.relay_ready(now_, relay);
  }
  for (const PeerId& peer : links_.tried_peers())
    matchmaker.peer_sought(now_, peer, links_.sought_until(peer, options.room));
  return {};
}

void App::leave(const RoomId& room, Duration drain) {
  const auto entry = rooms_.find(room);
  if (entry == rooms_.end()) return;
  const signal::Matchmaker& matchmaker = entry->second.matchmaker;
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
  bool is_settled = false;
  while (!is_settled) {
    const bool relays = drain_relays();
    const bool matchmakers = drain_matchmakers();
    const bool links = drain_links();
    const bool hub = drain_hub();
    is_settled = !relays && !matchmakers && !links && !hub;
  }
  for (auto& [id, room] : rooms_) {
    const bool is_active = room.matchmaker.is_active();
    if (std::exchange(room.was_active, is_active) != is_active) {
      hub_.set_advertised(now_, id, is_active);
    }
  }
}

Deadline App::next_timeout() const {
  Deadline next = earlier(pool_.next_timeout(), hub_.next_timeout());
  next = earlier(next, earlier(links_.next_timeout(), drops_.next_timeout()));
  for (const auto& [id, room] : rooms_)
    next = earlier(next, room.matchmaker.next_timeout());
  return next;
}

void App::handle_timeout() {
  pool_.handle_timeout(now_);
  hub_.handle_timeout(now_);
  links_.handle_timeout();
  drops_.handle_timeout(now_);
  for (auto& [id, room] : rooms_)
    room.matchmaker.handle_timeout(now_);
}

std::vector<UnmetPeer> App::unmet_peers(Time now, const RoomId& room) const {
  std::vector<UnmetPeer> unmet;
  const auto entry = rooms_.find(room);
  if (entry == rooms_.end()) return unmet;
  for (const signal::HeardPeer& heard : entry->second.matchmaker.heard(now)) {
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

void App::stood_still() {
  if (links_.is_receiving()) hub_.probe_all(now_);
}

App::JoinedRoom* App::room_of(signal::AttemptId attempt) {
  const auto found = std::find_if(rooms_.begin(), rooms_.end(), [&](const auto& entry) {
    return entry.second.matchmaker.number() == signal::room_number(attempt);
  });
  return found == rooms_.end() ? nullptr : &found->second;
}

const RelayUrl& App::relay_url(signal::RelayId relay) const {
  return pool_.relays()[static_cast<std::size_t>(relay)];
}

}  // namespace roomwire::mesh
