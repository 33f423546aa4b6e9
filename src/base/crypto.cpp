#include "base/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <boost/crc.hpp>
#include <cstring>
#include <memory>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace roomwire {
namespace {

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
constexpr std::size_t tag_size = 16;

std::uint32_t crc32c_by_table(ByteView data) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(data.data(), data.size());
  return crc.checksum();
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(ByteView data) {
  std::uint64_t crc = 0xFFFFFFFF;
  while (data.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    crc = _mm_crc32_u64(crc, word);
    data = data.subspan(8);
  }
  auto tail = static_cast<std::uint32_t>(crc);
  for (const std::uint8_t byte : data)
    tail = _mm_crc32_u8(tail, byte);
  return ~tail;
}
#elif defined(__ARM_FEATURE_CRC32)
std::uint32_t crc32c_by_instruction(ByteView data) {
  std::uint32_t crc = 0xFFFFFFFF;
  while (data.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    crc = __crc32cd(crc, word);
    data = data.subspan(8);
  }
  for (const std::uint8_t byte : data)
    crc = __crc32cb(crc, byte);
  return ~crc;
}
#endif

}  // namespace

Sha1 sha1(ByteView data) {
  Sha1 out{};
  SHA1(data.data(), data.size(), out.data());
  return out;
}

Sha256 sha256(ByteView data) {
  Sha256 out{};
  SHA256(data.data(), data.size(), out.data());
  return out;
}

Sha1 hmac_sha1(ByteView key, ByteView data) {
  Sha1 out{};
  unsigned int size = out.size();
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(),
       &size);
  return out;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Bytes aes_gcm_encrypt(const Sha256& key, ByteView iv, ByteView plain) {
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, nullptr, nullptr);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(iv.size()), nullptr);
  EVP_EncryptInit_ex(context.get(), nullptr, nullptr, key.data(), iv.data());
  Bytes out(plain.size() + tag_size);
  int size = 0;
  EVP_EncryptUpdate(context.get(), out.data(), &size, plain.data(), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(context.get(), out.data() + size, &size);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, out.data() + plain.size());
  return out;
}

std::optional<Bytes> aes_gcm_decrypt(const Sha256& key, ByteView iv, ByteView cipher_and_tag) {
  if (iv.empty() || cipher_and_tag.size() < tag_size) return std::nullopt;
  const ByteView cipher = cipher_and_tag.first(cipher_and_tag.size() - tag_size);
  Bytes tag(cipher_and_tag.end() - tag_size, cipher_and_tag.end());
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, nullptr, nullptr);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(iv.size()), nullptr);
  EVP_DecryptInit_ex(context.get(), nullptr, nullptr, key.data(), iv.data());
  Bytes out(cipher.size());
  int size = 0;
  EVP_DecryptUpdate(context.get(), out.data(), &size, cipher.data(),
                    static_cast<int>(cipher.size()));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data());
  std::uint8_t rest = 0;
  if (EVP_DecryptFinal_ex(context.get(), &rest, &size) != 1) return std::nullopt;
  return out;
}

std::uint32_t crc32(ByteView data) {
  boost::crc_32_type crc;
  crc.process_bytes(data.data(), data.size());
  return crc.checksum();
}

std::uint32_t crc32c(ByteView data) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_by_instruction(data);
#elif defined(__ARM_FEATURE_CRC32)
  return crc32c_by_instruction(data);
#endif
  return crc32c_by_table(data);
}

}  // namespace roomwire
