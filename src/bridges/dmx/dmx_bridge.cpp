#include "bridges/dmx/dmx_bridge.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/crypto.hpp"
#include "base/drop_counter.hpp"
#include "base/drop_log.hpp"
#include "bridges/dmx/dmx_listener.hpp"
#include "bridges/dmx/dmx_sender.hpp"
#include "bridges/dmx/poll_answers.hpp"
#include "client/edge.hpp"
#include "net/loop.hpp"
#include "sockets/interface.hpp"
#include "sockets/socket_set.hpp"

namespace roomwire::bridges {
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

std::vector<dmx::PortAddress> artnet_of(const std::vector<DmxUrl>& urls) {
  std::vector<dmx::PortAddress> addresses;
  for (const DmxUrl& url : urls) {
    if (const auto* address = std::get_if<dmx::PortAddress>(&url.universe))
      addresses.push_back(*address);
  }
  return addresses;
}

// The same each time that this machine joins this room under this name, so that consoles know the
// source again (E1.31 section 5.6); another for another name and other universes, so that two
// processes can be told apart. As a UUID of version 8 (RFC 9562 section 5.8).
dmx::Cid cid_of(const RoomId& room, const std::string& source_name,
                const std::vector<DmxUrl>& universes) {
  std::array<char, 64> machine{};
  std::size_t size = 0;
  if (std::FILE* file = std::fopen("/etc/machine-id", "r")) {
    size = std::fread(machine.data(), 1, machine.size(), file);
    (void)std::fclose(file);
  }
  std::string text = "roomwire sACN source\n" + std::string(machine.data(), size);
  text += '\n' + room.str() + '\n' + source_name;
  for (const DmxUrl& url : universes)
    text += '\n' + url.universe_text();
  const Sha256 hash =
      sha256(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  dmx::Cid cid{};
  std::copy_n(hash.begin(), cid.size(), cid.begin());
  cid[6] = static_cast<std::uint8_t>((cid[6] & 0x0f) | 0x80);
  cid[8] = static_cast<std::uint8_t>((cid[8] & 0x3f) | 0x80);
  return cid;
}

}  // namespace

class DmxBridge::Impl final : sockets::SocketSetObserver, DmxListenerObserver {
 public:
  Impl(Context& context, Room& room, DmxBridgeOptions options, DmxBridgeObserver& observer)
      : room_(room),
        options_(std::move(options)),
        observer_(observer),
        loop_(client::Edge::loop(context)),
        drops_([this](const std::string& line) { observer_.on_dropped(line); }),
        hints_([this](const DropLog::Line& line) { observer_.on_dropped(line.note()); }),
        timer_(loop_, [this] { turn_end_.request(); }),
        turn_end_(loop_, [this] { end_turn(); }),
        answers_(loop_, [this](const sockets::Source& to, ByteView packet) { answer(to, packet); }),
        sockets_(loop_, *this),
        listener_(sockets_, {options_.merge, options_.rate, artnet_of(options_.to)}, *this) {}

  ~Impl() override {
    for (Action& channel : channels_)
      channel.on_message({});
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> open();
  void peer_joined(const PeerId& peer);
  void peer_left(const PeerId& peer);
  void finish(std::function<void()> done);
  std::vector<std::string> listening() const { return listener_.listening(); }
  DmxBridgeStats stats() const;
  std::vector<DmxUniverseView> universes() const;

 private:
  void open_artnet_port();
  DmxSenderOptions sender_options() const;
  bool may_speak(const PeerId& peer) const;
  void from_room(const PeerId& peer, const Payload& payload);
  void hint(const dmx::FromRoom& read, const PeerId& peer);
  void send_room(const DmxUrl& from, const dmx::Update& update, SendOptions options);
  void end_turn();
  dmx::NodeInfo node() const;
  void answer(const sockets::Source& to, ByteView packet);
  void drop(const dmx::Refusal& refusal, const std::string& who) {
    // Each late frame has numbers of its own, and is no news.
    const bool is_late = refusal.kind == dmx::RefusalKind::sequence;
    drops_.add(name_of(refusal.kind), who, refusal.reason, is_late ? "late" : "");
  }
  void on_packet(const sockets::Source& end, ByteView packet) override;
  void on_desk(const DmxUrl& universe, const dmx::Update& update) override {
    send_room(universe, update, {});
  }
  void on_desk_notice(const std::string& line) override { hints_.add(loop_.now(), "", line); }
  void on_refused(const dmx::Refusal& refusal, const std::string& who) override {
    drop(refusal, who);
  }
  void on_poll(const sockets::Source& source, const dmx::ArtPoll& poll) override {
    answers_.polled(source, poll);
  }
  void on_destination_change(sockets::DestinationId /*destination*/, bool up,
                             const std::string& line) override {
    observer_.on_end_change(up, line);
  }
  void on_malformed(const sockets::Source& /*source*/, const std::string& /*reason*/) override {}
  // Each universe has at most 44 frames a second: nothing waits for that.
  void on_room() override {}

  Room& room_;
  const DmxBridgeOptions options_;
  DmxBridgeObserver& observer_;
  net::Loop& loop_;
  DropCounter drops_;
  std::vector<Action> channels_;
  std::uint64_t updates_ = 0;
  std::uint64_t clamped_ = 0;
  DropLog hints_;
  bool finishing_ = false;
  std::function<void()> done_;
  net::Timer timer_;
  net::TurnHook turn_end_;
  PollAnswers answers_;
  sockets::SocketSet sockets_;
  DmxListener listener_;
  std::optional<DmxSender> sender_;  ///< From open() on.
};

// ---- opening ----

Result<void> DmxBridge::Impl::open() {
  for (const std::string& name : options_.channels) {
    auto action = room_.action(name);
    if (!action) return tl::unexpected(action.error());
    action->on_message(
        [this](const Message& message) { from_room(message.from, message.payload); });
    channels_.push_back(*std::move(action));
  }
  if (auto opened = listener_.open(options_.listen, loop_.now()); !opened) return opened;
  open_artnet_port();
  sender_.emplace(sockets_, sender_options());
  for (const DmxUrl& url : options_.to)
    sender_->add(url);
  answers_.set_node(node());
  return {};
}

// Nodes and desks expect Art-Net to come from its port, some answer there only, and who polls there
// finds us.
void DmxBridge::Impl::open_artnet_port() {
  const bool wanted = std::any_of(options_.to.begin(), options_.to.end(), [](const DmxUrl& url) {
    if (std::holds_alternative<dmx::SacnUniverse>(url.universe)) return false;
    const auto address = IpAddress::parse(url.socket.host);
    return url.socket.port == dmx::artnet_port && !(address && sockets::is_local_address(*address));
  });
  if (!wanted || listener_.open_artnet_port()) return;
  observer_.on_end_change(false,
                          "UDP port 6454 is taken by another program: Art-Net leaves from "
                          "another port, and nodes that want that one may not listen");
}

DmxSenderOptions DmxBridge::Impl::sender_options() const {
  DmxSenderOptions options;
  options.merge = options_.merge;
  options.on_leave = options_.on_leave;
  options.limits = options_.limits;
  options.rate = options_.rate;
  options.priority = options_.priority;
  options.source_name = options_.source_name;
  options.cid = cid_of(room_.id(), options_.source_name, options_.to);
  options.artsync = options_.artsync;
  options.sync_universe = options_.sync_universe;
  options.artnet_port_is_ours = listener_.has_artnet_port();
  options.dry_run = options_.dry_run;
  return options;
}

dmx::NodeInfo DmxBridge::Impl::node() const {
  dmx::NodeInfo node;
  node.listens = artnet_of(options_.listen);
  node.sends = sender_->port_addresses();
  return node;
}

// ---- room to lights ----

bool DmxBridge::Impl::may_speak(const PeerId& peer) const {
  return options_.from.empty() ||
         std::any_of(options_.from.begin(), options_.from.end(),
                     [&](const std::string& begin) { return peer.str().starts_with(begin); });
}

void DmxBridge::Impl::from_room(const PeerId& peer, const Payload& payload) {
  if (finishing_ || sender_->empty()) return;
  drops_.set_time(loop_.now());
  turn_end_.request();
  if (!may_speak(peer)) return drops_.add("not --from", peer.str(), "a peer that has no say");
  const dmx::FromRoom read = dmx::read_levels(payload, options_.base, options_.full);
  hint(read, peer);
  for (const dmx::Refusal& refusal : read.refused.kept)
    drop(refusal, peer.str());
  drops_.add_more("more of the same messages", read.refused.count - read.refused.kept.size());
  const dmx::SourceId source(peer.str());
  for (const dmx::Update& update : read.updates) {
    const bool is_ours =
        sender_->update(source, update, loop_.now(),
                        [&](const dmx::Refusal& refusal) { drop(refusal, peer.str()); });
    if (is_ours) continue;
    drops_.add("universe", peer.str(),
               "universe " + std::to_string(update.universe->number()) + " has no --to");
  }
}

// Of a fader that goes beyond an end each value would be another thing.
void DmxBridge::Impl::hint(const dmx::FromRoom& read, const PeerId& peer) {
  clamped_ += read.clamped.count;
  if (!read.clamped.kept.empty()) {
    hints_.add(loop_.now(), peer.str(), read.clamped.kept.front().reason, "clamped",
               read.clamped.count);
  }
  if (read.looks_like_fractions && options_.full == dmx::full_level) {
    hints_.add(loop_.now(), peer.str(),
               "values from 0 to 1 are nearly dark, as 255 is full: if 1 is meant to be, use "
               "--scale 1");
  }
}

// One frame for all that the turn brought.
void DmxBridge::Impl::end_turn() {
  const Time now = loop_.now();
  drops_.handle_timeout(now);
  hints_.handle_timeout(now);
  sender_->handle_timeout(now, [this](const DmxUrl& url, const dmx::Update& changes) {
    observer_.on_levels(true, url.universe_text(), changes);
  });
  Deadline next = earlier(sender_->next_timeout(), drops_.next_timeout());
  next = earlier(next, hints_.next_timeout());
  listener_.handle_timeout(now);
  next = earlier(next, listener_.next_timeout());
  if (finishing_ && sender_->finished()) {
    done_();
    return timer_.cancel();
  }
  timer_.set(next);
}

// ---- desks to room ----

void DmxBridge::Impl::on_packet(const sockets::Source& end, ByteView packet) {
  if (finishing_) return;
  drops_.set_time(loop_.now());
  if (listener_.handle(end, packet, loop_.now())) turn_end_.request();
}

// Answers go to Art-Net's port; there are askers that listen only where they asked from.
void DmxBridge::Impl::answer(const sockets::Source& to, ByteView packet) {
  if (options_.dry_run) return;
  (void)sockets_.send_to(to, packet);
  sockets::Source home = to;
  home.remote.port = dmx::artnet_port;
  if (home != to) (void)sockets_.send_to(home, packet);
}

void DmxBridge::Impl::send_room(const DmxUrl& from, const dmx::Update& update,
                                SendOptions options) {
  ++updates_;
  observer_.on_levels(false, from.universe_text(), update);
  if (options_.dry_run) return;
  auto json = Json::parse(dmx::write_levels(std::span(&update, 1), options_.base, options_.full));
  if (!json) return;
  if (const auto sent = channels_.front().send(*std::move(json), std::move(options)); !sent)
    drops_.add("room is slow", from.universe_text(), sent.error().message);
}

// ---- both ----

// Who comes late is told all that is known: desks may not move again for an hour.
void DmxBridge::Impl::peer_joined(const PeerId& peer) {
  listener_.for_each([&](const DmxUrl& url, const dmx::Input& input, std::uint64_t) {
    const auto known = input.snapshot();
    if (!known) return;
    SendOptions options;
    options.to = {peer};
    send_room(url, *known, std::move(options));
  });
}

void DmxBridge::Impl::peer_left(const PeerId& peer) {
  sender_->leave(dmx::SourceId(peer.str()), loop_.now());
  turn_end_.request();
}

void DmxBridge::Impl::finish(std::function<void()> done) {
  finishing_ = true;
  done_ = std::move(done);
  sender_->finish(loop_.now());
  turn_end_.request();
}

DmxBridgeStats DmxBridge::Impl::stats() const {
  DmxBridgeStats stats;
  stats.updates = updates_;
  stats.clamped = clamped_;
  stats.dropped = drops_.counts();
  stats.frames = sender_->packets_sent();
  sender_->for_each([&](const DmxUrl&, const dmx::Output& output) {
    stats.sources += output.merger().sources().size();
  });
  for (const sockets::DestinationId id : sender_->destinations()) {
    const sockets::DestinationStats each = sockets_.stats(id);
    const auto add = [&](const char* kind, std::uint64_t count) {
      if (count > 0) stats.dropped[kind] += count;
    };
    add("nobody listens", each.dropped_down + each.refused);
    add("node is slow", each.dropped_slow);
    add("cannot be sent", each.failed);
  }
  return stats;
}

std::vector<DmxUniverseView> DmxBridge::Impl::universes() const {
  std::vector<DmxUniverseView> views;
  sender_->for_each([&](const DmxUrl& url, const dmx::Output& output) {
    DmxUniverseView view{url.universe_text(), true, output.packets_sent(), output.shown(), {}};
    for (const dmx::Merger::SourceView& source : output.merger().sources())
      view.sources.push_back({source.id.str(), source.drives});
    views.push_back(std::move(view));
  });
  listener_.for_each([&](const DmxUrl& url, const dmx::Input& input, std::uint64_t packets) {
    const dmx::Merger& merger = input.merger();
    DmxUniverseView view{url.universe_text(), false, packets, merger.slots(), {}};
    for (const dmx::Merger::SourceView& source : merger.sources())
      view.sources.push_back({input.name_of(source.id), source.drives});
    views.push_back(std::move(view));
  });
  return views;
}

// ---- the public face ----

DmxBridge::DmxBridge(Context& context, std::unique_ptr<Impl> impl)
    : Bridge(client::Edge::loop(context)), impl_(std::move(impl)) {}
DmxBridge::~DmxBridge() = default;

Result<std::unique_ptr<DmxBridge>> DmxBridge::create(Context& context, Room& room,
                                                     DmxBridgeOptions options,
                                                     DmxBridgeObserver& observer) {
  auto impl = std::make_unique<Impl>(context, room, std::move(options), observer);
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<DmxBridge>(new DmxBridge(context, std::move(impl)));
}

void DmxBridge::peer_joined(const PeerId& peer) {
  impl_->peer_joined(peer);
}
void DmxBridge::peer_left(const PeerId& peer) {
  impl_->peer_left(peer);
}
void DmxBridge::begin_finish() {
  impl_->finish([this] { finished(); });
}
std::vector<std::string> DmxBridge::listening() const {
  return impl_->listening();
}
DmxBridgeStats DmxBridge::stats() const {
  return impl_->stats();
}
std::vector<DmxUniverseView> DmxBridge::universes() const {
  return impl_->universes();
}

}  // namespace roomwire::bridges
