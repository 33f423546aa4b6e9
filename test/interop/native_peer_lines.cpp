#include "native_peer_lines.hpp"

#include <cstdio>
#include <type_traits>
#include <utility>
#include <variant>

namespace {

roomwire::Bytes bytes_from_hex(std::string_view hex) {
  roomwire::Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

roomwire::Bytes pattern_bytes(std::uint64_t size, std::uint64_t seed) {
  roomwire::Bytes bytes(size);
  for (std::uint64_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>((i ^ (i >> 8U) ^ (i >> 16U)) + seed);
  }
  return bytes;
}

json::object describe_bytes(const roomwire::Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint32_t hash = 0x811c9dc5U;  // FNV-1a
  for (const std::uint8_t byte : bytes)
    hash = (hash ^ byte) * 0x01000193U;
  std::string hash_text;
  for (int shift = 28; shift >= 0; shift -= 4) {
    hash_text += kDigits[(hash >> static_cast<unsigned>(shift)) & 15U];
  }
  json::object shown{{"size", bytes.size()}, {"hash", hash_text}};
  if (bytes.size() <= 64) {
    std::string hex;
    for (const std::uint8_t byte : bytes) {
      hex += kDigits[byte >> 4U];
      hex += kDigits[byte & 15U];
    }
    shown["hex"] = hex;
  }
  return shown;
}

}  // namespace

void print(const json::object& message) {
  const std::string line = json::serialize(message) + '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

std::string text_of(const json::object& command, std::string_view key) {
  const json::value* found = command.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::uint64_t number_of(const json::object& command, std::string_view key,
                        std::uint64_t otherwise) {
  const json::value* found = command.if_contains(key);
  return found != nullptr ? found->to_number<std::uint64_t>() : otherwise;
}

bool flag_of(const json::object& command, std::string_view key) {
  const json::value* found = command.if_contains(key);
  return found != nullptr && found->is_bool() && found->get_bool();
}

roomwire::Result<roomwire::Payload> decode_payload(const json::object& spec) {
  if (spec.contains("text")) return text_of(spec, "text");
  if (spec.contains("jsonText")) {
    auto value = roomwire::Json::parse(text_of(spec, "jsonText"));
    if (!value) return tl::unexpected(value.error());
    return *std::move(value);
  }
  if (spec.contains("hex")) return bytes_from_hex(text_of(spec, "hex"));
  return pattern_bytes(number_of(spec, "fill", 0), number_of(spec, "seed", 0));
}

json::object describe_payload(const roomwire::Payload& payload) {
  return std::visit(
      [](const auto& value) -> json::object {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return {{"text", value}};
        } else if constexpr (std::is_same_v<Value, roomwire::Json>) {
          return {{"jsonText", value.text()}};
        } else {
          return describe_bytes(value);
        }
      },
      payload);
}
