#include "osc/bridge_core.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::osc {
namespace {

/// What the script of Patchies' documentation answers to everybody: nothing to complain about.
constexpr std::string_view acknowledgement = "osc sent!";

std::string kind_of(osc::RefusalKind kind) {
  switch (kind) {
    case osc::RefusalKind::malformed:
      return "not OSC";
    case osc::RefusalKind::address:
      return "bad address";
    case osc::RefusalKind::type:
      return "unknown type";
    case osc::RefusalKind::value:
      return "wrong value";
    case osc::RefusalKind::limit:
      return "too much";
  }
  return "not OSC";
}

/// What a rate is counted by. No channel holds a NUL.
std::string rate_name(const std::string& channel, const osc::Message& message) {
  return channel + '\0' + message.address;
}

/// The time of an outermost bundle, and those of the bundles within it by as much.
void shift(osc::Bundle& bundle, std::uint64_t by) {
  if (bundle.time != osc::immediately) bundle.time.ntp += by;
  for (osc::Packet& element : bundle.elements) {
    if (auto* inner = std::get_if<osc::Bundle>(&element)) shift(*inner, by);
  }
}

}  // namespace

BridgeCore::BridgeCore(BridgeOptions options, BridgePort& port, DropCounter& drops)
    : options_(std::move(options)),
      port_(port),
      drops_(drops),
      hints_([this](const DropLog::Line& line) { port_.on_hint(line.note()); }) {
  if (options_.interval > Duration::zero()) {
    osc_rate_.emplace(options_.interval);
    room_rate_.emplace(options_.interval);
  }
}

// ---- room to OSC ----

void BridgeCore::from_room(Time now, const PeerId& peer, const std::string& channel,
                           Payload payload) {
  drops_.set_time(now);
  const auto is_wanted = [&](const std::string& prefix) { return peer.str().starts_with(prefix); };
  if (!options_.from.empty() &&
      std::none_of(options_.from.begin(), options_.from.end(), is_wanted)) {
    return drops_.add("other peer", "peer " + peer.str(),
                      "a message of a peer not named by --from");
  }
  if (waiting_.empty() && !port_.is_congested()) return translate(now, peer, channel, payload);
  const std::size_t bytes = size_of(payload);
  waiting_.push(peer, {channel, std::move(payload)}, bytes);
}

void BridgeCore::resume(Time now) {
  drops_.set_time(now);
  pump(now);
}

void BridgeCore::pump(Time now) {
  while (!waiting_.empty() && !port_.is_congested()) {
    const auto [peer, next] = waiting_.pop();
    translate(now, peer, next.channel, next.payload);
  }
}

void BridgeCore::translate(Time now, const PeerId& peer, const std::string& channel,
                           const Payload& payload) {
  const std::string who = "peer " + peer.str();
  bool sent = false;
  if (const auto* json = std::get_if<Json>(&payload)) {
    osc::FromJson read = osc::from_json(json->text(), options_.types, &floats_);
    refused(who, read.refused);
    if (read.widened && !options_.wide_is_chosen) {
      hint("wide " + *read.widened, "a whole number of " + in_quotes(*read.widened) +
                                        " needs 64 bits, which few programs read (see --wide)");
    }
    sent = send_packets(now, who, channel, std::move(read.packets));
  } else if (const auto* bytes = std::get_if<Bytes>(&payload)) {
    osc::Decoded read = decode(who, *bytes);
    if (read.packet) sent = send_packet(now, who, channel, *std::move(read.packet));
  } else {
    const auto& text = std::get<std::string>(payload);
    if (text == acknowledgement) return;
    return drops_.add("not OSC", who,
                      "the string " + in_quotes(text) + R"( is not {"address","args"})");
  }
  if (sent) port_.acknowledge(peer, channel);
}

bool BridgeCore::send_packets(Time now, const std::string& who, const std::string& channel,
                              std::vector<osc::Packet> packets) {
  bool sent = false;
  for (osc::Packet& packet : packets)
    sent = send_packet(now, who, channel, std::move(packet)) || sent;
  return sent;
}

bool BridgeCore::send_packet(Time now, const std::string& who, const std::string& channel,
                             osc::Packet packet) {
  if (!obey(options_.to_osc, who, packet)) return false;
  if (is_for_later(now, packet, channel)) return true;
  OscOut out{channel, std::move(packet)};
  if (!osc_rate_) return leave(now, who, std::move(out));
  const auto* message = std::get_if<osc::Message>(&out.packet);
  if (message == nullptr) {
    overtake(now, out);
    return leave(now, who, std::move(out));
  }
  const std::string name = rate_name(channel, *message);
  const auto due = osc_rate_->offer(now, name, std::move(out));
  return !due || emit(who, *due);
}

void BridgeCore::overtake(Time now, const OscOut& out) {
  if (const auto* message = std::get_if<osc::Message>(&out.packet)) {
    return osc_rate_->pass(now, rate_name(out.channel, *message));
  }
  for (const osc::Packet& element : std::get<osc::Bundle>(out.packet).elements)
    overtake(now, {out.channel, element});
}

// False when nothing of it may pass.
bool BridgeCore::obey(const AddressRules& rules, const std::string& who, osc::Packet& packet) {
  if (auto* message = std::get_if<osc::Message>(&packet)) {
    auto address = rules.apply(message->address);
    if (!address) {
      drops_.add("denied", who, in_quotes(message->address) + " is not allowed");
      return false;
    }
    message->address = *std::move(address);
    return true;
  }
  auto& elements = std::get<osc::Bundle>(packet).elements;
  if (elements.empty()) return true;
  std::erase_if(elements, [&](osc::Packet& each) { return !obey(rules, who, each); });
  return !elements.empty();
}

bool BridgeCore::is_for_later(Time now, const osc::Packet& packet, const std::string& channel) {
  const auto* bundle = std::get_if<osc::Bundle>(&packet);
  if (!options_.bundle_timing || bundle == nullptr || bundle->time == osc::immediately) {
    return false;
  }
  const Time due(std::chrono::duration_cast<Duration>(bundle->time.unix_time() - epoch_));
  if (due <= now || due > now + longest_ahead || scheduled_.size() >= max_scheduled) return false;
  scheduled_.emplace(due, OscOut{channel, packet});
  return true;
}

void BridgeCore::retime(Time now, TimeTags how, osc::Packet& packet) const {
  auto* bundle = std::get_if<osc::Bundle>(&packet);
  if (bundle == nullptr || how == TimeTags::keep) return;
  if (how == TimeTags::now && bundle->time != osc::immediately) {
    const auto tag = osc::TimeTag::from_unix_time(now.time_since_epoch() + epoch_);
    return shift(*bundle, tag.ntp - bundle->time.ntp);
  }
  bundle->time = osc::immediately;
  for (osc::Packet& element : bundle->elements)
    retime(now, how, element);
}

bool BridgeCore::leave(Time now, const std::string& who, OscOut out) {
  const bool has_waited = options_.bundle_timing && options_.time_tags == TimeTags::keep;
  retime(now, has_waited ? TimeTags::now : options_.time_tags, out.packet);
  return emit(who, out);
}

bool BridgeCore::emit(const std::string& who, const OscOut& out) {
  packet_.clear();
  if (const auto encoded = osc::encode(out.packet, packet_); !encoded) {
    drops_.add("too much", who, encoded.error().message);
    return false;
  }
  note(true, out.channel, out.packet);
  hint_at(out.packet);
  return port_.send_osc(out.channel, packet_);
}

// ---- OSC to room ----

bool BridgeCore::from_osc(Time now, const std::string& channel, const std::string& source,
                          ByteView packet) {
  drops_.set_time(now);
  osc::Decoded read = decode(source, packet);
  if (!read.packet || !obey(options_.to_room, source, *read.packet)) return false;
  retime(now, options_.time_tags, *read.packet);
  if (options_.form == osc::JsonForm::typed && std::holds_alternative<osc::Bundle>(*read.packet)) {
    note(false, channel, *read.packet);
    std::string json;
    osc::append_json(*read.packet, options_.form, json);
    port_.send_room(channel, std::move(json));
    return true;
  }
  to_room(now, channel, *std::move(read.packet), osc::immediately);
  return true;
}

// A patch understands messages, so a bundle becomes those in it, each with the bundle's time.
void BridgeCore::to_room(Time now, const std::string& channel, osc::Packet packet,
                         osc::TimeTag time) {
  if (auto* bundle = std::get_if<osc::Bundle>(&packet)) {
    for (osc::Packet& element : bundle->elements)
      to_room(now, channel, std::move(element), bundle->time);
    return;
  }
  RoomOut out{channel, std::get<osc::Message>(std::move(packet)), time};
  if (!room_rate_) return tell_room(out);
  const std::string name = rate_name(channel, out.message);
  if (time != osc::immediately) {
    room_rate_->pass(now, name);
    return tell_room(out);
  }
  if (const auto due = room_rate_->offer(now, name, std::move(out))) tell_room(*due);
}

void BridgeCore::tell_room(const RoomOut& out) {
  note(false, out.channel, out.message);
  std::string json;
  osc::append_json(out.message, options_.form, json);
  if (out.time != osc::immediately) {
    json.pop_back();
    json += R"(,"timeTag":")" + std::to_string(out.time.ntp) + "\"}";
  }
  port_.send_room(out.channel, std::move(json));
}

// ---- both ----

void BridgeCore::note(bool to_osc, const std::string& channel, const osc::Packet& packet) {
  if (const auto* bundle = std::get_if<osc::Bundle>(&packet)) {
    for (const osc::Packet& element : bundle->elements)
      note(to_osc, channel, element);
    return;
  }
  const auto& message = std::get<osc::Message>(packet);
  ++(to_osc ? stats_.to_osc : stats_.to_room);
  stats_.last_address = message.address;
  port_.on_passed(to_osc, channel, message);
}

void BridgeCore::refused(const std::string& who, const osc::Refusals& refusals) {
  for (const osc::Refusal& refusal : refusals.kept)
    drops_.add(kind_of(refusal.kind), who, refusal.reason);
  drops_.add_more("not OSC", refusals.count - refusals.kept.size());
}

osc::Decoded BridgeCore::decode(const std::string& who, ByteView packet) {
  osc::Decoded read = osc::decode(packet);
  refused(who, read.refused);
  if (read.sloppy.none()) return read;
  ++stats_.sloppy;
  for (std::size_t i = 0; i < osc::sloppy_count; ++i) {
    if (!read.sloppy[i] || sloppy_[i]) continue;
    sloppy_.set(i);
    port_.on_sloppy("sloppy OSC, read all the same: " +
                    std::string(in_words(static_cast<osc::Sloppy>(i))) + ", from " + who);
  }
  return read;
}

void BridgeCore::hint(std::string_view thing, const std::string& line) {
  hints_.add(drops_.time(), "", line, thing);
}

// Who sends such addresses hears them; to all others the / was forgotten.
void BridgeCore::hint_at(const osc::Packet& packet) {
  if (sloppy_[static_cast<std::size_t>(osc::Sloppy::no_slash)]) return;
  if (const auto* bundle = std::get_if<osc::Bundle>(&packet)) {
    for (const osc::Packet& element : bundle->elements)
      hint_at(element);
    return;
  }
  const std::string& address = std::get<osc::Message>(packet).address;
  if (address.starts_with('/')) return;
  hint("no slash " + address, "the address " + in_quotes(address) +
                                  " goes out without a / in front; few programs hear it");
}

Deadline BridgeCore::next_timeout() const {
  Deadline next = earlier(drops_.next_timeout(), hints_.next_timeout());
  if (!scheduled_.empty()) next = earlier(next, scheduled_.begin()->first);
  if (osc_rate_) next = earlier(next, osc_rate_->next_timeout());
  if (room_rate_) next = earlier(next, room_rate_->next_timeout());
  return next;
}

void BridgeCore::handle_timeout(Time now) {
  drops_.handle_timeout(now);
  hints_.handle_timeout(now);
  while (!scheduled_.empty() && scheduled_.begin()->first <= now) {
    auto out = scheduled_.extract(scheduled_.begin());
    if (osc_rate_) overtake(now, out.mapped());
    leave(now, "a bundle of the room", std::move(out.mapped()));
  }
  if (osc_rate_) {
    osc_rate_->handle_timeout(now, [this](const OscOut& out) { emit("a message kept", out); });
  }
  if (room_rate_) {
    room_rate_->handle_timeout(now, [this](const RoomOut& out) { tell_room(out); });
  }
}

void BridgeCore::finish() {
  const auto to_osc = [this](const OscOut& out) { emit("a message kept", out); };
  const auto to_room = [this](const RoomOut& out) { tell_room(out); };
  if (osc_rate_) osc_rate_->flush(to_osc);
  if (room_rate_) room_rate_->flush(to_room);
  drops_.count("left before its time", scheduled_.size());
  scheduled_.clear();
}

}  // namespace roomwire::osc
