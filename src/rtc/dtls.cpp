#include "rtc/dtls.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace roomwire::rtc {
namespace {

template <auto Free>
struct Deleter {
  template <class Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Method = std::unique_ptr<BIO_METHOD, Deleter<BIO_meth_free>>;
using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;

/// Of a handshake datagram, without IP and UDP headers: fits IPv6's least MTU of 1280.
constexpr long handshake_mtu = 1200;
/// The largest plaintext of a record (RFC 6347 section 4.1).
constexpr std::size_t max_record = 16384;
/// A lost flight is sent again after 100 ms at first; the standard's second would be the largest
/// part of the time to connect. OpenSSL gives up after 12 times, here about 13 s.
constexpr unsigned first_retransmission_us = 100'000;
constexpr unsigned last_retransmission_us = 1'500'000;
constexpr long certificate_lifetime_s = 365L * 24 * 3600;
constexpr long certificate_backdated_s = 24L * 3600;

unsigned retransmission_timer(SSL* /*ssl*/, unsigned previous_us) {
  if (previous_us == 0) return first_retransmission_us;
  return std::min(previous_us * 2, last_retransmission_us);
}

/// Self-signed, with a random serial number and no name that says anything.
Certificate make_certificate(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  std::uint32_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) != 1) return nullptr;
  X509* x509 = certificate.get();
  X509_NAME* name = X509_get_subject_name(x509);
  const bool made =
      X509_set_version(x509, X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set(X509_get_serialNumber(x509), static_cast<long>(serial >> 1)) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(x509), -certificate_backdated_s) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(x509), certificate_lifetime_s) != nullptr &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>("WebRTC"), -1, -1,
                                 0) == 1 &&
      X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, key) == 1 &&
      X509_sign(x509, key, EVP_sha256()) != 0;
  return made ? std::move(certificate) : nullptr;
}

const EVP_MD* hash_named(const std::string& algorithm) {
  if (algorithm == "sha-256") return EVP_sha256();
  if (algorithm == "sha-384") return EVP_sha384();
  if (algorithm == "sha-512") return EVP_sha512();
  return nullptr;
}

Bytes digest_of(X509* certificate, const EVP_MD* hash) {
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (X509_digest(certificate, hash, digest.data(), &size) != 1) size = 0;
  digest.resize(size);
  return digest;
}

/// What OpenSSL's queue says, with what it knows of the case; nothing when it is empty.
std::string queued_error() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  std::array<char, 256> number{};
  ERR_error_string_n(code, number.data(), number.size());
  std::string text = reason != nullptr ? reason : number.data();
  if (data != nullptr && *data != '\0') text += std::string(" (") + data + ")";
  return text;
}

/// A session as OpenSSL's callbacks see it.
class DatagramBioOwner {
 public:
  virtual ~DatagramBioOwner() = default;
  /// One datagram, or -1 when there is none.
  virtual int read_input(char* out, int size) = 0;
  virtual void write_output(ByteView datagram) = 0;
  virtual bool accepts(X509* certificate) const = 0;
  /// OpenSSL's form: the level above eight bits of description.
  virtual void note_alert(int alert) = 0;
};

void on_info(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
  static_cast<DatagramBioOwner*>(SSL_get_app_data(ssl))->note_alert(value);
}

int bio_read(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  const int count = static_cast<DatagramBioOwner*>(BIO_get_data(bio))->read_input(out, size);
  if (count < 0) BIO_set_retry_read(bio);
  return count;
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  static_cast<DatagramBioOwner*>(BIO_get_data(bio))
      ->write_output(as_bytes({data, static_cast<std::size_t>(size)}));
  return size;
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
      return handshake_mtu;
    default:
      return 0;
  }
}

/// In place of a chain's validation, which a self-signed certificate has none of: the comparison
/// with what the signalling announced. So a stranger's handshake does not complete.
int verify_certificate(X509_STORE_CTX* store, void* /*argument*/) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* session = static_cast<const DatagramBioOwner*>(SSL_get_app_data(ssl));
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (certificate != nullptr && session->accepts(certificate)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

Method make_bio_method() {
  Method method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"));
  if (!method) return nullptr;
  BIO_meth_set_read(method.get(), &bio_read);
  BIO_meth_set_write(method.get(), &bio_write);
  BIO_meth_set_ctrl(method.get(), &bio_control);
  return method;
}

Context make_context(EVP_PKEY* key, X509* certificate) {
  Context context(SSL_CTX_new(DTLS_method()));
  SSL_CTX* ssl = context.get();
  if (ssl == nullptr || SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) != 1 ||
      SSL_CTX_use_certificate(ssl, certificate) != 1 || SSL_CTX_use_PrivateKey(ssl, key) != 1 ||
      SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return nullptr;
  }
  // No media ever flows, but browsers negotiate its keys (RFC 5764) with every connection, and
  // werift gives a handshake without them up.
  if (SSL_CTX_set_tlsext_use_srtp(ssl, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") != 0) {
    return nullptr;
  }
  SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

}  // namespace

struct DtlsContext::State {
  Context ssl;
  Method bio;
  Fingerprint fingerprint;
};

class DtlsSession::Impl : public DatagramBioOwner {
 public:
  Impl(DtlsContext::State& context, DtlsRole role, std::vector<Fingerprint> expected,
       DtlsSink& sink)
      : role_(role), expected_(std::move(expected)), sink_(sink), ssl_(SSL_new(context.ssl.get())) {
    BIO* bio = BIO_new(context.bio.get());
    BIO_set_data(bio, static_cast<DatagramBioOwner*>(this));
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), static_cast<DatagramBioOwner*>(this));
    SSL_set_mtu(ssl_.get(), handshake_mtu);
    SSL_set_info_callback(ssl_.get(), &on_info);
    DTLS_set_timer_cb(ssl_.get(), &retransmission_timer);
    if (role == DtlsRole::client) {
      SSL_set_connect_state(ssl_.get());
    } else {
      SSL_set_accept_state(ssl_.get());
    }
  }

  void start(Time now) {
    if (role_ != DtlsRole::client || started_ || ended_) return;
    started_ = true;
    shake_hands();
    update_deadline(now);
  }

  bool handle_datagram(Time now, ByteView datagram) {
    if (ended_) return false;
    if (role_ == DtlsRole::client && !started_) start(now);
    const bool was_connected = connected_;
    input_ = datagram;
    if (!connected_) shake_hands();
    const bool heard = connected_ && read_records(!was_connected);
    input_ = {};
    update_deadline(now);
    return heard || !was_connected;
  }

  bool send(ByteView data) {
    if (!connected_ || ended_) return false;
    ERR_clear_error();
    return SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) > 0;
  }

  void close() {
    if (ended_) return;
    ended_ = true;
    deadline_.reset();
    ERR_clear_error();
    // Before the handshake is done there is nothing that SSL_shutdown may send.
    if (connected_) SSL_shutdown(ssl_.get());
  }

  bool is_connected() const { return connected_ && !ended_; }
  Deadline next_timeout() const { return deadline_; }

  void handle_timeout(Time now) {
    if (ended_ || !deadline_ || now < *deadline_) return;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(ssl_.get()) < 0) return end(failure_text(SSL_ERROR_SSL));
    update_deadline(now);
  }

  int read_input(char* out, int size) override {
    if (input_.empty()) return -1;
    const std::size_t count = std::min(static_cast<std::size_t>(size), input_.size());
    std::memcpy(out, input_.data(), count);
    input_ = {};  // A datagram is read at once or not at all.
    return static_cast<int>(count);
  }

  void write_output(ByteView datagram) override { sink_.send_datagram(datagram); }

  bool accepts(X509* certificate) const override {
    return std::any_of(expected_.begin(), expected_.end(), [&](const Fingerprint& fingerprint) {
      const EVP_MD* hash = hash_named(fingerprint.algorithm);
      return hash != nullptr && digest_of(certificate, hash) == fingerprint.digest;
    });
  }

  void note_alert(int alert) override {
    if (alert >> 8 == SSL3_AL_FATAL) fatal_alert_ = alert;
  }

 private:
  void shake_hands() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      connected_ = true;
      sink_.on_dtls_connected();
    } else {
      check(result);
    }
  }

  /// Whether there was a record of the peer's. When the handshake has just ended, records that
  /// overtook its end may wait in OpenSSL, which does not say so.
  bool read_records(bool has_just_connected) {
    std::array<std::uint8_t, max_record> record;
    bool heard = false;
    while (!ended_) {
      ERR_clear_error();
      const int size = SSL_read(ssl_.get(), record.data(), static_cast<int>(record.size()));
      if (size <= 0) return check(size) || heard;
      heard = true;
      sink_.on_dtls_data(std::span(record).first(static_cast<std::size_t>(size)));
      const bool more = !input_.empty() || SSL_has_pending(ssl_.get()) == 1;
      if (!more && !has_just_connected) break;
    }
    return heard;
  }

  /// Ends the session when OpenSSL's result says so, and returns whether it did.
  bool check(int result) {
    const int error = SSL_get_error(ssl_.get(), result);
    switch (error) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return false;
      case SSL_ERROR_ZERO_RETURN:
        end("closed by the peer");
        return true;
      default:
        end(failure_text(error));
        return true;
    }
  }

  /// Why, by who knows best: our own check, the peer's alert, the timer, OpenSSL's queue, and if
  /// all are silent, where the handshake was.
  std::string failure_text(int error) const {
    if (SSL_get_verify_result(ssl_.get()) == X509_V_ERR_CERT_REJECTED) {
      return "the certificate is not the one that was announced";
    }
    if (fatal_alert_) {
      return std::string("DTLS alert of the peer: ") + SSL_alert_desc_string_long(*fatal_alert_) +
             " (" + std::to_string(*fatal_alert_ & 0xff) + ")";
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_READ_TIMEOUT_EXPIRED) {
      return "the DTLS handshake was not answered";
    }
    const std::string queued = queued_error();
    if (!queued.empty()) return "DTLS failed: " + queued;
    return "DTLS failed: OpenSSL gives no reason (SSL_get_error " + std::to_string(error) +
           ", at: " + SSL_state_string_long(ssl_.get()) + ")";
  }

  void end(const std::string& reason) {
    if (ended_) return;
    ended_ = true;
    deadline_.reset();
    sink_.on_dtls_closed(reason);
  }

  void update_deadline(Time now) {
    timeval left{};
    if (ended_ || DTLSv1_get_timeout(ssl_.get(), &left) != 1) {
      deadline_.reset();
    } else {
      deadline_ = now + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
    }
  }

  DtlsRole role_;
  std::vector<Fingerprint> expected_;
  DtlsSink& sink_;
  Session ssl_;
  ByteView input_;
  std::optional<int> fatal_alert_;
  Deadline deadline_;
  bool started_ = false;
  bool connected_ = false;
  bool ended_ = false;
};

DtlsContext::DtlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
DtlsContext::~DtlsContext() = default;

Result<std::unique_ptr<DtlsContext>> DtlsContext::create() {
  auto state = std::make_unique<State>();
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? make_certificate(key.get()) : nullptr;
  if (certificate) {
    state->ssl = make_context(key.get(), certificate.get());
    state->bio = make_bio_method();
    state->fingerprint = {"sha-256", digest_of(certificate.get(), EVP_sha256())};
  }
  if (!state->ssl || !state->bio) {
    return failure(ErrorKind::unavailable, "cannot make a DTLS certificate: " + queued_error());
  }
  SSL_CTX_set_cert_verify_callback(state->ssl.get(), &verify_certificate, nullptr);
  return std::unique_ptr<DtlsContext>(new DtlsContext(std::move(state)));
}

const Fingerprint& DtlsContext::fingerprint() const {
  return state_->fingerprint;
}

DtlsSession::DtlsSession(DtlsContext& context, DtlsRole role, std::vector<Fingerprint> expected,
                         DtlsSink& sink)
    : impl_(std::make_unique<Impl>(*context.state_, role, std::move(expected), sink)) {}
DtlsSession::~DtlsSession() = default;

void DtlsSession::start(Time now) {
  impl_->start(now);
}
bool DtlsSession::handle_datagram(Time now, ByteView datagram) {
  return impl_->handle_datagram(now, datagram);
}
bool DtlsSession::send(ByteView data) {
  return impl_->send(data);
}
void DtlsSession::close() {
  impl_->close();
}
bool DtlsSession::is_connected() const {
  return impl_->is_connected();
}
Deadline DtlsSession::next_timeout() const {
  return impl_->next_timeout();
}
void DtlsSession::handle_timeout(Time now) {
  impl_->handle_timeout(now);
}

}  // namespace roomwire::rtc
