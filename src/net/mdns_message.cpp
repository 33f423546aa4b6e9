#include "net/mdns_message.hpp"

#include <algorithm>
#include <array>
#include <base/bytes.hpp>

namespace roomwire::net {

namespace {

constexpr std::size_t max_name = 253;
constexpr std::size_t max_label = 63;
constexpr std::size_t max_answers = 64;
constexpr std::uint16_t class_in = 1;
// RFC 6762 sections 5.4 and 10.2: the top bit of a class says "answer by unicast" in a question
// and "flush the cache" in a record.
constexpr std::uint16_t class_mask = 0x7fff;
// RFC 1035 section 4.1.1.
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t mask_opcode_and_code = 0x780f;
// RFC 1035 section 4.1.4: a length with both top bits set points to the rest of the name.
constexpr std::uint8_t pointer_bits = 0xc0;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Reads the name at the front of `reader`, which is a part of `message`. Every pointer has to
// point before the place where the last one stood, so a loop cannot be.
std::optional<std::string> read_name(ByteView message, ByteReader& reader) {
  std::string name;
  ByteReader at = reader;
  std::size_t barrier = message.size() - reader.rest().size();
  bool jumped = false;
  for (;;) {
    const std::uint8_t length = at.u8();
    if (at.failed()) return std::nullopt;
    if ((length & pointer_bits) == pointer_bits) {
      const auto target = static_cast<std::size_t>((length & ~pointer_bits) << 8 | at.u8());
      if (at.failed() || target >= barrier) return std::nullopt;
      if (!jumped) reader = at;
      jumped = true;
      barrier = target;
      at = ByteReader(message.subspan(target));
      continue;
    }
    if (length > max_label) return std::nullopt;
    if (length == 0) break;
    const std::string_view label = as_text(at.take(length));
    if (at.failed() || name.size() + 1 + label.size() > max_name) return std::nullopt;
    if (!name.empty()) name += '.';
    std::transform(label.begin(), label.end(), std::back_inserter(name), lower);
  }
  if (!jumped) reader = at;
  return name;
}

bool skip_question(ByteView message, ByteReader& reader) {
  if (!read_name(message, reader)) return false;
  reader.take(4);
  return !reader.failed();
}

std::optional<IpAddress> read_address(std::uint16_t type, ByteView data) {
  IpAddress address;
  if (type == static_cast<std::uint16_t>(MdnsType::a) && data.size() == 4) {
    std::array<std::uint8_t, 4> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    address = IpAddress::v4(bytes);
  } else if (type == static_cast<std::uint16_t>(MdnsType::aaaa) && data.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    address = IpAddress::v6(bytes);
  } else {
    return std::nullopt;
  }
  if (address.is_multicast() || address.is_unspecified()) return std::nullopt;
  return address;
}

bool read_record(ByteView message, ByteReader& reader, std::vector<MdnsAnswer>& answers) {
  auto name = read_name(message, reader);
  if (!name) return false;
  const std::uint16_t type = reader.u16();
  const std::uint16_t record_class = reader.u16();
  const std::uint32_t time_to_live = reader.u32();
  const ByteView data = reader.take(reader.u16());
  if (reader.failed()) return false;
  const auto address = read_address(type, data);
  // A time to live of zero takes the record back (RFC 6762 section 10.1).
  if (address && (record_class & class_mask) == class_in && time_to_live != 0 &&
      answers.size() < max_answers)
    answers.push_back({std::move(*name), *address});
  return true;
}

}  // namespace

bool is_dns_name(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (name.empty() || name.size() > max_name) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || label.size() > max_label) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

Bytes mdns_query(std::uint16_t id, std::string_view name, MdnsType type) {
  Bytes out;
  ByteWriter writer(out);
  writer.u16(id);
  writer.u16(0);  // a standard query
  writer.u16(1);  // one question
  writer.zeros(6);
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    writer.u8(static_cast<std::uint8_t>(label.size()));
    writer.bytes(as_bytes(label));
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(type));
  writer.u16(class_in);
  return out;
}

std::optional<MdnsResponse> parse_mdns_response(ByteView message) {
  ByteReader reader(message);
  MdnsResponse response;
  response.id = reader.u16();
  const std::uint16_t flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  std::uint32_t records = reader.u16();
  records += reader.u16();
  records += reader.u16();
  if (reader.failed() || (flags & flag_response) == 0 || (flags & mask_opcode_and_code) != 0)
    return std::nullopt;
  for (std::uint32_t i = 0; i < questions; ++i) {
    if (!skip_question(message, reader)) return std::nullopt;
  }
  for (std::uint32_t i = 0; i < records; ++i) {
    if (!read_record(message, reader, response.answers)) return std::nullopt;
  }
  return response;
}

}  // namespace roomwire::net
