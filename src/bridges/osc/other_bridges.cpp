#include "bridges/osc/other_bridges.hpp"

#include <algorithm>
#include <array>
#include <base/json_value.hpp>
#include <base/number.hpp>
#include <chrono>
#include <cstdio>
#include <net/interfaces.hpp>
#include <osc/message.hpp>
#include <sockets/interface.hpp>
#include <utility>

namespace roomwire::bridges {

namespace {

/// Announcements go only to peers that may be one of us, as Trystero keeps what nobody reads.
constexpr std::string_view beginning_of_our_ids = "zzzz";
/// How far ahead a probe's time is: on its way it must not become one of the past.
constexpr auto probe_ahead = 100ms;
/// Of the time's fraction of a second, which makes it a number that nobody else has: 4 ms.
constexpr std::uint64_t random_part = 0xffffff;
constexpr std::size_t max_held = 4096;
/// Proofs are OSC, and go to all that listen: no more often, whoever asks.
constexpr auto proof_interval = 1s;

/// The same for all processes since this machine was started, and known to no other machine.
std::string machine_secret() {
  std::array<char, 64> text{};
  std::size_t size = 0;
  if (std::FILE* file = std::fopen("/proc/sys/kernel/random/boot_id", "r")) {
    size = std::fread(text.data(), 1, text.size(), file);
    (void)std::fclose(file);
  }
  return {text.data(), size};
}

std::vector<IpAddress> own_addresses() {
  std::vector<IpAddress> addresses;
  const auto all = net::local_addresses();
  if (!all) return addresses;
  for (const net::LocalAddress& each : *all)
    addresses.push_back(each.address);
  return addresses;
}

std::optional<std::uint64_t> number_member(const boost::json::object& object,
                                           std::string_view key) {
  const auto text = string_member(object, key);
  if (!text) return std::nullopt;
  return parse_number<std::uint64_t>(*text);
}

}  // namespace

OtherBridges::OtherBridges(net::Loop& loop, const PeerId& self, Room& room, OtherBridgesPort& port,
                           DropCounter& drops)
    : loop_(loop),
      room_(room),
      port_(port),
      drops_(drops),
      guard_(machine_secret(), self),
      watch_(*this),
      timer_(loop, [this] { handle_timeout(); }),
      turn_end_(loop, [this] { timer_.set(earlier(watch_.next_timeout(), proof_due_)); }) {}

OtherBridges::~OtherBridges() {
  if (action_) action_->on_message({});
}

Result<void> OtherBridges::open(bool silent) {
  silent_ = silent;
  auto action = room_.action(own_channel);
  if (!action) return tl::unexpected(action.error());
  action_ = *std::move(action);
  action_->on_message([this](const Message& message) {
    if (const auto* json = std::get_if<Json>(&message.payload)) heard(message.from, json->text());
  });
  return {};
}

// ---- who they are ----

void OtherBridges::joined(const PeerId& peer) {
  if (!peer.str().starts_with(beginning_of_our_ids)) return;
  told_.insert(peer);
  announce_to(peer);
}

void OtherBridges::left(const PeerId& peer) {
  guard_.gone(peer);
  watch_.gone(peer);
  told_.erase(peer);
  asked_.erase(peer);
}

void OtherBridges::announce() {
  for (const PeerId& peer : told_)
    announce_to(peer);
  if (guard_.knows_far_ones()) prove_soon();
}

void OtherBridges::announce_to(const PeerId& peer) {
  tell(peer, guard_.announcement(peer, port_.sources(), own_addresses()));
}

void OtherBridges::tell(const PeerId& peer, const std::string& json) {
  if (silent_) return;
  SendOptions options;
  options.to = {peer};
  (void)action_->send(*Json::parse(json), std::move(options));
}

void OtherBridges::heard(const PeerId& peer, const std::string& text) {
  if (guard_.heard(peer, text)) {
    if (guard_.is_far(peer)) prove_soon();
    return port_.on_bridges_change();
  }
  const auto value = parse_json(text);
  if (!value || !value->is_object() || !guard_.is_bridge(peer)) return;
  const boost::json::object& object = value->get_object();
  if (const auto number = number_member(object, "probe")) {
    if (const auto from = probes_.announced(peer, *number)) probe_came(peer, *number, *from);
  } else if (const auto came = number_member(object, "heard")) {
    const auto from = Endpoint::parse(string_member(object, "from").value_or(""));
    watch_.heard_probe(loop_.now(), peer, *came, from ? from->to_string() : "");
    turn_end_.request();
  } else if (object.contains("prove")) {
    prove_soon();
  }
}

bool OtherBridges::is_bridge(const Endpoint& source) {
  const auto sender = guard_.sender(source);
  if (!sender) return false;
  if (!sender->is_certain) ask_for_proof(sender->bridge);
  return sender->is_certain && !(sender->is_far && sockets::is_local_address(source.address));
}

// ---- proofs ----

void OtherBridges::prove_soon() {
  if (silent_ || proof_due_) return;
  proof_due_ = std::max(loop_.now(), proved_at_ + proof_interval);
  turn_end_.request();
}

void OtherBridges::prove() {
  proof_due_.reset();
  proved_at_ = loop_.now();
  if (!port_.sources().empty()) probe();
}

void OtherBridges::ask_for_proof(const PeerId& peer) {
  Time& last = asked_[peer];
  if (loop_.now() < last + proof_interval) return;
  last = loop_.now();
  tell(peer, R"({"prove":true})");
}

void OtherBridges::handle_timeout() {
  if (proof_due_ && *proof_due_ <= loop_.now()) prove();
  watch_.handle_timeout(loop_.now());
  turn_end_.request();
}

// ---- what goes round ----

bool OtherBridges::takes_probe(const sockets::Source& source, ByteView packet) {
  const auto number = osc::loop_probe_number(packet);
  if (!number) return false;
  const auto asker = probes_.came(*number, source.remote);
  if (asker) probe_came(*asker, *number, source.remote);
  return asker.has_value();
}

void OtherBridges::probe_came(const PeerId& peer, std::uint64_t number, const Endpoint& from) {
  guard_.proved(peer, from);
  port_.on_bridges_change();
  tell(peer, boost::json::serialize(boost::json::object{{"heard", std::to_string(number)},
                                                        {"from", from.to_string()}}));
}

bool OtherBridges::admits(const std::string& channel, Message& message) {
  const auto* json = std::get_if<Json>(&message.payload);
  if (json == nullptr) return true;
  using Verdict = osc::LoopWatch::Verdict;
  Verdict verdict = Verdict::pass;
  if (guard_.is_bridge(message.from)) {
    verdict = watch_.judge(loop_.now(), message.from, json->text());
    turn_end_.request();
  }
  if (verdict == Verdict::pass) watch_.sent(loop_.now(), json->text());
  if (verdict == Verdict::leave_out) drops_.count("echo", 1);
  if (verdict == Verdict::hold) hold(channel, message);
  return verdict == Verdict::pass;
}

void OtherBridges::finish() {
  for (Held& held : std::exchange(held_, {}))
    port_.pass_on(held.channel, std::move(held.message));
}

void OtherBridges::hold(const std::string& channel, Message& message) {
  const PeerId bridge = message.from;
  held_.push_back({channel, std::move(message)});
  if (held_.size() > max_held) watch_.cannot_hold(loop_.now(), bridge);
}

// Its number is told to all that may be bridges; which of them it comes to is not known.
std::uint64_t OtherBridges::probe() {
  std::uint64_t random = 0;
  std::array<std::uint8_t, 3> bytes{};
  entropy_.fill(bytes);
  for (const std::uint8_t byte : bytes)
    random = random << 8 | byte;
  const auto now = std::chrono::system_clock::now().time_since_epoch() + probe_ahead;
  const auto time = osc::TimeTag::from_unix_seconds(std::chrono::duration<double>(now).count());
  const std::uint64_t number = (time.value_or(osc::immediately).ntp & ~random_part) | random;
  for (const PeerId& peer : told_)
    tell(peer, boost::json::serialize(boost::json::object{{"probe", std::to_string(number)}}));
  port_.send_probe(osc::loop_probe(number));
  return number;
}

std::uint64_t OtherBridges::send_probe() {
  return probe();
}

void OtherBridges::release(const PeerId& bridge, bool goes_on) {
  std::deque<Held> others;
  for (Held& held : std::exchange(held_, {})) {
    if (held.message.from != bridge) {
      others.push_back(std::move(held));
    } else if (goes_on) {
      if (const auto* json = std::get_if<Json>(&held.message.payload))
        watch_.sent(loop_.now(), json->text());
      port_.pass_on(held.channel, std::move(held.message));
    } else {
      drops_.count("echo", 1);
    }
  }
  held_ = std::move(others);
}

void OtherBridges::found_loop(const PeerId& bridge, const std::string& how) {
  drops_.add("echo", "the bridge " + bridge.str(),
             "what is sent to OSC here " + how +
                 ", and so into the room again: a loop. It is left out here; there, --deny-in "
                 "keeps its addresses out of the room");
}

}  // namespace roomwire::bridges
