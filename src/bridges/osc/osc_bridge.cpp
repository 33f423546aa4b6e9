#include "bridges/osc/osc_bridge.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "bridges/osc/osc_announcement.hpp"
#include "bridges/osc/other_bridges.hpp"
#include "client/edge.hpp"
#include "net/loop.hpp"
#include "sockets/socket_set.hpp"

namespace roomwire::bridges {
namespace {

/// What may wait for the room before OSC by TCP is held back: far less than what the room takes.
constexpr std::size_t room_high_mark = std::size_t{1} << 20;
constexpr std::size_t room_low_mark = std::size_t{1} << 18;
/// The room is asked to say that it has sent a message once in so many bytes.
constexpr std::size_t room_step = std::size_t{1} << 14;

/// What a Mac sends at most in a datagram (its net.inet.udp.maxdgram); the buffers of many
/// receivers are no larger.
constexpr std::size_t usual_datagram = 9'216;

/// How soon a destination that loses messages is told of.
constexpr Duration losses_interval = 1s;

/// Who shares ports, such as other bridges, leaves room for one more that does.
Error with_remedy(Error error, const sockets::SocketUrl& url) {
  if (error.code == ErrorCode::address_in_use && url.transport == sockets::Transport::udp &&
      url.port_use == sockets::PortUse::alone)
    error.message += "; or share it (--reuse), if that program shares it too";
  return error;
}

/// A destination that is given twice is one. For two channels it is two, whose answers go to their
/// own.
OscBridgeOptions without_repeats(OscBridgeOptions options) {
  std::vector<OscRoute> to;
  for (OscRoute& route : options.to) {
    if (std::find(to.begin(), to.end(), route) == to.end()) to.push_back(std::move(route));
  }
  options.to = std::move(to);
  return options;
}

}  // namespace

class OscBridge::Impl final : osc::BridgePort, sockets::SocketSetObserver, OtherBridgesPort {
 public:
  Impl(Context& context, Room& room, OscBridgeOptions options, OscBridgeObserver& observer)
      : context_(context),
        room_(room),
        options_(without_repeats(std::move(options))),
        observer_(observer),
        loop_(client::Edge::loop(context)),
        drops_([this](const std::string& line) { observer_.on_dropped(line); }),
        bridge_(options_.bridge, *this, drops_),
        others_(loop_, context.self_id(), room_, *this, drops_),
        timer_(loop_, [this] { tick(); }),
        losses_timer_(loop_, [this] { look_for_losses(); }),
        turn_end_(loop_, [this] { timer_.set(bridge_.next_timeout()); }),
        sockets_(loop_, *this, {.strict_source = options_.strict_source}),
        periodic_(loop_, options_.every, [this](const osc::Message& message, ByteView packet) {
          send_periodic(message, packet);
        }) {}

  ~Impl() override {
    for (auto& [name, channel] : channels_)
      channel.action.on_message({});
    if (!receiving_) context_.set_receiving(true);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> open();
  void peer_joined(const PeerId& peer) { others_.joined(peer); }
  void peer_left(const PeerId& peer) { others_.left(peer); }
  void finish() {
    others_.finish();
    bridge_.finish();
  }
  std::vector<std::string> listening() const;
  OscBridgeStats stats() const;

 private:
  struct Channel {
    Action action;
    std::vector<sockets::DestinationId> to;
    std::optional<sockets::Source> last_source;
  };

  Result<void> open_channel(const std::string& name);
  void add_destination(const OscRoute& route);
  void from_room(const std::string& channel, Message message);
  bool is_told(const Channel& channel, std::size_t before, const Endpoint& remote) const;
  bool reply(const Channel& channel, ByteView packet);
  void send_periodic(const osc::Message& message, ByteView packet);
  void tick();
  void announce();
  void hint_at_size(const Channel& channel, ByteView packet);
  void look_for_losses();
  void set_epoch();
  const std::string& channel_of(const sockets::Source& source) const;

  bool send_osc(const std::string& channel, ByteView packet) override;
  bool is_congested() const override { return sockets_.is_congested(); }
  void send_room(const std::string& channel, std::string json) override;
  std::size_t follow(std::size_t bytes, SendOptions& options);
  void on_room_sent(std::size_t bytes);
  void acknowledge(const PeerId& peer, const std::string& channel) override;
  void on_hint(const std::string& line) override { observer_.on_hint(line); }
  void on_sloppy(const std::string& line) override { observer_.on_sloppy(line); }
  void on_passed(bool to_osc, const std::string& channel, const osc::Message& message) override {
    observer_.on_passed(to_osc, channel, message);
  }

  std::vector<Endpoint> sources() const override;
  void send_probe(ByteView packet) override;
  void pass_on(const std::string& channel, Message message) override;
  void on_bridges_change() override;

  void on_packet(const sockets::Source& source, ByteView packet) override;
  void on_destination_change(sockets::DestinationId destination, bool up,
                             const std::string& line) override;
  void on_notice(sockets::DestinationId /*destination*/, const std::string& line) override {
    observer_.on_hint(line);
  }
  void on_sources_change() override { others_.announce(); }
  void on_malformed(const sockets::Source& source, const std::string& reason) override;
  void on_room() override;

  Context& context_;
  Room& room_;
  const OscBridgeOptions options_;
  OscBridgeObserver& observer_;
  net::Loop& loop_;
  DropCounter drops_;
  osc::BridgeCore bridge_;
  OtherBridges others_;
  std::map<std::string, Channel> channels_;
  std::vector<std::string> listener_channels_;     ///< By sockets::ListenerId.
  std::vector<std::string> destination_channels_;  ///< By sockets::DestinationId.
  bool receiving_ = true;
  std::size_t unasked_bytes_ = 0;  ///< Since the room was asked to say that it has sent.
  std::size_t room_bytes_ = 0;     ///< Those for which it has not said so yet.
  /// For callbacks of the room, which may outlive this.
  std::shared_ptr<Impl*> self_ = std::make_shared<Impl*>(this);
  net::Timer timer_;
  net::Timer losses_timer_;
  std::vector<std::uint64_t> losses_told_;  ///< By sockets::DestinationId.
  bool looking_ = false;
  net::TurnHook turn_end_;
  sockets::SocketSet sockets_;
  PeriodicMessages periodic_;
  std::set<sockets::DestinationId> down_;
  net::SystemEntropy entropy_;
  std::vector<std::unique_ptr<net::MdnsAnnouncer>> announcements_;
};

// ---- opening ----

Result<void> OscBridge::Impl::open() {
  for (const auto& name : options_.channels) {
    if (auto opened = open_channel(name); !opened) return opened;
  }
  for (const auto* routes : {&options_.to, &options_.listen}) {
    for (const OscRoute& route : *routes) {
      if (route.channel.empty()) continue;
      if (auto opened = open_channel(route.channel); !opened) return opened;
    }
  }
  if (auto opened = others_.open(options_.dry_run); !opened) return opened;
  for (const OscRoute& route : options_.listen) {
    sockets::SocketUrl url = route.url;
    if (options_.reuse) url.port_use = sockets::PortUse::shared;
    auto listener = sockets_.listen(url);
    if (!listener) return tl::unexpected(with_remedy(listener.error(), url));
    listener_channels_.push_back(route.channel.empty() ? options_.channels.front() : route.channel);
  }
  for (const OscRoute& route : options_.to)
    add_destination(route);
  set_epoch();
  if (!options_.dry_run) periodic_.start();
  if (options_.zeroconf && !options_.dry_run) announce();
  return {};
}

Result<void> OscBridge::Impl::open_channel(const std::string& name) {
  if (channels_.count(name) > 0) return {};
  if (name == OtherBridges::own_channel) {
    return failure(ErrorKind::invalid_input, "on the channel " + name +
                                                 " bridges tell each other where they send from; "
                                                 "choose another one");
  }
  auto action = room_.action(name);
  if (!action) return tl::unexpected(action.error());
  action->on_message([this, name](Message message) { from_room(name, std::move(message)); });
  channels_.emplace(name, Channel{*std::move(action), {}, std::nullopt});
  return {};
}

void OscBridge::Impl::add_destination(const OscRoute& route) {
  const sockets::DestinationId id = sockets_.add_destination(route.url);
  destination_channels_.push_back(route.channel.empty() ? options_.channels.front()
                                                        : route.channel);
  for (auto& [name, channel] : channels_) {
    if (route.channel.empty() || route.channel == name) channel.to.push_back(id);
  }
}

void OscBridge::Impl::announce() {
  std::vector<Announced> all;
  for (std::size_t i = 0; i < options_.listen.size(); ++i) {
    const auto endpoints = sockets_.listening_on(static_cast<sockets::ListenerId>(i));
    all.push_back({options_.listen[i].url, endpoints.front().port, listener_channels_[i]});
  }
  announcements_ = announce_osc(loop_, entropy_, all,
                                [this](const std::string& line) { observer_.on_hint(line); });
}

std::vector<std::string> OscBridge::Impl::listening() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < options_.listen.size(); ++i) {
    const bool tcp = options_.listen[i].url.transport == sockets::Transport::tcp;
    for (const Endpoint& endpoint : sockets_.listening_on(static_cast<sockets::ListenerId>(i))) {
      lines.push_back((tcp ? "osc.tcp://" : "osc.udp://") + endpoint.to_string() +
                      "/ for channel " + listener_channels_[i]);
    }
  }
  return lines;
}

// ---- room to OSC ----

void OscBridge::Impl::from_room(const std::string& channel, Message message) {
  drops_.set_time(loop_.now());
  if (others_.admits(channel, message)) pass_on(channel, std::move(message));
}

void OscBridge::Impl::pass_on(const std::string& channel, Message message) {
  if (bridge_.needs_epoch()) set_epoch();
  bridge_.from_room(loop_.now(), message.from, channel, std::move(message.payload));
  if (receiving_ && bridge_.is_full()) {
    receiving_ = false;
    context_.set_receiving(false);
  }
  turn_end_.request();
}

void OscBridge::Impl::on_room() {
  bridge_.resume(loop_.now());
  if (!receiving_ && !bridge_.is_full()) {
    receiving_ = true;
    context_.set_receiving(true);
  }
  turn_end_.request();
}

bool OscBridge::Impl::send_osc(const std::string& channel, ByteView packet) {
  if (options_.dry_run) return false;
  if (!std::exchange(looking_, true)) losses_timer_.set(loop_.now() + losses_interval);
  const Channel& from = channels_.at(channel);
  if (packet.size() > usual_datagram) hint_at_size(from, packet);
  bool sent = false;
  for (std::size_t i = 0; i < from.to.size(); ++i) {
    const sockets::DestinationId id = from.to[i];
    const auto remote = i > 0 ? sockets_.remote(id) : std::nullopt;
    if (remote && is_told(from, i, *remote)) continue;
    sockets_.send(id, packet);
    sent = sent || sockets_.is_up(id);
  }
  if (!options_.reply) return sent;
  const bool replied = reply(from, packet);
  if (!replied && from.to.empty()) {
    drops_.add("nobody to reply to", "the room", "nobody has sent OSC here so far");
  }
  return sent || replied;
}

void OscBridge::Impl::hint_at_size(const Channel& channel, ByteView packet) {
  const auto is_udp = [&](sockets::DestinationId id) {
    return options_.to[static_cast<std::size_t>(id)].url.transport == sockets::Transport::udp;
  };
  if (!std::any_of(channel.to.begin(), channel.to.end(), is_udp)) return;
  bridge_.hint("large", "a packet of " + std::to_string(packet.size()) +
                            " bytes goes out by UDP: Macs, and many receivers, have a limit of "
                            "9216; send less in one message, or use osc.tcp://");
}

// By one of the destinations before that one: names may lead to one place, and who sent last may be
// a destination too.
bool OscBridge::Impl::is_told(const Channel& channel, std::size_t before,
                              const Endpoint& remote) const {
  return std::any_of(channel.to.begin(), channel.to.begin() + static_cast<std::ptrdiff_t>(before),
                     [&](sockets::DestinationId id) { return sockets_.remote(id) == remote; });
}

bool OscBridge::Impl::reply(const Channel& channel, ByteView packet) {
  if (!channel.last_source) return false;
  const sockets::Source& source = *channel.last_source;
  if (source.transport == sockets::Transport::udp &&
      is_told(channel, channel.to.size(), source.remote))
    return false;
  return sockets_.send_to(source, packet);
}

void OscBridge::Impl::send_periodic(const osc::Message& message, ByteView packet) {
  for (std::size_t i = 0; i < options_.to.size(); ++i)
    sockets_.send(static_cast<sockets::DestinationId>(i), packet);
  observer_.on_passed(true, destination_channels_.front(), message);
}

void OscBridge::Impl::acknowledge(const PeerId& peer, const std::string& channel) {
  if (!options_.ack || options_.dry_run) return;
  SendOptions options;
  options.to = {peer};
  (void)channels_.at(channel).action.send(std::string("osc sent!"), std::move(options));
}

void OscBridge::Impl::look_for_losses() {
  looking_ = false;
  drops_.set_time(loop_.now());
  losses_told_.resize(destination_channels_.size());
  for (std::size_t i = 0; i < losses_told_.size(); ++i) {
    const sockets::DestinationStats stats = sockets_.stats(static_cast<sockets::DestinationId>(i));
    const std::uint64_t lost = stats.dropped_slow + stats.failed;
    const std::uint64_t news = lost - std::exchange(losses_told_[i], lost);
    if (news == 0) continue;
    drops_.mention(options_.to[i].url.text() + (stats.dropped_slow > 0
                                                    ? " takes less than the room sends; the oldest "
                                                      "messages are left out (see --rate)"
                                                    : " cannot be sent a packet of that size"),
                   news);
  }
  turn_end_.request();
}

// ---- OSC to room ----

const std::string& OscBridge::Impl::channel_of(const sockets::Source& source) const {
  if (const auto* listener = std::get_if<sockets::ListenerId>(&source.end)) {
    return listener_channels_.at(static_cast<std::size_t>(*listener));
  }
  return destination_channels_.at(
      static_cast<std::size_t>(std::get<sockets::DestinationId>(source.end)));
}

void OscBridge::Impl::on_packet(const sockets::Source& source, ByteView packet) {
  drops_.set_time(loop_.now());
  turn_end_.request();
  if (others_.takes_probe(source, packet)) return;
  if (others_.is_bridge(source.remote)) {
    return drops_.add("loop", source.text(),
                      "what another bridge of this room sends here is in the room already");
  }
  const std::string& channel = channel_of(source);
  if (bridge_.needs_epoch()) set_epoch();
  const bool passed = bridge_.from_osc(loop_.now(), channel, source.text(), packet);
  // What comes in at a destination is from whom we send to anyway.
  if (passed && std::holds_alternative<sockets::ListenerId>(source.end)) {
    channels_.at(channel).last_source = source;
  }
}

void OscBridge::Impl::send_room(const std::string& channel, std::string json) {
  if (options_.dry_run) return;
  const std::size_t bytes = json.size();
  auto value = Json::parse(json);
  if (!value) return drops_.add("not JSON", channel, value.error().message);
  SendOptions options;
  const std::size_t followed = follow(bytes, options);
  if (const auto sent = channels_.at(channel).action.send(*std::move(value), std::move(options));
      !sent) {
    on_room_sent(followed);
    drops_.add("room is slow", "OSC", sent.error().message);
  }
}

// Counts what waits for the room, in steps: a callback for each message would cost too much. How
// much on_room_sent will be told.
std::size_t OscBridge::Impl::follow(std::size_t bytes, SendOptions& options) {
  unasked_bytes_ += bytes;
  if (unasked_bytes_ < room_step) return 0;
  const std::size_t step = std::exchange(unasked_bytes_, 0);
  room_bytes_ += step;
  if (room_bytes_ > room_high_mark) sockets_.set_receiving(false);
  options.on_sent = [weak = std::weak_ptr<Impl*>(self_), step] {
    if (const auto self = weak.lock()) (*self)->on_room_sent(step);
  };
  return step;
}

void OscBridge::Impl::on_room_sent(std::size_t bytes) {
  room_bytes_ -= bytes;
  if (room_bytes_ <= room_low_mark) sockets_.set_receiving(true);
}

void OscBridge::Impl::on_malformed(const sockets::Source& source, const std::string& reason) {
  drops_.set_time(loop_.now());
  drops_.add("not OSC", source.text(), reason);
  turn_end_.request();
}

// ---- both ----

void OscBridge::Impl::tick() {
  if (bridge_.needs_epoch()) set_epoch();
  bridge_.handle_timeout(loop_.now());
  turn_end_.request();
}

void OscBridge::Impl::set_epoch() {
  const auto date = std::chrono::system_clock::now().time_since_epoch();
  bridge_.set_epoch(std::chrono::duration_cast<std::chrono::nanoseconds>(
      date - std::chrono::steady_clock::now().time_since_epoch()));
}

// A desk that was switched off has forgotten who asked.
void OscBridge::Impl::on_destination_change(sockets::DestinationId destination, bool up,
                                            const std::string& line) {
  observer_.on_end_change(up, line);
  if (!up) {
    down_.insert(destination);
  } else if (down_.erase(destination) > 0 && !options_.dry_run) {
    periodic_.repeat([&](const osc::Message& /*message*/, ByteView packet) {
      sockets_.send(destination, packet);
    });
  }
}

void OscBridge::Impl::send_probe(ByteView packet) {
  if (options_.dry_run) return;
  for (std::size_t i = 0; i < options_.to.size(); ++i)
    sockets_.send(static_cast<sockets::DestinationId>(i), packet);
  for (const auto& [name, channel] : channels_) {
    if (options_.reply) reply(channel, packet);
  }
}

// Replies leave from where they were asked for.
std::vector<Endpoint> OscBridge::Impl::sources() const {
  std::vector<Endpoint> all = sockets_.sources();
  for (std::size_t i = 0; options_.reply && i < options_.listen.size(); ++i) {
    const auto listening = sockets_.listening_on(static_cast<sockets::ListenerId>(i));
    all.insert(all.end(), listening.begin(), listening.end());
  }
  return all;
}

// Who sent last may turn out to be a bridge, which is not replied to.
void OscBridge::Impl::on_bridges_change() {
  for (auto& [name, channel] : channels_) {
    if (channel.last_source && others_.is_bridge(channel.last_source->remote))
      channel.last_source.reset();
  }
}

OscBridgeStats OscBridge::Impl::stats() const {
  OscBridgeStats stats{bridge_.stats(), drops_.counts()};
  for (std::size_t i = 0; i < options_.to.size(); ++i) {
    const sockets::DestinationStats each = sockets_.stats(static_cast<sockets::DestinationId>(i));
    const auto add = [&](const char* kind, std::uint64_t count) {
      if (count > 0) stats.dropped[kind] += count;
    };
    add("nobody listens", each.dropped_down + each.refused);
    add("OSC end is slow", each.dropped_slow);
    add("cannot be sent", each.failed);
  }
  if (const std::uint64_t own = sockets_.own_ignored(); own > 0) stats.dropped["own packet"] += own;
  return stats;
}

// ---- the public face ----

OscBridge::OscBridge(Context& context, std::unique_ptr<Impl> impl)
    : Bridge(client::Edge::loop(context)), impl_(std::move(impl)) {}
OscBridge::~OscBridge() = default;

Result<std::unique_ptr<OscBridge>> OscBridge::create(Context& context, Room& room,
                                                     OscBridgeOptions options,
                                                     OscBridgeObserver& observer) {
  auto impl = std::make_unique<Impl>(context, room, std::move(options), observer);
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<OscBridge>(new OscBridge(context, std::move(impl)));
}

void OscBridge::peer_joined(const PeerId& peer) {
  impl_->peer_joined(peer);
}
void OscBridge::peer_left(const PeerId& peer) {
  impl_->peer_left(peer);
}
void OscBridge::begin_finish() {
  impl_->finish();
  finished();
}
std::vector<std::string> OscBridge::listening() const {
  return impl_->listening();
}
OscBridgeStats OscBridge::stats() const {
  return impl_->stats();
}

}  // namespace roomwire::bridges
