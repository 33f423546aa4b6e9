#include "gear/dmx_gear.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/crypto.hpp"
#include "bridge/drop_counter.hpp"
#include "client/edge.hpp"
#include "gear/ends.hpp"
#include "gear/poll_answers.hpp"
#include "net/interfaces.hpp"
#include "net/loop.hpp"

namespace roomwire::gear {
namespace {

const char* name_of(dmx::RefusalKind kind) {
  switch (kind) {
    case dmx::RefusalKind::malformed:
      return "malformed";
    case dmx::RefusalKind::foreign:
      return "foreign";
    case dmx::RefusalKind::universe:
      return "universe";
    case dmx::RefusalKind::channel:
      return "channel";
    case dmx::RefusalKind::channel_base:
      return "channel base";
    case dmx::RefusalKind::value:
      return "value";
    case dmx::RefusalKind::sequence:
      return "late";
    case dmx::RefusalKind::source:
      return "no say";
    case dmx::RefusalKind::limit:
      return "too long";
  }
  return "other";
}

// The same each time that this machine joins this room under this name, so that consoles know the
// source again (E1.31 section 5.6); another for another name, so that two processes can be told
// apart. As a UUID of version 8 (RFC 9562 section 5.8).
dmx::Cid cid_of(const RoomId& room, const std::string& source_name) {
  std::array<char, 64> machine{};
  std::size_t size = 0;
  if (std::FILE* file = std::fopen("/etc/machine-id", "r")) {
    size = std::fread(machine.data(), 1, machine.size(), file);
    (void)std::fclose(file);
  }
  std::string text = "roomwire sACN source\n" + std::string(machine.data(), size);
  text += '\n' + room.str() + '\n' + source_name;
  const Sha256 hash =
      sha256(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  dmx::Cid cid{};
  std::copy_n(hash.begin(), cid.size(), cid.begin());
  cid[6] = static_cast<std::uint8_t>((cid[6] & 0x0f) | 0x80);
  cid[8] = static_cast<std::uint8_t>((cid[8] & 0x3f) | 0x80);
  return cid;
}

// What desks are told that we are at: where we listen, else the first address that is no loopback.
std::array<std::uint8_t, 4> node_address(const EndUrl& listener) {
  std::array<std::uint8_t, 4> out{};
  auto address = IpAddress::parse(listener.host);
  if (const auto all = net::local_addresses(); all && address && address->is_unspecified()) {
    const auto first = std::find_if(all->begin(), all->end(),
                                    [](const auto& each) { return each.address.is_v4(); });
    if (first != all->end()) address = first->address;
  }
  if (address && address->is_v4()) std::copy_n(address->bytes().begin(), out.size(), out.begin());
  return out;
}

}  // namespace

class DmxGear::Impl final : EndsObserver {
 public:
  Impl(Context& context, Room& room, DmxGearOptions options, DmxGearObserver& observer)
      : room_(room),
        options_(std::move(options)),
        observer_(observer),
        loop_(client::Edge::loop(context)),
        drops_([this](const std::string& line) { observer_.on_dropped(line); }),
        timer_(loop_, [this] { turn_end_.request(); }),
        turn_end_(loop_, [this] { end_turn(); }),
        answers_(loop_, [this](const Source& to, ByteView packet) { answer(to, packet); }),
        ends_(loop_, *this) {}

  Result<void> open();
  void peer_joined(const PeerId& peer);
  void peer_left(const PeerId& peer);
  void finish(std::function<void()> done);
  std::vector<std::string> listening() const;
  DmxGearStats stats() const;

 private:
  /// One universe on its way to all the destinations that --to names for it.
  struct Lights final : dmx::PacketSink {
    Lights(Impl& owner, DmxUrl first, dmx::OutputConfig config)
        : gear(owner), url(std::move(first)), output(std::move(config), *this) {}
    void send(ByteView packet) override {
      if (gear.options_.dry_run) return;
      for (const DestinationId id : to)
        gear.ends_.send(id, packet);
    }

    Impl& gear;
    const DmxUrl url;
    std::vector<DestinationId> to;
    dmx::Output output;
    dmx::Slots seen{};
    bool lit = false;  ///< A frame has left.
  };

  /// One universe on its way into the room.
  struct Desk final : dmx::ChangeSink {
    Desk(Impl& owner, DmxUrl from, dmx::InputConfig config)
        : gear(owner), url(std::move(from)), input(std::move(config), *this) {}
    void changed(const dmx::Update& update) override { gear.send_room(url, update, {}); }

    Impl& gear;
    const DmxUrl url;
    dmx::Input input;
  };

  struct Listening {
    EndUrl socket;
    bool artnet = false;
    std::vector<Desk*> desks;
  };

  dmx::OutputConfig output_config(const DmxUrl& url) const;
  void add_destination(const DmxUrl& url);
  Result<void> add_listener(const DmxUrl& url, bool names_universe);
  bool may_speak(const PeerId& peer) const;
  void from_room(const PeerId& peer, const Payload& payload);
  void apply(const PeerId& peer, const dmx::Update& update);
  void send_room(const DmxUrl& from, const dmx::Update& update, SendOptions options);
  void end_turn();
  dmx::NodeInfo node() const;
  void answer(const Source& to, ByteView packet) {
    if (!options_.dry_run) (void)ends_.send_to(to, packet);
  }
  void drop(const dmx::Refusal& refusal, const std::string& who) {
    drops_.add(name_of(refusal.kind), who, refusal.reason);
  }
  template <class Packet>
  void from_desk(const Listening& on, const Source& source, const Packet& packet);

  void on_packet(const Source& source, ByteView packet) override;
  void on_destination_change(DestinationId /*destination*/, bool up,
                             const std::string& line) override {
    observer_.on_end_change(up, line);
  }
  void on_malformed(const Source& /*source*/, const std::string& /*reason*/) override {}
  // Each universe has at most 44 frames a second: nothing waits for that.
  void on_room() override {}

  Room& room_;
  const DmxGearOptions options_;
  DmxGearObserver& observer_;
  net::Loop& loop_;
  bridge::DropCounter drops_;
  std::vector<Action> channels_;
  std::vector<std::unique_ptr<Lights>> lights_;
  std::vector<std::unique_ptr<Desk>> desks_;
  std::vector<Listening> listeners_;  ///< By ListenerId.
  std::vector<DestinationId> destinations_;
  std::uint64_t updates_ = 0;
  bool finishing_ = false;
  std::function<void()> done_;
  net::Timer timer_;
  net::TurnHook turn_end_;
  PollAnswers answers_;
  Ends ends_;
};

// ---- opening ----

Result<void> DmxGear::Impl::open() {
  for (const std::string& name : options_.channels) {
    auto action = room_.action(name);
    if (!action) return tl::unexpected(action.error());
    action->on_message(
        [this](const Message& message) { from_room(message.from, message.payload); });
    channels_.push_back(*std::move(action));
  }
  for (const DmxUrl& url : options_.to)
    add_destination(url);
  const bool several = std::any_of(
      options_.listen.begin(), options_.listen.end(),
      [this](const DmxUrl& url) { return url.universe != options_.listen.front().universe; });
  for (const DmxUrl& url : options_.listen) {
    if (auto added = add_listener(url, several); !added) return added;
  }
  answers_.set_node(node());
  return {};
}

dmx::NodeInfo DmxGear::Impl::node() const {
  dmx::NodeInfo node;
  for (const DmxUrl& url : options_.listen) {
    if (const auto* address = std::get_if<dmx::PortAddress>(&url.universe)) {
      if (node.listens.empty()) node.ip = node_address(url.socket);
      node.listens.push_back(*address);
    }
  }
  for (const auto& each : lights_) {
    if (const auto* address = std::get_if<dmx::PortAddress>(&each->url.universe))
      node.sends.push_back(*address);
  }
  return node;
}

dmx::OutputConfig DmxGear::Impl::output_config(const DmxUrl& url) const {
  dmx::OutputConfig config;
  if (const auto* address = std::get_if<dmx::PortAddress>(&url.universe)) {
    config.target = dmx::ArtNetTarget{*address};
  } else {
    dmx::SacnTarget target;
    target.universe = std::get<dmx::SacnUniverse>(url.universe);
    target.cid = cid_of(room_.id(), options_.source_name);
    target.source_name = options_.source_name;
    target.priority = options_.priority;
    config.target = std::move(target);
  }
  config.merge.mode = options_.merge;
  config.on_leave = options_.on_leave;
  config.limits = options_.limits;
  config.rate = options_.rate;
  return config;
}

void DmxGear::Impl::add_destination(const DmxUrl& url) {
  auto same = std::find_if(lights_.begin(), lights_.end(),
                           [&](const auto& each) { return each->url.universe == url.universe; });
  if (same == lights_.end()) {
    lights_.push_back(std::make_unique<Lights>(*this, url, output_config(url)));
    same = std::prev(lights_.end());
  }
  destinations_.push_back(ends_.add_destination(url.socket));
  (*same)->to.push_back(destinations_.back());
}

// Universes that come in by one socket share it: no other could have its port.
Result<void> DmxGear::Impl::add_listener(const DmxUrl& url, bool names_universe) {
  const bool artnet = std::holds_alternative<dmx::PortAddress>(url.universe);
  auto same = std::find_if(listeners_.begin(), listeners_.end(), [&](const Listening& each) {
    return each.socket == url.socket && each.artnet == artnet && url.socket.port != 0;
  });
  if (same == listeners_.end()) {
    const auto listener = ends_.listen(url.socket);
    if (!listener) return tl::unexpected(listener.error());
    listeners_.push_back({url.socket, artnet, {}});
    same = std::prev(listeners_.end());
  }
  dmx::InputConfig config;
  if (names_universe) config.universe = url.room_universe();
  config.merge.mode = options_.merge;
  config.merge.timeout = artnet ? dmx::artnet_source_timeout : dmx::sacn_source_timeout;
  config.rate = options_.rate;
  desks_.push_back(std::make_unique<Desk>(*this, url, std::move(config)));
  same->desks.push_back(desks_.back().get());
  return {};
}

std::vector<std::string> DmxGear::Impl::listening() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (const Endpoint& endpoint : ends_.listening_on(static_cast<ListenerId>(i))) {
      for (const Desk* desk : listeners_[i].desks)
        lines.push_back(endpoint.to_string() + " for " + desk->url.universe_text());
    }
  }
  return lines;
}

// ---- room to lights ----

bool DmxGear::Impl::may_speak(const PeerId& peer) const {
  return options_.from.empty() ||
         std::any_of(options_.from.begin(), options_.from.end(),
                     [&](const std::string& begin) { return peer.str().starts_with(begin); });
}

void DmxGear::Impl::from_room(const PeerId& peer, const Payload& payload) {
  if (finishing_ || lights_.empty()) return;
  if (!may_speak(peer)) return drops_.add("not --from", peer.str(), "a peer that has no say");
  const dmx::FromRoom read = dmx::read_levels(payload, options_.base);
  for (const dmx::Refusal& refusal : read.refused.kept)
    drop(refusal, peer.str());
  drops_.count("more of the same messages", read.refused.count - read.refused.kept.size());
  for (const dmx::Update& update : read.updates)
    apply(peer, update);
  turn_end_.request();
}

void DmxGear::Impl::apply(const PeerId& peer, const dmx::Update& update) {
  bool is_ours = false;
  for (const auto& each : lights_) {
    if (update.universe && *update.universe != each->url.room_universe()) continue;
    is_ours = true;
    const auto refused = each->output.update(dmx::SourceId(peer.str()), update, loop_.now());
    for (const dmx::Refusal& refusal : refused.kept)
      drop(refusal, peer.str());
  }
  if (is_ours) return;
  drops_.add("universe", peer.str(),
             "universe " + std::to_string(update.universe->number()) + " has no --to");
}

// One frame for all that the turn brought.
void DmxGear::Impl::end_turn() {
  const Time now = loop_.now();
  Deadline next;
  bool finished = true;
  for (const auto& each : lights_) {
    const auto due = each->output.next_timeout();
    const std::uint64_t before = each->output.packets_sent();
    if (due && *due <= now) each->output.handle_timeout(now);
    next = earlier(next, each->output.next_timeout());
    finished = finished && each->output.finished();
    if (each->output.packets_sent() == before) continue;
    const dmx::Slots& shown = each->output.shown();
    if (std::exchange(each->lit, true) && shown == each->seen) continue;
    dmx::Update changes;
    changes.values = shown;
    for (std::size_t slot = 0; slot < dmx::slot_count; ++slot)
      changes.given[slot] = shown[slot] != each->seen[slot];
    each->seen = shown;
    observer_.on_levels(true, each->url.universe_text(), changes);
  }
  for (const auto& each : desks_) {
    const auto due = each->input.next_timeout();
    if (due && *due <= now) each->input.handle_timeout(now);
    next = earlier(next, each->input.next_timeout());
  }
  if (finishing_ && finished) {
    if (done_) loop_.post(std::exchange(done_, nullptr));
    return timer_.cancel();
  }
  timer_.set(next);
}

// ---- desks to room ----

void DmxGear::Impl::on_packet(const Source& source, ByteView packet) {
  const auto* id = std::get_if<ListenerId>(&source.end);
  if (id == nullptr || finishing_) return;  // what nodes answer is not read
  const Listening& on = listeners_.at(static_cast<std::size_t>(*id));
  if (on.artnet) {
    const auto decoded = dmx::decode_artnet(packet);
    if (!decoded) return drop(decoded.error(), source.text());
    if (const auto* levels = std::get_if<dmx::ArtDmx>(&*decoded)) from_desk(on, source, *levels);
    if (const auto* poll = std::get_if<dmx::ArtPoll>(&*decoded)) answers_.polled(source, *poll);
  } else {
    const auto decoded = dmx::decode_sacn(packet);
    if (!decoded) return drop(decoded.error(), source.text());
    if (const auto* levels = std::get_if<dmx::SacnData>(&*decoded)) from_desk(on, source, *levels);
  }
  turn_end_.request();
}

template <class Packet>
void DmxGear::Impl::from_desk(const Listening& on, const Source& source, const Packet& packet) {
  for (Desk* desk : on.desks) {
    dmx::Accepted<void> taken;
    if constexpr (std::is_same_v<Packet, dmx::ArtDmx>) {
      if (desk->url.universe != decltype(desk->url.universe)(packet.port_address)) continue;
      const dmx::SourceId who(source.remote.address.to_string());
      taken = desk->input.handle(who, packet, loop_.now());
    } else {
      if (desk->url.universe != decltype(desk->url.universe)(packet.universe)) continue;
      taken = desk->input.handle(packet, loop_.now());
    }
    if (!taken) drop(taken.error(), source.text());
  }
}

void DmxGear::Impl::send_room(const DmxUrl& from, const dmx::Update& update, SendOptions options) {
  ++updates_;
  observer_.on_levels(false, from.universe_text(), update);
  if (options_.dry_run) return;
  auto json = Json::parse(dmx::write_levels(std::span(&update, 1), options_.base));
  if (!json) return;
  if (const auto sent = channels_.front().send(*std::move(json), std::move(options)); !sent)
    drops_.add("room is slow", from.universe_text(), sent.error().message);
}

// ---- both ----

// Who comes late is told all that is known: desks may not move again for an hour.
void DmxGear::Impl::peer_joined(const PeerId& peer) {
  for (const auto& desk : desks_) {
    const auto known = desk->input.snapshot();
    if (!known) continue;
    SendOptions options;
    options.to = {peer};
    send_room(desk->url, *known, std::move(options));
  }
}

void DmxGear::Impl::peer_left(const PeerId& peer) {
  for (const auto& each : lights_)
    each->output.leave(dmx::SourceId(peer.str()), loop_.now());
  turn_end_.request();
}

void DmxGear::Impl::finish(std::function<void()> done) {
  finishing_ = true;
  done_ = std::move(done);
  for (const auto& each : lights_)
    each->output.finish(loop_.now());
  turn_end_.request();
}

DmxGearStats DmxGear::Impl::stats() const {
  DmxGearStats stats;
  stats.updates = updates_;
  stats.dropped = drops_.counts();
  for (const auto& each : lights_) {
    stats.frames += each->output.packets_sent();
    stats.sources += each->output.merger().sources().size();
  }
  for (const DestinationId id : destinations_) {
    const DestinationStats each = ends_.stats(id);
    const auto add = [&](const char* kind, std::uint64_t count) {
      if (count > 0) stats.dropped[kind] += count;
    };
    add("nobody listens", each.dropped_down + each.refused);
    add("node is slow", each.dropped_slow);
    add("cannot be sent", each.failed);
  }
  return stats;
}

// ---- the public face ----

DmxGear::DmxGear(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DmxGear::~DmxGear() = default;

Result<std::unique_ptr<DmxGear>> DmxGear::create(Context& context, Room& room,
                                                 DmxGearOptions options,
                                                 DmxGearObserver& observer) {
  auto impl = std::make_unique<Impl>(context, room, std::move(options), observer);
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<DmxGear>(new DmxGear(std::move(impl)));
}

void DmxGear::peer_joined(const PeerId& peer) {
  impl_->peer_joined(peer);
}
void DmxGear::peer_left(const PeerId& peer) {
  impl_->peer_left(peer);
}
void DmxGear::finish(std::function<void()> done) {
  impl_->finish(std::move(done));
}
std::vector<std::string> DmxGear::listening() const {
  return impl_->listening();
}
DmxGearStats DmxGear::stats() const {
  return impl_->stats();
}

}  // namespace roomwire::gear
