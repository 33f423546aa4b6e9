// Hashes and the cipher of the signalling, all from OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>

namespace roomwire {

using Sha1 = std::array<std::uint8_t, 20>;
using Sha256 = std::array<std::uint8_t, 32>;

Sha1 sha1(ByteView data);
Sha256 sha256(ByteView data);
Sha1 hmac_sha1(ByteView key, ByteView data);

/// Compares in a time that tells nothing of the contents.
bool equal_in_constant_time(ByteView a, ByteView b);

/// AES-256-GCM with an IV of any length from 1 byte; the result is ciphertext‖16-byte tag.
Bytes aes_gcm_encrypt(const Sha256& key, ByteView iv, ByteView plain);
/// Nothing when the tag does not fit.
std::optional<Bytes> aes_gcm_decrypt(const Sha256& key, ByteView iv, ByteView cipher_and_tag);

/// CRC-32 of ISO 3309, as STUN's FINGERPRINT wants it (before its XOR).
std::uint32_t crc32(ByteView data);
/// CRC-32C (Castagnoli), as SCTP wants it; by SSE 4.2 or ARMv8 instructions where there are any.
std::uint32_t crc32c(ByteView data);

}  // namespace roomwire
