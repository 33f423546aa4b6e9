#include "rtc/sctp.hpp"

#include <usrsctp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/crypto.hpp"
#include "rtc/sctp_abort.hpp"

namespace roomwire::rtc {
namespace {

/// usrsctp knows one stack per process; its output callback finds it here.
SctpStack* current_stack = nullptr;

constexpr std::size_t read_size = 65536;
constexpr std::size_t checksum_offset = 8;
/// Packets after which a peer acknowledges at once: ours, below; others after two (RFC 9260 section
/// 6.2).
constexpr std::uint32_t sack_frequency = 8;
/// See send_flags.
constexpr std::uint32_t messages_between_pauses = 64;

void* as_address(std::uintptr_t key) {
  return reinterpret_cast<void*>(key);  // NOLINT(performance-no-int-to-ptr): a name, not an address
}

sockaddr_conn make_address(std::uintptr_t key, std::uint16_t port) {
  sockaddr_conn address{};
  address.sconn_family = AF_CONN;
  // htons without its macro, which casts in C's way.
  address.sconn_port = static_cast<std::uint16_t>(port << 8 | port >> 8);
  address.sconn_addr = as_address(key);
  return address;
}

/// RFC 9260 section 6.8: over the packet with the field zeroed, sent low byte first.
std::uint32_t checksum_of(std::span<std::uint8_t> packet) {
  std::fill_n(packet.begin() + checksum_offset, 4, std::uint8_t{0});
  return crc32c(packet);
}

void write_checksum(std::span<std::uint8_t> packet) {
  const std::uint32_t checksum = checksum_of(packet);
  for (std::size_t i = 0; i < 4; ++i) {
    packet[checksum_offset + i] = static_cast<std::uint8_t>(checksum >> 8 * i);
  }
}

bool has_right_checksum(std::span<std::uint8_t> packet) {
  if (packet.size() < sctp_common_header) return false;
  std::uint32_t said = 0;
  for (std::size_t i = 4; i-- > 0;)
    said = said << 8 | packet[checksum_offset + i];
  return checksum_of(packet) == said;
}

/// The library's settings, chosen by measuring (loopback, two cores): a short least RTO, since a
/// lost packet would stall for it; windows of 256 KiB; first congestion window and burst of 64
/// packets, and a SACK for each eighth.
void configure() {
  usrsctp_sysctl_set_sctp_sendspace(SctpAssociation::window);
  usrsctp_sysctl_set_sctp_recvspace(SctpAssociation::window);
  usrsctp_sysctl_set_sctp_rto_min_default(200);
  usrsctp_sysctl_set_sctp_rto_initial_default(400);
  // After an outage the next try is this far away at most, in ms; ICE decides when all is lost.
  usrsctp_sysctl_set_sctp_rto_max_default(2000);
  usrsctp_sysctl_set_sctp_init_rto_max_default(2000);
  usrsctp_sysctl_set_sctp_init_rtx_max_default(20);
  usrsctp_sysctl_set_sctp_assoc_rtx_max_default(30);
  usrsctp_sysctl_set_sctp_path_rtx_max_default(30);
  // Without bound: where a receiver's socket overflows, one packet is sent 30 times within
  // milliseconds, as every few SACKs that leave it out count, though the peer is there.
  usrsctp_sysctl_set_sctp_max_retran_chunk(0);
  usrsctp_sysctl_set_sctp_initial_cwnd(64);
  usrsctp_sysctl_set_sctp_max_burst_default(64);
  usrsctp_sysctl_set_sctp_sack_freq_default(sack_frequency);
  usrsctp_sysctl_set_sctp_delayed_sack_time_default(20);
  usrsctp_sysctl_set_sctp_max_chunks_on_queue(10240);
  // Without use between two ends of one DTLS session.
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  usrsctp_sysctl_set_sctp_auth_enable(0);
  usrsctp_sysctl_set_sctp_asconf_enable(0);
  usrsctp_sysctl_set_sctp_auto_asconf(0);
  usrsctp_sysctl_set_sctp_nrsack_enable(0);
  usrsctp_sysctl_set_sctp_pktdrop_enable(0);
  usrsctp_enable_crc32c_offload();
}

template <class Value>
bool set_option(struct socket* socket, int level, int name, const Value& value) {
  return usrsctp_setsockopt(socket, level, name, &value, sizeof(value)) == 0;
}

}  // namespace

Result<std::unique_ptr<SctpStack>> SctpStack::create() {
  if (current_stack != nullptr) {
    return failure(ErrorKind::unavailable, "this process has an SCTP stack already",
                   ErrorCode::context_exists);
  }
  // For the life of the process: usrsctp cannot be shut down while a timer of it may run.
  static const bool initialised = [] {
    usrsctp_init_nothreads(0, &SctpStack::queue_packet, nullptr);
    configure();
    return true;
  }();
  static_cast<void>(initialised);
  std::unique_ptr<SctpStack> stack(new SctpStack);
  current_stack = stack.get();
  return stack;
}

SctpStack::~SctpStack() {
  current_stack = nullptr;
}

SctpStack::Key SctpStack::add(Time now, SctpAssociation& association) {
  // Nobody asked for ticks so far: the time that passed is nothing to the new one's timers.
  if (associations_.empty()) last_tick_ = now;
  const Key key = next_key_++;
  associations_.emplace(key, &association);
  usrsctp_register_address(as_address(key));
  return key;
}

void SctpStack::remove(Key key) {
  usrsctp_deregister_address(as_address(key));
  associations_.erase(key);
}

Deadline SctpStack::next_timeout() const {
  if (associations_.empty()) return std::nullopt;
  return last_tick_ + tick;
}

void SctpStack::handle_timeout(Time now) {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_tick_).count();
  if (associations_.empty() || elapsed <= 0) return;
  last_tick_ += std::chrono::milliseconds(elapsed);
  // In steps, so that a timer that starts another keeps its distance; after a long halt at once.
  constexpr int max_steps = 100;
  for (int i = 0; elapsed > 0; ++i) {
    const auto step = i < max_steps ? std::min<std::int64_t>(elapsed, 10) : elapsed;
    usrsctp_handle_timers(static_cast<std::uint32_t>(step));
    elapsed -= step;
  }
  visited_.clear();
  for (const auto& [key, association] : associations_)
    visited_.push_back(key);
  for (const Key key : visited_) {
    const auto found = associations_.find(key);
    if (found != associations_.end()) found->second->settle();
  }
}

int SctpStack::queue_packet(void* key, void* packet, std::size_t size, std::uint8_t /*tos*/,
                            std::uint8_t /*set_df*/) {
  if (current_stack == nullptr || size < sctp_common_header) return 0;
  const auto found = current_stack->associations_.find(reinterpret_cast<Key>(key));
  if (found == current_stack->associations_.end()) return 0;
  SctpAssociation& association = *found->second;
  const auto* bytes = static_cast<const std::uint8_t*>(packet);
  constexpr std::uint8_t abort_chunk = 6;
  if (size > sctp_common_header && bytes[sctp_common_header] == abort_chunk) {
    association.abort_sent_ = abort_cause({bytes + sctp_common_header, bytes + size});
  }
  association.packets_.insert(association.packets_.end(), bytes, bytes + size);
  association.packet_ends_.push_back(association.packets_.size());
  return 0;
}

Bytes SctpStack::take_buffer() {
  if (buffers_.empty()) return Bytes(read_size);
  Bytes buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void SctpStack::give_back(Bytes buffer) {
  buffers_.push_back(std::move(buffer));
}

SctpAssociation::SctpAssociation(SctpStack& stack, Time now, SctpSink& sink)
    : stack_(stack), sink_(sink), key_(stack.add(now, *this)) {}

SctpAssociation::~SctpAssociation() {
  close();
  stack_.remove(key_);
}

bool SctpAssociation::connect(std::uint16_t local_port, std::uint16_t remote_port) {
  socket_ = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, nullptr, nullptr, 0, nullptr);
  if (socket_ == nullptr) return false;
  remote_port_ = remote_port;
  set_options();
  sockaddr_conn local = make_address(key_, local_port);
  sockaddr_conn remote = make_address(key_, remote_port);
  if (usrsctp_bind(socket_, reinterpret_cast<sockaddr*>(&local), sizeof(local)) != 0) return false;
  ++busy_;
  const int result = usrsctp_connect(socket_, reinterpret_cast<sockaddr*>(&remote), sizeof(remote));
  --busy_;
  if (result != 0 && errno != EINPROGRESS) return false;

  sctp_paddrparams path{};
  std::memcpy(&path.spp_address, &remote, sizeof(remote));
  // No heartbeats: ICE's consent checks tell whether the peer is there.
  path.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE;
  path.spp_pathmtu = max_packet - sctp_common_header;
  set_option(socket_, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path);
  flush();
  return true;
}

void SctpAssociation::set_options() {
  usrsctp_set_non_blocking(socket_, 1);
  // close() sends an ABORT and leaves nothing behind.
  set_option(socket_, SOL_SOCKET, SO_LINGER, linger{1, 0});
  set_option(socket_, IPPROTO_SCTP, SCTP_NODELAY, int{1});
  set_option(socket_, IPPROTO_SCTP, SCTP_RECVRCVINFO, int{1});
  // Parts of two messages never come mixed.
  set_option(socket_, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, int{0});
  set_option(socket_, IPPROTO_SCTP, SCTP_INITMSG, sctp_initmsg{max_streams, max_streams, 0, 0});
  set_option(socket_, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET,
             sctp_assoc_value{SCTP_ALL_ASSOC, SCTP_ENABLE_RESET_STREAM_REQ});
  for (const int type : {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_STREAM_RESET_EVENT}) {
    set_option(socket_, IPPROTO_SCTP, SCTP_EVENT,
               sctp_event{SCTP_ALL_ASSOC, static_cast<std::uint16_t>(type), 1});
  }
}

void SctpAssociation::handle_packet(std::span<std::uint8_t> packet, bool more) {
  if (socket_ == nullptr || ended_ || !has_right_checksum(packet)) return;
  ledger_.note_incoming(packet);
  // The end of what was read together. A lone packet waits for a second one: most often it is
  // answered, and the answer acknowledges it.
  const bool in_burst = std::exchange(more_, more);
  if (!more && (in_burst || ledger_.packets_to_acknowledge() > 1)) request_sack(packet);
  fill_packets(false);  // so that what waited for this packet leaves to the last byte
  ++busy_;
  usrsctp_conninput(as_address(key_), packet.data(), packet.size(), 0);
  --busy_;
  settle();
}

/// After anything that may have moved the library: what it has for us, then what it has to send.
void SctpAssociation::settle() {
  if (socket_ == nullptr) return;
  ++busy_;
  read();
  if (socket_ != nullptr && !ended_) sink_.on_progress();
  --busy_;
  flush();
}

/// While on, what does not fill a packet waits for an acknowledgement (Nagle's algorithm). Only
/// worth it, and only harmless, when one is sure to come: after so few packets that the peer may
/// delay it, a message would wait 20 ms, or 200 ms with others, for nothing.
void SctpAssociation::fill_packets(bool on) {
  if (std::exchange(filling_, on) == on || socket_ == nullptr) return;
  set_option(socket_, IPPROTO_SCTP, SCTP_NODELAY, int{on ? 0 : 1});
}

/// The library takes messages off its queue until one no longer fits the packet. That one, when it
/// names no address, goes alone in the next packet. So messages name the only address that there
/// is, and packets are full. But each packet then takes one more ahead, and the library walks over
/// those each time; a message without an address makes it send them before it takes others.
std::uint16_t SctpAssociation::send_flags() {
  const bool pauses = ++messages_ % messages_between_pauses == 0;
  return pauses ? std::uint16_t{0} : std::uint16_t{SCTP_ADDR_OVER};
}

SctpAssociation::SendResult SctpAssociation::send(std::uint16_t stream, std::uint32_t ppid,
                                                  ByteView message) {
  if (socket_ == nullptr || ended_) return SendResult::failed;
  fill_packets(ledger_.packets_since_sack() + packet_ends_.size() >= sack_frequency);
  sctp_sndinfo info{};
  info.snd_sid = stream;
  info.snd_ppid = __builtin_bswap32(ppid);  // The library takes it in network order.
  info.snd_flags = send_flags();
  sockaddr_conn remote = make_address(key_, remote_port_);
  const ssize_t sent =
      usrsctp_sendv(socket_, message.data(), message.size(), reinterpret_cast<sockaddr*>(&remote),
                    1, &info, sizeof(info), SCTP_SENDV_SNDINFO, 0);
  if (sent < 0) {
    const bool full = errno == EWOULDBLOCK || errno == EAGAIN || errno == ENOBUFS;
    return full ? SendResult::full : SendResult::failed;
  }
  ledger_.note_accepted(message.size());
  if (busy_ == 0) flush();
  return SendResult::sent;
}

void SctpAssociation::set_receiving(bool on) {
  if (receiving_ == on) return;
  receiving_ = on;
  if (on && !reading_) settle();
}

void SctpAssociation::close() {
  if (socket_ == nullptr) return;
  struct socket* closing = std::exchange(socket_, nullptr);
  ++busy_;
  usrsctp_close(closing);
  --busy_;
  flush();
}

void SctpAssociation::read() {
  if (reading_ || ended_ || !receiving_) return;
  reading_ = true;
  Bytes buffer = stack_.take_buffer();
  while (socket_ != nullptr && receiving_ && !ended_) {
    sctp_rcvinfo info{};
    socklen_t info_size = sizeof(info);
    unsigned int info_type = SCTP_RECVV_NOINFO;
    int flags = 0;
    const ssize_t size = usrsctp_recvv(socket_, buffer.data(), buffer.size(), nullptr, nullptr,
                                       &info, &info_size, &info_type, &flags);
    if (size < 0) {
      if (errno != EWOULDBLOCK && errno != EAGAIN && errno != EINPROGRESS)
        end("SCTP failed: " + std::generic_category().message(errno));
      break;
    }
    if (size == 0) {
      end("closed by the peer");
      break;
    }
    const ByteView part = ByteView(buffer).first(static_cast<std::size_t>(size));
    if ((flags & MSG_NOTIFICATION) != 0) {
      handle_notification(part);
    } else if (info_type == SCTP_RECVV_RCVINFO) {
      handle_data(info.rcv_sid, __builtin_bswap32(info.rcv_ppid), part, (flags & MSG_EOR) != 0);
    }
  }
  stack_.give_back(std::move(buffer));
  reading_ = false;
}

void SctpAssociation::handle_data(std::uint16_t stream, std::uint32_t ppid, ByteView part,
                                  bool last) {
  if (partial_.empty() && last) return sink_.on_sctp_message(stream, ppid, part);
  if (partial_.size() + part.size() > max_incoming_message) {
    return end("the peer sent a message above " + std::to_string(window) + " bytes");
  }
  partial_.insert(partial_.end(), part.begin(), part.end());
  if (!last) return;
  const Bytes message = std::exchange(partial_, {});
  sink_.on_sctp_message(stream, ppid, message);
}

void SctpAssociation::handle_notification(ByteView bytes) {
  sctp_notification notification{};
  std::memcpy(&notification, bytes.data(), std::min(bytes.size(), sizeof(notification)));
  switch (notification.sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE: {
      const std::uint16_t state = notification.sn_assoc_change.sac_state;
      if (state == SCTP_COMM_UP) return sink_.on_established();
      if (state == SCTP_CANT_STR_ASSOC) return end("SCTP was not answered");
      if (state == SCTP_SHUTDOWN_COMP) return end("closed by the peer");
      constexpr std::size_t header = offsetof(sctp_assoc_change, sac_info);
      return aborted(bytes.subspan(std::min(bytes.size(), header)));
    }
    case SCTP_SHUTDOWN_EVENT:
      return end("closed by the peer");
    case SCTP_STREAM_RESET_EVENT: {
      const std::uint16_t flags = notification.sn_strreset_event.strreset_flags;
      const bool refused = (flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)) != 0;
      if ((flags & SCTP_STREAM_RESET_INCOMING_SSN) == 0 || refused) return;
      constexpr std::size_t header = sizeof(sctp_stream_reset_event);
      std::vector<std::uint16_t> streams((bytes.size() - std::min(bytes.size(), header)) / 2);
      if (!streams.empty()) std::memcpy(streams.data(), &bytes[header], streams.size() * 2);
      // An empty list means all.
      if (streams.empty()) return end("closed by the peer");
      for (const std::uint16_t stream : streams) {
        if (!ended_) sink_.on_stream_reset(stream);
      }
      return;
    }
    default:
      return;
  }
}

void SctpAssociation::aborted(ByteView chunk) {
  // The notification is the same whoever aborted; the socket's error is not.
  int error = 0;
  socklen_t size = sizeof(error);
  usrsctp_getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  const bool is_ours = error == ECONNABORTED;
  const std::string cause = is_ours ? abort_sent_ : abort_cause(chunk);
  const std::string what = "SCTP abort" + (is_ours ? std::string(" by our side") : "") +
                           (cause.empty() ? "" : ": " + cause);
  end(is_ours ? what : "closed by the peer (" + what + ")");
}

/// Out of the library's hands, and so free of its locks.
void SctpAssociation::flush() {
  if (flushing_ || busy_ > 0) return;
  flushing_ = true;
  while (!packet_ends_.empty()) {
    Bytes packets = std::exchange(packets_, {});
    std::vector<std::size_t> ends = std::exchange(packet_ends_, {});
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      const std::span<std::uint8_t> packet = std::span(packets).subspan(begin, end - begin);
      write_checksum(packet);
      ledger_.note_outgoing(packet);
      sink_.send_packet(packet);
      begin = end;
    }
    if (packet_ends_.empty()) {  // Keep the room for the next time.
      packets.clear();
      ends.clear();
      packets_ = std::move(packets);
      packet_ends_ = std::move(ends);
    }
  }
  flushing_ = false;
}

void SctpAssociation::end(const std::string& reason) {
  if (ended_) return;
  ended_ = true;
  sink_.on_sctp_closed(reason);
}

}  // namespace roomwire::rtc
