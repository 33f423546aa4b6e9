#include "rtc/stun.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/crypto.hpp"

namespace roomwire::rtc {
namespace {

// RFC 8489 section 5.
constexpr std::size_t header_size = 20;
constexpr std::uint32_t magic_cookie = 0x2112A442;
constexpr std::uint16_t binding_method = 0x0001;
// The method's bits; the class is in bits 4 and 8.
constexpr std::uint16_t method_mask = 0x3EEF;

// RFC 8489 section 18.3, RFC 8445 section 20.1.
enum Attribute : std::uint16_t {
  mapped_address_attribute = 0x0001,
  username_attribute = 0x0006,
  message_integrity_attribute = 0x0008,
  error_code_attribute = 0x0009,
  unknown_attributes_attribute = 0x000A,
  realm_attribute = 0x0014,
  nonce_attribute = 0x0015,
  xor_mapped_address_attribute = 0x0020,
  priority_attribute = 0x0024,
  use_candidate_attribute = 0x0025,
  software_attribute = 0x8022,
  fingerprint_attribute = 0x8028,
  ice_controlled_attribute = 0x8029,
  ice_controlling_attribute = 0x802A,
};
constexpr std::uint16_t first_optional_attribute = 0x8000;

constexpr std::size_t attribute_header_size = 4;
constexpr std::size_t integrity_size = 20;
constexpr std::size_t fingerprint_size = 4;
// RFC 8489 section 14.7.
constexpr std::uint32_t fingerprint_xor = 0x5354554E;
// RFC 8489 section 14.1.
constexpr std::uint8_t family_v4 = 1;
constexpr std::uint8_t family_v6 = 2;

constexpr std::size_t max_not_understood = 16;

std::size_t padding(std::size_t size) {
  return (4 - size % 4) % 4;
}

/// The packet up to `end`, as it was when its length covered only the attributes up to `covered`.
Bytes with_length(ByteView packet, std::size_t end, std::size_t covered) {
  Bytes bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(end));
  const std::size_t length = covered - header_size;
  bytes[2] = static_cast<std::uint8_t>(length >> 8);
  bytes[3] = static_cast<std::uint8_t>(length);
  return bytes;
}

/// Applies the XOR of section 14.2 to an address (it is its own inverse).
template <std::size_t size>
void xor_address(std::array<std::uint8_t, size>& address, const StunTransactionId& transaction) {
  for (std::size_t i = 0; i < size; ++i) {
    address[i] ^=
        i < 4 ? static_cast<std::uint8_t>(magic_cookie >> (24 - 8 * i)) : transaction[i - 4];
  }
}

template <std::size_t size>
std::array<std::uint8_t, size> to_array(ByteView bytes) {
  std::array<std::uint8_t, size> out{};
  std::copy_n(bytes.begin(), std::min(size, bytes.size()), out.begin());
  return out;
}

/// An address attribute; `transaction` when it is an XORed one.
std::optional<Endpoint> read_address(ByteView value, const StunTransactionId* transaction) {
  ByteReader reader(value);
  reader.u8();
  const std::uint8_t family = reader.u8();
  std::uint16_t port = reader.u16();
  if (transaction != nullptr) port ^= static_cast<std::uint16_t>(magic_cookie >> 16);
  if (reader.failed()) return std::nullopt;
  if (family == family_v4 && reader.rest().size() == 4) {
    auto address = to_array<4>(reader.rest());
    if (transaction != nullptr) xor_address(address, *transaction);
    return Endpoint{IpAddress::v4(address), port};
  }
  if (family == family_v6 && reader.rest().size() == 16) {
    auto address = to_array<16>(reader.rest());
    if (transaction != nullptr) xor_address(address, *transaction);
    return Endpoint{IpAddress::v6(address), port};
  }
  return std::nullopt;
}

std::optional<StunError> read_error(ByteView value) {
  ByteReader reader(value);
  reader.u16();
  const auto hundreds = static_cast<std::uint16_t>(reader.u8() & 7);
  const std::uint16_t rest = reader.u8();
  if (reader.failed() || hundreds < 3 || hundreds > 6 || rest > 99) return std::nullopt;
  return StunError{static_cast<std::uint16_t>(hundreds * 100 + rest),
                   std::string(as_text(reader.rest()))};
}

std::optional<std::uint32_t> read_u32(ByteView value) {
  ByteReader reader(value);
  const std::uint32_t number = reader.u32();
  return reader.finished() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> read_u64(ByteView value) {
  ByteReader reader(value);
  const std::uint64_t number = reader.u64();
  return reader.finished() ? std::optional(number) : std::nullopt;
}

/// Keeps the first of an attribute that comes twice. False when `read` is nothing: malformed.
template <class Value>
bool keep_first(std::optional<Value>& kept, std::optional<Value> read) {
  if (!read) return false;
  if (!kept) kept = std::move(read);
  return true;
}

/// Takes the attributes of one packet into a message.
class AttributeReader {
 public:
  AttributeReader(StunMessage& message, ByteView packet) : message_(message), packet_(packet) {}

  /// All of them; false when one is malformed.
  bool read() {
    ByteReader reader(packet_.subspan(header_size));
    while (!reader.rest().empty()) {
      const std::size_t offset = packet_.size() - reader.rest().size();
      const std::uint16_t type = reader.u16();
      const std::size_t size = reader.u16();
      const ByteView value = reader.take(size);
      reader.take(padding(size));
      if (reader.failed() || message_.has_fingerprint) return false;  // Nothing may follow it.
      if (!take(type, value, offset)) return false;
    }
    if (!message_.mapped_address) message_.mapped_address = plain_address_;
    return true;
  }

 private:
  bool take(std::uint16_t type, ByteView value, std::size_t offset) {
    if (type == fingerprint_attribute) return take_fingerprint(value, offset);
    if (message_.integrity_offset) return true;
    switch (type) {
      case message_integrity_attribute:
        message_.integrity_offset = offset;
        return value.size() == integrity_size;
      case username_attribute:
        return keep_first(message_.username, std::optional(std::string(as_text(value))));
      case priority_attribute:
        return keep_first(message_.priority, read_u32(value));
      case use_candidate_attribute:
        message_.use_candidate = true;
        return true;
      case ice_controlling_attribute:
        return keep_first(message_.controlling, read_u64(value));
      case ice_controlled_attribute:
        return keep_first(message_.controlled, read_u64(value));
      case xor_mapped_address_attribute:
        return keep_first(message_.mapped_address, read_address(value, &message_.transaction));
      case mapped_address_attribute:
        return keep_first(plain_address_, read_address(value, nullptr));
      case error_code_attribute:
        return keep_first(message_.error, read_error(value));
      case unknown_attributes_attribute:
        return take_unknown_attributes(value);
      case software_attribute:
        if (message_.software.empty()) message_.software = as_text(value);
        return true;
      case realm_attribute:
      case nonce_attribute:
        return true;  // Of long-term credentials, which we have none of.
      default:
        note_not_understood(type);
        return true;
    }
  }

  bool take_fingerprint(ByteView value, std::size_t offset) {
    // Its length field already covers the attribute itself, which is the last.
    const std::uint32_t expected = crc32(packet_.first(offset)) ^ fingerprint_xor;
    message_.has_fingerprint = read_u32(value) == expected;
    return message_.has_fingerprint;
  }

  bool take_unknown_attributes(ByteView value) {
    ByteReader reader(value);
    while (!reader.rest().empty() && !reader.failed() &&
           message_.unknown_attributes.size() < max_not_understood) {
      message_.unknown_attributes.push_back(reader.u16());
    }
    return !reader.failed();
  }

  void note_not_understood(std::uint16_t type) {
    auto& seen = message_.not_understood;
    if (type >= first_optional_attribute || seen.size() >= max_not_understood) return;
    if (std::find(seen.begin(), seen.end(), type) == seen.end()) seen.push_back(type);
  }

  StunMessage& message_;
  ByteView packet_;
  std::optional<Endpoint> plain_address_;
};

/// Appends attributes with their padding.
class AttributeWriter {
 public:
  explicit AttributeWriter(Bytes& out) : writer_(out) {}

  void add(Attribute type, ByteView value) {
    assert(value.size() <= 0xFFFF);
    header(type, value.size());
    writer_.bytes(value);
    writer_.zeros(padding(value.size()));
  }
  void add_u32(Attribute type, std::uint32_t value) {
    header(type, 4);
    writer_.u32(value);
  }
  void add_u64(Attribute type, std::uint64_t value) {
    header(type, 8);
    writer_.u64(value);
  }
  void add_error(const StunError& error) {
    Bytes value;
    ByteWriter fields(value);
    fields.u16(0);
    fields.u8(static_cast<std::uint8_t>(error.code / 100));
    fields.u8(static_cast<std::uint8_t>(error.code % 100));
    fields.bytes(as_bytes(error.reason));
    add(error_code_attribute, value);
  }
  void add_types(const std::vector<std::uint16_t>& types) {
    Bytes value;
    ByteWriter fields(value);
    for (const std::uint16_t type : types)
      fields.u16(type);
    add(unknown_attributes_attribute, value);
  }
  void add_xor_address(const Endpoint& endpoint, const StunTransactionId& transaction) {
    Bytes value;
    ByteWriter fields(value);
    const ByteView bytes = as_bytes(endpoint.address.bytes());
    fields.u8(0);
    fields.u8(endpoint.address.is_v4() ? family_v4 : family_v6);
    fields.u16(static_cast<std::uint16_t>(endpoint.port ^ (magic_cookie >> 16)));
    auto address = to_array<16>(bytes);
    xor_address(address, transaction);
    fields.bytes(ByteView(address).first(bytes.size()));
    add(xor_mapped_address_attribute, value);
  }

 private:
  void header(Attribute type, std::size_t size) {
    writer_.u16(type);
    writer_.u16(static_cast<std::uint16_t>(size));
  }

  ByteWriter writer_;
};

void write_attributes(const StunMessage& message, AttributeWriter writer) {
  if (!message.software.empty()) writer.add(software_attribute, as_bytes(message.software));
  if (message.priority) writer.add_u32(priority_attribute, *message.priority);
  if (message.use_candidate) writer.add(use_candidate_attribute, {});
  if (message.controlling) writer.add_u64(ice_controlling_attribute, *message.controlling);
  if (message.controlled) writer.add_u64(ice_controlled_attribute, *message.controlled);
  if (message.username) writer.add(username_attribute, as_bytes(*message.username));
  if (message.mapped_address) {
    writer.add_xor_address(*message.mapped_address, message.transaction);
  }
  if (message.error) writer.add_error(*message.error);
  if (!message.unknown_attributes.empty()) writer.add_types(message.unknown_attributes);
}

/// Class and method interleaved (RFC 8489 section 5, figure 3), for the method Binding.
std::uint16_t message_type(StunClass kind) {
  const auto bits = static_cast<unsigned>(kind);
  return static_cast<std::uint16_t>(binding_method | (bits & 1U) << 4 | (bits & 2U) << 7);
}

}  // namespace

StunTransactionId draw_transaction_id(Entropy& entropy) {
  StunTransactionId id{};
  entropy.fill(id);
  return id;
}

std::optional<StunMessage> StunMessage::parse(ByteView packet) {
  if (!looks_like_stun(packet)) return std::nullopt;
  if (((packet[0] << 8 | packet[1]) & method_mask) != binding_method) return std::nullopt;
  StunMessage message;
  message.kind = stun_class(packet);
  message.transaction = stun_transaction(packet);
  if (!AttributeReader(message, packet).read()) return std::nullopt;
  return message;
}

bool StunMessage::has_integrity(ByteView packet, std::string_view key) const {
  if (!integrity_offset) return false;
  const std::size_t start = *integrity_offset;
  const std::size_t end = start + attribute_header_size + integrity_size;
  assert(end <= packet.size());
  const Sha1 expected = hmac_sha1(as_bytes(key), with_length(packet, start, end));
  return equal_in_constant_time(expected,
                                packet.subspan(start + attribute_header_size, integrity_size));
}

Bytes StunMessage::serialise(std::optional<std::string_view> key) const {
  Bytes packet;
  packet.reserve(160);
  ByteWriter writer(packet);
  writer.u16(message_type(kind));
  writer.u16(0);
  writer.u32(magic_cookie);
  writer.bytes(transaction);
  write_attributes(*this, AttributeWriter(packet));
  if (key) {
    const std::size_t end = packet.size() + attribute_header_size + integrity_size;
    const Sha1 code = hmac_sha1(as_bytes(*key), with_length(packet, packet.size(), end));
    AttributeWriter(packet).add(message_integrity_attribute, code);
  }
  const std::size_t end = packet.size() + attribute_header_size + fingerprint_size;
  packet = with_length(packet, packet.size(), end);
  AttributeWriter(packet).add_u32(fingerprint_attribute, crc32(packet) ^ fingerprint_xor);
  return packet;
}

bool looks_like_stun(ByteView datagram) {
  ByteReader reader(datagram);
  const std::uint16_t type = reader.u16();
  const std::size_t length = reader.u16();
  const std::uint32_t cookie = reader.u32();
  return datagram.size() >= header_size && type < 0x0400 && cookie == magic_cookie &&
         length % 4 == 0 && length == datagram.size() - header_size;
}

StunClass stun_class(ByteView packet) {
  return static_cast<StunClass>((packet[0] & 1) << 1 | (packet[1] >> 4 & 1));
}

StunTransactionId stun_transaction(ByteView packet) {
  return to_array<12>(packet.subspan(8, 12));
}

std::optional<std::string_view> stun_receiver_ufrag(ByteView packet) {
  if (stun_class(packet) != StunClass::request) return std::nullopt;
  ByteReader reader(packet.subspan(header_size));
  while (!reader.rest().empty() && !reader.failed()) {
    const std::uint16_t type = reader.u16();
    const std::size_t size = reader.u16();
    const std::string_view value = as_text(reader.take(size));
    reader.take(padding(size));
    if (type != username_attribute || reader.failed()) continue;
    const std::size_t colon = value.find(':');
    return colon == std::string_view::npos ? std::nullopt : std::optional(value.substr(0, colon));
  }
  return std::nullopt;
}

Bytes stun_server_request(const StunTransactionId& transaction) {
  StunMessage request;
  request.transaction = transaction;
  return request.serialise(std::nullopt);
}

std::optional<Endpoint> stun_server_answer(ByteView packet) {
  // What is not understood is let pass: older servers add addresses of RFC 3489, of no harm.
  const auto message = StunMessage::parse(packet);
  if (!message || message->kind != StunClass::success) return std::nullopt;
  return message->mapped_address;
}

}  // namespace roomwire::rtc
