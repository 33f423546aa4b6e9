// Nostr events as Trystero's default strategy sends them: NIP-01, "Events and signatures", and
// BIP-340 signatures.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/entropy.hpp"

namespace roomwire::signal {

/// Bounds of what parse_event accepts, so that a short text cannot become a large structure.
/// (Real events have one tag; long follow lists, which nobody sends here, have thousands.)
inline constexpr std::size_t max_event_tags = 2048;
inline constexpr std::size_t max_event_tag_values = 8192;  ///< In all tags together.

/// All strings are UTF-8. Hex is lower case, as NIP-01 demands.
struct NostrEvent {
  std::string id;               ///< 64 hex digits: SHA-256 of the canonical text.
  std::string pubkey;           ///< 64 hex digits: the x-only public key.
  std::int64_t created_at = 0;  ///< Unix seconds; not negative.
  std::uint16_t kind = 0;       ///< 20000–29999 are ephemeral: relays pass them on and forget.
  std::vector<std::vector<std::string>> tags;  ///< Each with at least its name.
  std::string content;
  std::string sig;  ///< 128 hex digits.

  bool operator==(const NostrEvent&) const = default;
};

/// Checks types, ranges and lengths, not the id and the signature: see verify. Members that NIP-01
/// does not name are ignored. Nothing when it is no event.
std::optional<NostrEvent> parse_event(const boost::json::object& object);

/// Compact JSON, the members in the order of NIP-01.
std::string to_json(const NostrEvent& event);

/// The id that the other members demand, as 64 hex digits: NIP-01's canonical text, with strings
/// escaped as JSON.stringify does it (which is what every client of ours hashes).
std::string event_id(const NostrEvent& event);

/// The id fits the contents and the signature fits the id. Costs about 100 µs.
bool verify(const NostrEvent& event);

/// Appends `text` (UTF-8) as a JSON string with its quotes, escaped as JSON.stringify does it.
void append_json_string(std::string& out, std::string_view text);

/// A key pair of one process; the secret never leaves it.
class NostrKey {
 public:
  static NostrKey draw(Entropy& entropy);
  NostrKey(NostrKey&&) noexcept;
  NostrKey& operator=(NostrKey&&) noexcept;
  ~NostrKey();

  /// 64 hex digits: what goes into NostrEvent::pubkey.
  const std::string& public_key() const { return public_key_; }
  /// Fills in pubkey, id and sig.
  void sign(NostrEvent& event) const;

 private:
  struct Secret;
  NostrKey(std::unique_ptr<Secret> secret, std::string public_key);
  std::unique_ptr<Secret> secret_;
  std::string public_key_;
};

}  // namespace roomwire::signal
