// The names and keys that a room's peers derive alike (@trystero-p2p/core: utils, crypto).
#pragma once

#include <roomwire/ids.hpp>
#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "base/entropy.hpp"
#include "roomwire/error.hpp"

namespace roomwire::signal {

/// What a relay routes by: the base-36 SHA-1 of a topic text.
using Topic = StrongString<struct TopicTag>;

Topic root_topic(const AppId& app, const RoomId& room);
Topic self_topic(const AppId& app, const RoomId& room, const PeerId& peer);

/// Encrypts descriptions and candidates with the key of a room and its password (AES-256-GCM).
class SignalCipher {
 public:
  SignalCipher(std::string_view password, const AppId& app, const RoomId& room);
  std::string encrypt(std::string_view plain, Entropy& entropy) const;
  /// Fails with rejected (another password), or with invalid_input (not such a text at all).
  Result<std::string> decrypt(std::string_view text) const;

 private:
  Sha256 key_;
};

}  // namespace roomwire::signal
