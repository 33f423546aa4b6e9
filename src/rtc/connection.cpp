#include <algorithm>

#include "rtc/connection.hpp"

namespace roomwire::rtc {
namespace {

/// DTLS, SCTP and the channel together; they take milliseconds when nothing is lost.
constexpr Duration time_to_open = 30s;
/// libdatachannel (node-datachannel among its users), whose descriptions begin with o=rtc, gives
/// an answer to its ICE thread before it keeps the fingerprint. A handshake that is quicker than
/// its other thread, as on loopback, is refused for an unknown certificate.
constexpr std::string_view slow_fingerprint_origin = "rtc";
constexpr Duration slow_fingerprint_delay = 100ms;
/// How long the end of a connection is held back for a reader that has paused.
constexpr Duration time_to_deliver = 10s;
/// A flight of the handshake is up to about five datagrams; what exceeds this is dropped.
constexpr std::size_t max_early_datagrams = 16;
constexpr std::size_t max_early_candidates = 64;
/// What browsers announce.
constexpr std::uint64_t announced_max_message_size = 262144;

}  // namespace

class Connection::Entry {
 public:
  Entry(Connection& connection, Time now) : connection_(connection) {
    connection_.now_ = now;
    ++connection_.depth_;
  }
  /// From the SCTP stack, which knows the time of its tick alone.
  explicit Entry(Connection& connection)
      : Entry(connection, std::max(connection.now_, connection.host_.sctp().last_tick())) {}
  ~Entry() {
    if (connection_.depth_ == 1) connection_.leave_entry();
    --connection_.depth_;
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  Connection& connection_;
};

Connection::Connection(ConnectionHost& host, IceRole role, ConnectionObserver& observer)
    : host_(host),
      observer_(observer),
      agent_(role, IceCredentials::draw(host.entropy()), host.entropy(), *this),
      // Below 2^62, so that a parser with a signed 64-bit number takes it.
      session_id_(host.entropy().below(std::uint64_t{1} << 62)) {}

Connection::~Connection() {
  tear_down();
  host_.forget(*this);
}

std::string Connection::create_offer(Time now) {
  const Entry entry(*this, now);
  if (signalling_ != Signalling::fresh || closed_) return {};
  signalling_ = Signalling::offered;
  add_known_candidates(now);
  channel_settings_.opens = true;
  return write_offer(describe(DtlsSetup::actpass));
}

Result<std::string> Connection::accept_offer(Time now, std::string_view sdp) {
  const Entry entry(*this, now);
  if (signalling_ != Signalling::fresh || closed_) {
    return failure(ErrorKind::invalid_input, "the connection has a description already");
  }
  const auto offer = SessionDescription::parse(sdp);
  if (!offer) return tl::unexpected(offer.error());
  add_known_candidates(now);
  const bool client = offer->setup != DtlsSetup::active;
  begin(now, *offer, client ? DtlsRole::client : DtlsRole::server);
  return write_answer(describe(client ? DtlsSetup::active : DtlsSetup::passive), *offer);
}

Result<void> Connection::accept_answer(Time now, std::string_view sdp) {
  const Entry entry(*this, now);
  if (signalling_ != Signalling::offered || closed_) {
    return failure(ErrorKind::invalid_input, "no offer waits for an answer");
  }
  const auto answer = SessionDescription::parse(sdp);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->setup == DtlsSetup::actpass) {
    return failure(ErrorKind::invalid_input, "the answer does not say who opens DTLS");
  }
  begin(now, *answer, answer->setup == DtlsSetup::active ? DtlsRole::server : DtlsRole::client);
  return {};
}

Result<std::string> Connection::renegotiate(Time now, std::string_view sdp) {
  const Entry entry(*this, now);
  if (signalling_ != Signalling::settled || closed_) {
    return failure(ErrorKind::invalid_input, "there is no connection to renegotiate");
  }
  const auto offer = SessionDescription::parse(sdp);
  if (!offer) return tl::unexpected(offer.error());
  if (offer->credentials.ufrag != remote_ufrag_) {
    return failure(ErrorKind::rejected, "an ICE restart is not supported");
  }
  add_remote_candidates(now, *offer);
  ++session_version_;
  const bool client = dtls_role_ == DtlsRole::client;
  return write_answer(describe(client ? DtlsSetup::active : DtlsSetup::passive), *offer);
}

void Connection::add_known_candidates(Time now) {
  ++session_version_;
  for (const Candidate& candidate : host_.local_candidates()) {
    agent_.add_local_candidate(now, candidate);
  }
}

LocalDescription Connection::describe(DtlsSetup setup) const {
  LocalDescription local;
  local.session_id = session_id_;
  local.session_version = session_version_;
  local.credentials = agent_.local_credentials();
  local.fingerprint = host_.dtls().fingerprint();
  local.setup = setup;
  local.max_message_size = announced_max_message_size;
  local.candidates = host_.local_candidates();
  return local;
}

void Connection::begin(Time now, const SessionDescription& remote, DtlsRole role) {
  signalling_ = Signalling::settled;
  remote_ufrag_ = remote.credentials.ufrag;
  dtls_role_ = role;
  channel_settings_.is_dtls_client = role == DtlsRole::client;
  channel_settings_.remote_port = remote.sctp_port;
  if (remote.origin == slow_fingerprint_origin) dtls_delay_ = slow_fingerprint_delay;
  if (remote.max_message_size > 0) {
    channel_settings_.max_message_size = static_cast<std::size_t>(
        std::min<std::uint64_t>(remote.max_message_size, SctpAssociation::window));
  }
  dtls_ = std::make_unique<DtlsSession>(host_.dtls(), role, remote.fingerprints,
                                        static_cast<DtlsSink&>(*this));
  agent_.set_remote_credentials(now, remote.credentials);
  add_remote_candidates(now, remote);
  for (const auto& [candidate, fragment] : std::exchange(early_candidates_, {})) {
    if (fragment == remote_ufrag_) agent_.add_remote_candidate(now, candidate);
  }
  ice_changed_ = true;  // It may have connected before, by the peer's checks.
}

void Connection::add_remote_candidates(Time now, const SessionDescription& remote) {
  for (const Candidate& candidate : remote.candidates)
    agent_.add_remote_candidate(now, candidate);
}

void Connection::add_remote_candidate(Time now, const Candidate& candidate,
                                      std::string_view username_fragment) {
  const Entry entry(*this, now);
  if (closed_) return;
  if (username_fragment.empty() || username_fragment == remote_ufrag_) {
    agent_.add_remote_candidate(now, candidate);
  } else if (remote_ufrag_.empty() && early_candidates_.size() < max_early_candidates) {
    early_candidates_.emplace_back(candidate, username_fragment);
  }
}

void Connection::add_local_candidate(Time now, const Candidate& candidate) {
  const Entry entry(*this, now);
  if (closed_ || signalling_ == Signalling::fresh) return;
  agent_.add_local_candidate(now, candidate);
  observer_.on_local_candidate(candidate);
}

bool Connection::handle_stun(Time now, const Endpoint& local, const Endpoint& remote,
                             ByteView packet) {
  const Entry entry(*this, now);
  return !closed_ && agent_.handle_stun(now, local, remote, packet);
}

bool Connection::handle_dtls(Time now, ByteView datagram, bool more) {
  const Entry entry(*this, now);
  if (closed_) return false;
  more_ = more;
  if (!dtls_ || !pair_) {
    if (early_datagrams_.size() == max_early_datagrams) return false;
    early_datagrams_.emplace_back(datagram.begin(), datagram.end());
    return true;
  }
  const bool heard = dtls_->handle_datagram(now, datagram);
  if (heard && !closed_) agent_.note_traffic(now);
  return heard;
}

void Connection::handle_timeout(Time now) {
  if (closed_ || !deadline_ || now < *deadline_) return;
  const Entry entry(*this, now);
  const auto passed = [now](const Deadline& deadline) { return deadline && *deadline <= now; };
  if (passed(end_deadline_)) return fail(*end_reason_);
  if (passed(open_deadline_)) return fail("the data channel did not open in time");
  if (passed(agent_.next_timeout())) agent_.handle_timeout(now);
  if (passed(dtls_start_)) start_dtls();
  if (dtls_) dtls_->handle_timeout(now);
}

bool Connection::send(Time now, ByteView message) {
  const Entry entry(*this, now);
  return is_open() && channel_->send(message);
}

std::size_t Connection::buffered_amount() const {
  if (closed_) return buffered_at_end_;
  return channel_ ? channel_->buffered_amount() : 0;
}

bool Connection::is_open() const {
  return !closed_ && !failure_ && !end_reason_ && channel_ && channel_->is_open();
}

void Connection::set_receiving(Time now, bool on) {
  const Entry entry(*this, now);
  receiving_ = on;
  if (closed_ || !channel_) return;
  channel_->set_receiving(on);
  // What came before the end has been delivered now, unless it was switched off meanwhile.
  if (end_reason_ && receiving_) fail(*end_reason_);
}

void Connection::close(Time now) {
  const Entry entry(*this, now);
  tear_down();
}

void Connection::send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) {
  host_.send(local, remote, packet);
}

void Connection::on_ice_state(IceState state, const std::optional<IcePair>& selected) {
  // Handled when the agent is out of its function, which must not be called back into.
  ice_state_ = state;
  if (selected) pair_ = selected;
  ice_changed_ = true;
}

void Connection::leave_entry() {
  while (ice_changed_ && !closed_ && !failure_) {
    ice_changed_ = false;
    handle_ice_state();
  }
  if (failure_ && !closed_) {
    const std::string reason = *failure_;
    tear_down();
    observer_.on_closed(reason);
  }
  update_deadline();
}

void Connection::handle_ice_state() {
  if (ice_state_ == IceState::failed) {
    return fail(pair_ ? "the peer no longer answers" : "no network path works");
  }
  if (!pair_) return;
  if (!dtls_) return;  // The peer's checks arrived before its description did.
  if (!open_deadline_ && !is_open()) open_deadline_ = now_ + time_to_open;
  if (!must_wait_for_dtls()) start_dtls();
  if (!is_open() || pair_ == announced_pair_) return;
  announced_pair_ = pair_;
  observer_.on_pair_changed(*pair_);
}

bool Connection::must_wait_for_dtls() {
  if (dtls_role_ != DtlsRole::client || is_secured()) return false;
  if (!dtls_start_) dtls_start_ = now_ + dtls_delay_;
  return now_ < *dtls_start_;
}

void Connection::start_dtls() {
  dtls_start_.reset();
  if (is_secured()) return;
  dtls_->start(now_);
  for (const Bytes& datagram : std::exchange(early_datagrams_, {})) {
    dtls_->handle_datagram(now_, datagram);
  }
}

void Connection::send_datagram(ByteView datagram) {
  if (pair_) host_.send(pair_->local, pair_->remote, datagram);
}

void Connection::on_dtls_connected() {
  channel_.emplace(host_.sctp(), now_, channel_settings_, static_cast<DataChannelSink&>(*this));
  if (!channel_->connect()) fail("SCTP cannot begin");
}

void Connection::on_dtls_data(std::span<std::uint8_t> data) {
  if (channel_ && !closed_) channel_->handle_packet(data, more_);
}

void Connection::on_dtls_closed(const std::string& reason) {
  end_after_delivery(reason);
}

void Connection::send_packet(ByteView packet) {
  dtls_->send(packet);
}

void Connection::on_channel_open() {
  const Entry entry(*this);
  open_deadline_.reset();
  announced_pair_ = pair_;
  observer_.on_open(*pair_);
  if (!closed_ && !receiving_) channel_->set_receiving(false);
}

void Connection::on_channel_message(ByteView data, bool is_text) {
  const Entry entry(*this);
  if (!closed_) observer_.on_message(data, is_text);
}

void Connection::on_channel_writable() {
  const Entry entry(*this);
  if (!closed_) observer_.on_writable();
}

void Connection::on_channel_closed(const std::string& reason) {
  const Entry entry(*this);
  end_after_delivery(reason);
}

/// The peer is gone; what it sent before, and SCTP has acknowledged, is still to be read.
void Connection::end_after_delivery(const std::string& reason) {
  if (closed_ || end_reason_) return;
  if (receiving_ || !channel_) return fail(reason);
  end_reason_ = reason;
  end_deadline_ = now_ + time_to_deliver;
}

void Connection::fail(const std::string& reason) {
  if (!closed_ && !failure_) failure_ = reason;
}

void Connection::tear_down() {
  if (closed_) return;
  buffered_at_end_ = buffered_amount();
  if (channel_) channel_->close();
  if (dtls_) dtls_->close();
  closed_ = true;
  deadline_.reset();
  host_.forget(*this);
}

void Connection::update_deadline() {
  deadline_.reset();
  if (closed_) return;
  deadline_ = earlier(agent_.next_timeout(), earlier(open_deadline_, end_deadline_));
  deadline_ = earlier(deadline_, dtls_start_);
  if (dtls_) deadline_ = earlier(deadline_, dtls_->next_timeout());
}

}  // namespace roomwire::rtc
