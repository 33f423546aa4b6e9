#include "sockets/tcp_destination.hpp"

#include <utility>

namespace roomwire::sockets {

namespace {
constexpr Duration connect_limit = 10s;
/// A reader that takes nothing for so long does not hold up the others any more. Long, as the
/// kernel tells of a slow reader in steps of some 64 KB.
constexpr Duration patience = 5s;
/// A connection that lasted for so long was a good one: the next attempts begin quickly again.
constexpr Duration good_connection = 5s;
/// One that is over sooner is not worth a line each time.
constexpr Duration short_connection = 1s;
}  // namespace

TcpDestination::TcpDestination(SocketSetHost& host, DestinationId id, SocketUrl url)
    : host_(host),
      id_(id),
      url_(std::move(url)),
      framing_(url_.framing),
      timer_(host.loop(),
             [this] {
               if (connector_) return lost("no answer");
               if (link_) return say_up();
               connect();
             }),
      stall_(host.loop(), [this] {
        stalled_ = true;
        update_congestion(false);
      }) {}

void TcpDestination::start() {
  connect();
}

void TcpDestination::close() {
  open_ = false;
  timer_.cancel();
  stall_.cancel();
  connector_.reset();
  if (link_) link_->close();
}

void TcpDestination::connect() {
  timer_.set(host_.loop().now() + connect_limit);
  connector_ = std::make_unique<net::Connector>(host_.loop(), host_.resolver(), host_.trust(),
                                                net::ConnectTarget{url_.host, url_.port},
                                                [this](net::Connector::Outcome outcome) {
                                                  if (!outcome)
                                                    return lost(outcome.error().message);
                                                  connected(std::move(*outcome));
                                                });
}

void TcpDestination::connected(net::ByteStream stream) {
  TcpLinkOwner& owner = *this;
  auto link = std::make_shared<TcpLink>(host_.loop(), std::move(stream), owner,
                                        host_.next_connection(), framing_);
  // Dialling a port of its own machine again and again, where nobody listens, TCP sooner or later
  // takes that port as the one to dial from, and connects to itself.
  if (link->local() == link->remote()) {
    link->close();
    return lost("connection refused");
  }
  connector_.reset();
  timer_.cancel();
  first_attempt_ = false;
  connected_at_ = host_.loop().now();
  link_ = std::move(link);
  link_->start();
  host_.moved();
  for (std::size_t i = 0; i < early_.size(); ++i)
    send(early_.packet(i));
  early_.clear();
  update_congestion(true);
  // An end that closes each connection at once is not spoken of each time.
  if (short_in_a_row_ > 1) return timer_.set(connected_at_ + short_connection);
  say_up();
}

void TcpDestination::say_up() {
  host_.changed(id_, true, url_.text() + (ever_up_ ? " is connected again" : " is connected"));
  ever_up_ = true;
  said_down_ = false;
}

void TcpDestination::lost(const std::string& reason) {
  connector_.reset();
  first_attempt_ = false;
  stats_.dropped_down += early_.clear();
  update_congestion(true);
  if (!std::exchange(said_down_, true))
    host_.changed(id_, false, url_.text() + ": " + reason + "; trying again");
  timer_.set(host_.loop().now() + backoff_.next(host_.entropy()));
}

void TcpDestination::send(ByteView packet) {
  if (packet.size() > max_tcp_frame) {
    ++stats_.failed;
  } else if (link_) {
    stats_.dropped_slow += link_->send(packet);
  } else if (first_attempt_) {
    stats_.dropped_slow += early_.push({}, packet);
  } else {
    ++stats_.dropped_down;
  }
  update_congestion(false);
}

void TcpDestination::update_congestion(bool progress) {
  const PacketQueue& queue = link_ ? link_->queue() : early_;
  if (progress) stalled_ = false;
  const bool now = !stalled_ && queue.is_crowded(congested_);
  // Connecting has a limit of its own.
  if (now && link_ && (progress || !congested_)) stall_.set(host_.loop().now() + patience);
  if (!now) stall_.cancel();
  if (now != std::exchange(congested_, now)) host_.congested(now);
}

void TcpDestination::on_link_progress(TcpLink& /*link*/) {
  update_congestion(true);
}

bool TcpDestination::send_to(const Source& source, ByteView packet) {
  if (!link_ || link_->id() != source.connection) return false;
  send(packet);
  return true;
}

DestinationStats TcpDestination::stats() const {
  DestinationStats stats = stats_;
  stats.queued = link_ ? link_->queue().size() : early_.size();
  if (link_) stats.sent += link_->sent();
  return stats;
}

std::optional<Endpoint> TcpDestination::local() const {
  if (!link_) return std::nullopt;
  return link_->local();
}

Source TcpDestination::source(const TcpLink& link) const {
  return {id_, Transport::tcp, link.remote(), link.id()};
}

void TcpDestination::on_link_packet(TcpLink& link, ByteView packet) {
  host_.heard(source(link), packet);
}

void TcpDestination::on_link_malformed(TcpLink& link, const std::string& reason) {
  host_.malformed(source(link), reason);
}

void TcpDestination::on_link_framing(TcpLink& /*link*/, osc::Framing framing) {
  framing_ = framing;
  SocketUrl right = url_;
  right.framing = framing;
  host_.notice(id_, url_.text() + " speaks " +
                        (framing == osc::Framing::slip ? "SLIP" : "with sizes") +
                        ", and is spoken to so from now on; what was sent before may be lost: "
                        "write " +
                        right.text());
}

void TcpDestination::on_link_end(TcpLink& link, const std::string& reason) {
  const auto keep = std::exchange(link_, nullptr);
  const Duration lasted = host_.loop().now() - connected_at_;
  short_in_a_row_ = lasted < short_connection ? short_in_a_row_ + 1 : 0;
  if (lasted >= good_connection) backoff_.reset();
  stats_.sent += link.sent();
  stats_.dropped_down += link.queue().size();
  lost(reason);
}

}  // namespace roomwire::sockets
