// The one implementation of PeerConnection; transport.cpp makes it and feeds it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtc/data_channel.hpp"
#include "rtc/dtls.hpp"
#include "rtc/ice_agent.hpp"
#include "rtc/peer_connection.hpp"
#include "rtc/sdp.hpp"

namespace roomwire::rtc {

class Connection;

/// What all connections share.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) = 0;
  virtual const std::vector<Candidate>& local_candidates() const = 0;
  virtual DtlsContext& dtls() = 0;
  virtual SctpStack& sctp() = 0;
  virtual Entropy& entropy() = 0;
  /// The connection takes no more input, or is being destroyed.
  virtual void forget(Connection& connection) = 0;
};

class Connection final : public PeerConnection,
                         private IceSink,
                         private DtlsSink,
                         private DataChannelSink {
 public:
  Connection(ConnectionHost& host, IceRole role, ConnectionObserver& observer);
  ~Connection() override;

  std::string create_offer(Time now) override;
  Result<std::string> accept_offer(Time now, std::string_view sdp) override;
  Result<void> accept_answer(Time now, std::string_view sdp) override;
  Result<std::string> renegotiate(Time now, std::string_view sdp) override;
  void add_remote_candidate(Time now, const Candidate& candidate,
                            std::string_view username_fragment) override;
  bool send(Time now, ByteView message) override;
  std::size_t buffered_amount() const override;
  bool is_open() const override;
  std::vector<IcePair> checked_pairs() const override { return agent_.checked_pairs(); }
  void set_receiving(Time now, bool on) override;
  void close(Time now) override;

  const std::string& ufrag() const { return agent_.local_credentials().ufrag; }
  bool is_secured() const { return dtls_ && dtls_->is_connected(); }
  /// Of an offerer without an answer: what it most likely becomes.
  DtlsRole dtls_role() const { return dtls_role_; }
  void add_local_candidate(Time now, const Candidate& candidate);
  bool handle_stun(Time now, const Endpoint& local, const Endpoint& remote, ByteView packet);
  bool awaits(const Endpoint& local, const Endpoint& remote,
              const StunTransactionId& transaction) const {
    return agent_.awaits(local, remote, transaction);
  }
  /// DTLS from an address that has shown itself by STUN.
  bool handle_dtls(Time now, ByteView datagram, bool more);
  Deadline next_timeout() const { return deadline_; }
  void handle_timeout(Time now);

 private:
  /// Around everything that comes in from outside: work that must not happen in the midst of
  /// something else is done when the outermost one ends.
  class Entry;

  void send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) override;
  void on_ice_state(IceState state, const std::optional<IcePair>& selected) override;
  void send_datagram(ByteView datagram) override;
  void on_dtls_connected() override;
  void on_dtls_data(std::span<std::uint8_t> data) override;
  void on_dtls_closed(const std::string& reason) override;
  void send_packet(ByteView packet) override;
  void on_channel_open() override;
  void on_channel_message(ByteView data, bool is_text) override;
  void on_channel_writable() override;
  void on_channel_closed(const std::string& reason) override;

  void add_known_candidates(Time now);
  LocalDescription describe(DtlsSetup setup) const;
  void begin(Time now, const SessionDescription& remote, DtlsRole role);
  void add_remote_candidates(Time now, const SessionDescription& remote);
  void leave_entry();
  void handle_ice_state();
  bool must_wait_for_dtls();
  void start_dtls();
  void fail(const std::string& reason);
  void end_after_delivery(const std::string& reason);
  void tear_down();
  void update_deadline();

  enum class Signalling { fresh, offered, settled };

  ConnectionHost& host_;
  ConnectionObserver& observer_;
  IceAgent agent_;
  std::unique_ptr<DtlsSession> dtls_;
  std::optional<DataChannel> channel_;

  Signalling signalling_ = Signalling::fresh;
  std::uint64_t session_id_ = 0;
  std::uint64_t session_version_ = 1;
  std::string remote_ufrag_;
  DtlsRole dtls_role_ = DtlsRole::server;
  DataChannelSettings channel_settings_;
  /// Candidates that name a ufrag, from before the description that tells whose it is.
  std::vector<std::pair<Candidate, std::string>> early_candidates_;
  /// DTLS from before ICE and the description are there: the peer would repeat it much later.
  std::vector<Bytes> early_datagrams_;

  IceState ice_state_ = IceState::waiting;
  std::optional<IcePair> pair_;
  std::optional<IcePair> announced_pair_;  ///< What the observer knows.
  bool ice_changed_ = false;
  bool more_ = false;  ///< The datagram that is worked off is not the last that was read.
  bool receiving_ = true;
  bool closed_ = false;
  std::size_t buffered_at_end_ = 0;  ///< What was not acknowledged when it closed.
  int depth_ = 0;
  Time now_{};
  /// For peers that would refuse us: DTLS begins this much after ICE has connected.
  Duration dtls_delay_{};
  Deadline dtls_start_;
  Deadline open_deadline_;  ///< From the first ICE connection on, until the channel is open.
  /// The peer has closed, and what it sent before waits for receiving to be switched on.
  std::optional<std::string> end_reason_;
  Deadline end_deadline_;
  std::optional<std::string> failure_;
  Deadline deadline_;
};

}  // namespace roomwire::rtc
