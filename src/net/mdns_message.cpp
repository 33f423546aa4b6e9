#include "net/mdns_message.hpp"

#include <algorithm>
#include <array>
#include <base/bytes.hpp>

namespace roomwire::net {

namespace {

constexpr std::size_t max_name = 253;
constexpr std::size_t max_label = 63;
constexpr std::size_t max_entries = 64;
constexpr std::uint16_t class_in = 1;
// RFC 6762 sections 5.4 and 10.2: the top bit of a class says "answer by unicast" in a question
// and "flush the cache" in a record.
constexpr std::uint16_t class_mask = 0x7fff;
constexpr std::uint16_t class_unique = 0x8000 | class_in;
// RFC 1035 section 4.1.1.
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
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

void append_name(ByteWriter& writer, std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    writer.u8(static_cast<std::uint8_t>(label.size()));
    writer.bytes(as_bytes(label));
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  writer.u8(0);
}

bool read_question(ByteView message, ByteReader& reader, std::vector<MdnsQuestion>& questions) {
  auto name = read_name(message, reader);
  const std::uint16_t type = reader.u16();
  const std::uint16_t question_class = reader.u16();
  if (!name || reader.failed()) return false;
  const bool is_in = (question_class & class_mask) == class_in ||
                     (question_class & class_mask) == static_cast<std::uint16_t>(MdnsType::any);
  if (is_in && questions.size() < max_entries)
    questions.push_back({*std::move(name), static_cast<MdnsType>(type)});
  return true;
}

// The data at the front of `reader`, which ends with it; names in it made whole.
std::optional<Bytes> read_data(ByteView message, MdnsType type, ByteView data) {
  if (type != MdnsType::ptr && type != MdnsType::srv) return Bytes(data.begin(), data.end());
  const auto position = static_cast<std::size_t>(data.data() - message.data());
  ByteReader reader(message.first(position + data.size()).subspan(position));
  Bytes out;
  ByteWriter writer(out);
  // RFC 2782: priority, weight and port come before the name.
  if (type == MdnsType::srv) writer.bytes(reader.take(6));
  const auto name = read_name(message.first(position + data.size()), reader);
  if (!name || !reader.finished()) return std::nullopt;
  append_name(writer, *name);
  return out;
}

bool read_record(ByteView message, ByteReader& reader, std::vector<MdnsRecord>& records) {
  auto name = read_name(message, reader);
  if (!name) return false;
  MdnsRecord record;
  record.name = *std::move(name);
  record.type = static_cast<MdnsType>(reader.u16());
  const std::uint16_t record_class = reader.u16();
  record.time_to_live = reader.u32();
  record.unique = (record_class & ~class_mask) != 0;
  const ByteView data = reader.take(reader.u16());
  if (reader.failed()) return false;
  if ((record_class & class_mask) != class_in || records.size() == max_entries) return true;
  auto read = read_data(message, record.type, data);
  if (!read) return true;
  record.data = *std::move(read);
  records.push_back(std::move(record));
  return true;
}

std::optional<IpAddress> read_address(MdnsType type, ByteView data) {
  IpAddress address;
  if (type == MdnsType::a && data.size() == 4) {
    std::array<std::uint8_t, 4> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    address = IpAddress::v4(bytes);
  } else if (type == MdnsType::aaaa && data.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    address = IpAddress::v6(bytes);
  } else {
    return std::nullopt;
  }
  if (address.is_multicast() || address.is_unspecified()) return std::nullopt;
  return address;
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

Bytes mdns_name(std::string_view name) {
  Bytes out;
  ByteWriter writer(out);
  append_name(writer, name);
  return out;
}

Bytes mdns_message(const MdnsMessage& message) {
  Bytes out;
  ByteWriter writer(out);
  writer.u16(message.id);
  writer.u16(message.is_response ? flag_response | flag_authoritative : 0);
  writer.u16(static_cast<std::uint16_t>(message.questions.size()));
  for (const auto* records : {&message.answers, &message.authorities, &message.additionals})
    writer.u16(static_cast<std::uint16_t>(records->size()));
  for (const MdnsQuestion& question : message.questions) {
    append_name(writer, question.name);
    writer.u16(static_cast<std::uint16_t>(question.type));
    writer.u16(class_in);
  }
  for (const auto* records : {&message.answers, &message.authorities, &message.additionals}) {
    for (const MdnsRecord& record : *records) {
      append_name(writer, record.name);
      writer.u16(static_cast<std::uint16_t>(record.type));
      writer.u16(record.unique ? class_unique : class_in);
      writer.u32(record.time_to_live);
      writer.u16(static_cast<std::uint16_t>(record.data.size()));
      writer.bytes(record.data);
    }
  }
  return out;
}

Bytes mdns_query(std::uint16_t id, std::string_view name, MdnsType type) {
  return mdns_message({id, false, {{std::string(name), type}}, {}, {}, {}});
}

std::optional<MdnsMessage> parse_mdns_message(ByteView message) {
  ByteReader reader(message);
  MdnsMessage out;
  out.id = reader.u16();
  const std::uint16_t flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  const std::array<std::uint16_t, 3> records{reader.u16(), reader.u16(), reader.u16()};
  if (reader.failed() || (flags & mask_opcode_and_code) != 0) return std::nullopt;
  out.is_response = (flags & flag_response) != 0;
  for (std::uint16_t i = 0; i < questions; ++i) {
    if (!read_question(message, reader, out.questions)) return std::nullopt;
  }
  const auto read_all = [&](std::uint16_t count, std::vector<MdnsRecord>& section) {
    while (count > 0 && read_record(message, reader, section))
      --count;
    return count == 0;
  };
  if (!read_all(records[0], out.answers) || !read_all(records[1], out.authorities) ||
      !read_all(records[2], out.additionals))
    return std::nullopt;
  return out;
}

std::optional<MdnsResponse> parse_mdns_response(ByteView message) {
  const auto parsed = parse_mdns_message(message);
  if (!parsed || !parsed->is_response) return std::nullopt;
  MdnsResponse response{parsed->id, {}};
  for (const auto* records : {&parsed->answers, &parsed->authorities, &parsed->additionals}) {
    for (const MdnsRecord& record : *records) {
      const auto address = read_address(record.type, record.data);
      // A time to live of zero takes the record back (RFC 6762 section 10.1).
      if (address && record.time_to_live != 0 && response.answers.size() < max_entries)
        response.answers.push_back({record.name, *address});
    }
  }
  return response;
}

}  // namespace roomwire::net
