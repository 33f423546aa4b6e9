#include "signal/nostr_event.hpp"

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <utility>

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace roomwire::signal {
namespace {

namespace json = boost::json;

constexpr std::size_t id_hex_length = 64;
constexpr std::size_t sig_hex_length = 128;

std::optional<std::string> text_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::string> hex_member(const json::object& object, std::string_view key,
                                      std::size_t length) {
  auto text = text_member(object, key);
  if (!text || text->size() != length) return std::nullopt;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(text->begin(), text->end(), is_digit)) return std::nullopt;
  return text;
}

/// A whole number from 0 to `max`; the parser makes what fits into int64 an int64.
std::optional<std::int64_t> number_member(const json::object& object, std::string_view key,
                                          std::int64_t max) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  const std::int64_t number = value->get_int64();
  if (number < 0 || number > max) return std::nullopt;
  return number;
}

std::optional<std::vector<std::vector<std::string>>> tags_member(const json::object& object) {
  const json::value* value = object.if_contains("tags");
  if (value == nullptr || !value->is_array()) return std::nullopt;
  if (value->get_array().size() > max_event_tags) return std::nullopt;
  std::vector<std::vector<std::string>> tags;
  tags.reserve(value->get_array().size());
  std::size_t count = 0;
  for (const json::value& entry : value->get_array()) {
    if (!entry.is_array() || entry.get_array().empty()) return std::nullopt;
    count += entry.get_array().size();
    if (count > max_event_tag_values) return std::nullopt;
    std::vector<std::string>& tag = tags.emplace_back();
    tag.reserve(entry.get_array().size());
    for (const json::value& text : entry.get_array()) {
      if (!text.is_string()) return std::nullopt;
      tag.emplace_back(text.get_string());
    }
  }
  return tags;
}

void append_tags(std::string& out, const NostrEvent& event) {
  out.push_back('[');
  for (const auto& tag : event.tags) {
    if (out.back() == ']') out.push_back(',');
    out.push_back('[');
    for (std::size_t i = 0; i < tag.size(); ++i) {
      if (i > 0) out.push_back(',');
      append_json_string(out, tag[i]);
    }
    out.push_back(']');
  }
  out.push_back(']');
}

Sha256 event_hash(const NostrEvent& event) {
  std::string text = "[0,";
  text.reserve(event.content.size() + 256);
  append_json_string(text, event.pubkey);
  text += ',' + std::to_string(event.created_at) + ',' + std::to_string(event.kind) + ',';
  append_tags(text, event);
  text.push_back(',');
  append_json_string(text, event.content);
  text.push_back(']');
  return sha256(as_bytes(text));
}

}  // namespace

std::optional<NostrEvent> parse_event(const json::object& object) {
  auto id = hex_member(object, "id", id_hex_length);
  auto pubkey = hex_member(object, "pubkey", id_hex_length);
  auto sig = hex_member(object, "sig", sig_hex_length);
  auto content = text_member(object, "content");
  const auto created_at =
      number_member(object, "created_at", std::numeric_limits<std::int64_t>::max());
  const auto kind = number_member(object, "kind", std::numeric_limits<std::uint16_t>::max());
  if (!id || !pubkey || !sig || !content || !created_at || !kind) return std::nullopt;
  auto tags = tags_member(object);
  if (!tags) return std::nullopt;
  return NostrEvent{
      std::move(*id),   std::move(*pubkey),  *created_at,    static_cast<std::uint16_t>(*kind),
      std::move(*tags), std::move(*content), std::move(*sig)};
}

std::string to_json(const NostrEvent& event) {
  std::string out = R"({"id":)";
  out.reserve(event.content.size() + 512);
  append_json_string(out, event.id);
  out += R"(,"pubkey":)";
  append_json_string(out, event.pubkey);
  out += R"(,"created_at":)" + std::to_string(event.created_at);
  out += R"(,"kind":)" + std::to_string(event.kind) + R"(,"tags":)";
  append_tags(out, event);
  out += R"(,"content":)";
  append_json_string(out, event.content);
  out += R"(,"sig":)";
  append_json_string(out, event.sig);
  out.push_back('}');
  return out;
}

std::string event_id(const NostrEvent& event) {
  return to_hex(event_hash(event));
}

bool verify(const NostrEvent& event) {
  const Sha256 hash = event_hash(event);
  if (event.id != to_hex(hash)) return false;
  const auto pubkey_bytes = from_hex(event.pubkey);
  const auto sig = from_hex(event.sig);
  if (!pubkey_bytes || pubkey_bytes->size() != 32 || !sig || sig->size() != 64) return false;
  secp256k1_xonly_pubkey pubkey;
  return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &pubkey, pubkey_bytes->data()) ==
             1 &&
         secp256k1_schnorrsig_verify(secp256k1_context_static, sig->data(), hash.data(),
                                     hash.size(), &pubkey) == 1;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view named = "btn?fr";  // From U+0008 on; U+000B has no name.
  static constexpr std::string_view digits = "0123456789abcdef";
  out.push_back('"');
  std::size_t plain = 0;  // Where the run of characters begins that stand for themselves.
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    out.push_back('\\');
    if (c >= 0x20) {
      out.push_back(text[i]);
    } else if (c >= 0x08 && c <= 0x0d && c != 0x0b) {
      out.push_back(named[c - 0x08U]);
    } else {
      out.append("u00").push_back(digits[c >> 4]);
      out.push_back(digits[c & 15]);
    }
  }
  out.append(text.substr(plain)).push_back('"');
}

/// The context is made for signing and randomised once, against side channels; verification needs
/// none of its own.
struct NostrKey::Secret {
  secp256k1_context* context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  secp256k1_keypair pair{};

  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { secp256k1_context_destroy(context); }
};

NostrKey::NostrKey(std::unique_ptr<Secret> secret, std::string public_key)
    : secret_(std::move(secret)), public_key_(std::move(public_key)) {}
NostrKey::NostrKey(NostrKey&&) noexcept = default;
NostrKey& NostrKey::operator=(NostrKey&&) noexcept = default;
NostrKey::~NostrKey() = default;

NostrKey NostrKey::draw(Entropy& entropy) {
  auto secret = std::make_unique<Secret>();
  std::array<std::uint8_t, 32> bytes{};
  entropy.fill(bytes);
  [[maybe_unused]] const int randomised =
      secp256k1_context_randomize(secret->context, bytes.data());
  assert(randomised == 1);
  // Of 2^256 numbers, fewer than 2^129 are no key: the second turn never comes.
  do
    entropy.fill(bytes);
  while (secp256k1_keypair_create(secret->context, &secret->pair, bytes.data()) != 1);
  secp256k1_xonly_pubkey pubkey;
  std::array<std::uint8_t, 32> serialized{};
  [[maybe_unused]] const int made =
      secp256k1_keypair_xonly_pub(secret->context, &pubkey, nullptr, &secret->pair) &
      secp256k1_xonly_pubkey_serialize(secret->context, serialized.data(), &pubkey);
  assert(made == 1);
  return {std::move(secret), to_hex(serialized)};
}

void NostrKey::sign(NostrEvent& event) const {
  event.pubkey = public_key_;
  const Sha256 hash = event_hash(event);
  event.id = to_hex(hash);
  std::array<std::uint8_t, 64> sig{};
  // No auxiliary randomness: the nonce comes from key and message (BIP-340), so it is never reused.
  [[maybe_unused]] const int made = secp256k1_schnorrsig_sign32(
      secret_->context, sig.data(), hash.data(), &secret_->pair, nullptr);
  assert(made == 1);
  event.sig = to_hex(sig);
}

}  // namespace roomwire::signal
