// DTLS 1.2 (RFC 6347) between two self-signed certificates (RFC 8827 section 6.5). No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "roomwire/error.hpp"
#include "rtc/types.hpp"

namespace roomwire::rtc {

/// The certificate that all sessions of a process show.
class DtlsContext {
 public:
  /// Makes a key and its certificate. Fails with unavailable when OpenSSL cannot.
  static Result<std::unique_ptr<DtlsContext>> create();
  ~DtlsContext();
  DtlsContext(const DtlsContext&) = delete;
  DtlsContext& operator=(const DtlsContext&) = delete;

  const Fingerprint& fingerprint() const;

 private:
  friend class DtlsSession;
  struct State;
  explicit DtlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a session asks of its owner. Called from within the session's functions; the owner may
/// call send() and close() from there and must not destroy the session.
class DtlsSink {
 public:
  virtual ~DtlsSink() = default;
  virtual void send_datagram(ByteView datagram) = 0;
  /// The handshake is done and the peer's certificate is the one it announced. Once.
  virtual void on_dtls_connected() = 0;
  /// The plaintext of one record; the owner may write into it during the call.
  virtual void on_dtls_data(std::span<std::uint8_t> data) = 0;
  /// The peer closed, or the handshake failed. Once, and not after close().
  virtual void on_dtls_closed(const std::string& reason) = 0;
};

class DtlsSession {
 public:
  /// What a record adds to its plaintext with the AES-GCM suites: header, nonce and tag.
  static constexpr std::size_t record_overhead = 37;

  /// The peer's certificate must have one of the `expected` fingerprints (sha-256, -384 or -512).
  DtlsSession(DtlsContext& context, DtlsRole role, std::vector<Fingerprint> expected,
              DtlsSink& sink);
  ~DtlsSession();
  DtlsSession(const DtlsSession&) = delete;
  DtlsSession& operator=(const DtlsSession&) = delete;

  /// The client speaks first; does nothing for a server.
  void start(Time now);
  /// False when nothing in it came from the peer of a connected session (a wrong tag, a replay).
  bool handle_datagram(Time now, ByteView datagram);
  /// Encrypts one record. False before the handshake is done and after the end.
  bool send(ByteView data);
  /// Says so to the peer. Further input is ignored.
  void close();
  bool is_connected() const;

  /// The handshake's retransmissions. OpenSSL measures them by gettimeofday(), so `now` must
  /// advance as fast as that clock does.
  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roomwire::rtc
