#include "signal/names.hpp"

#include <array>
#include <charconv>

#include "base/bytes.hpp"
#include "base/encoding.hpp"

namespace roomwire::signal {
namespace {

/// What Trystero draws: 16 bytes, not the 12 that are usual for AES-GCM.
constexpr std::size_t iv_size = 16;

std::string topic_text(const AppId& app, const RoomId& room) {
  return "Trystero@" + app.str() + '@' + room.str();
}

Topic topic_of(std::string_view text) {
  return Topic(to_base36(sha1(as_bytes(text))));
}

/// Decimals joined by commas, such as `7,255,0`; nothing when it is anything else.
std::optional<Bytes> parse_iv(std::string_view text) {
  Bytes iv;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (iv.size() < iv_size) {
    std::uint8_t byte = 0;
    const auto [next, error] = std::from_chars(at, end, byte);
    if (error != std::errc{}) return std::nullopt;
    iv.push_back(byte);
    at = next;
    if (at == end || *at != ',') break;
    ++at;
  }
  if (at != end || iv.size() != iv_size) return std::nullopt;
  return iv;
}

}  // namespace

Topic root_topic(const AppId& app, const RoomId& room) {
  return topic_of(topic_text(app, room));
}

Topic self_topic(const AppId& app, const RoomId& room, const PeerId& peer) {
  return topic_of(topic_text(app, room) + '@' + peer.str());
}

SignalCipher::SignalCipher(std::string_view password, const AppId& app, const RoomId& room)
    : key_(sha256(as_bytes(std::string(password) + ':' + app.str() + ':' + room.str()))) {}

std::string SignalCipher::encrypt(std::string_view plain, Entropy& entropy) const {
  std::array<std::uint8_t, iv_size> iv{};
  entropy.fill(iv);
  std::string text;
  for (const std::uint8_t byte : iv) {
    if (!text.empty()) text += ',';
    text += std::to_string(byte);
  }
  return text + '$' + to_base64(aes_gcm_encrypt(key_, iv, as_bytes(plain)));
}

Result<std::string> SignalCipher::decrypt(std::string_view text) const {
  const std::size_t joint = text.find('$');
  const auto iv = parse_iv(text.substr(0, joint));
  const auto sealed =
      joint == std::string_view::npos ? std::nullopt : from_base64(text.substr(joint + 1));
  if (!iv || !sealed) return failure(ErrorKind::invalid_input, "not an encrypted text");
  const auto plain = aes_gcm_decrypt(key_, *iv, *sealed);
  if (!plain) return failure(ErrorKind::rejected, "encrypted with another password");
  if (!is_utf8(as_text(*plain))) return failure(ErrorKind::invalid_input, "not UTF-8");
  return std::string(as_text(*plain));
}

}  // namespace roomwire::signal
