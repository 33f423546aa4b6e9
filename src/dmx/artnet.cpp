#include "dmx/artnet.hpp"

#include <algorithm>
#include <string_view>

#include "base/bytes.hpp"
#include "base/encoding.hpp"

namespace roomwire::dmx {
namespace {

constexpr std::string_view artnet_id("Art-Net\0", 8);

// Sent low byte first, where all other numbers are big-endian.
constexpr std::uint16_t op_poll = 0x2000;
constexpr std::uint16_t op_poll_reply = 0x2100;
constexpr std::uint16_t op_dmx = 0x5000;
constexpr std::uint16_t op_sync = 0x5200;

/// Up to SwRemote; what later revisions put behind it is 0 where it is missing.
constexpr std::size_t min_poll_reply_size = 198;
constexpr std::size_t poll_reply_size = 239;

void write_little_u16(ByteWriter& writer, std::uint16_t value) {
  writer.u8(static_cast<std::uint8_t>(value & 0xff));
  writer.u8(static_cast<std::uint8_t>(value >> 8));
}

std::uint16_t read_little_u16(ByteReader& reader) {
  const std::uint8_t low = reader.u8();
  return static_cast<std::uint16_t>(reader.u8() << 8 | low);
}

void write_opcode(ByteWriter& writer, std::uint16_t opcode) {
  writer.bytes(as_bytes(artnet_id));
  write_little_u16(writer, opcode);
}

/// A text in a field of `size` bytes with a NUL behind it.
void write_name(ByteWriter& writer, std::string_view text, std::size_t size) {
  text = text.substr(0, std::min(text.find('\0'), size - 1));
  writer.bytes(as_bytes(text));
  writer.zeros(size - text.size());
}

std::string read_name(ByteReader& reader, std::size_t size) {
  // Some senders fill the field and leave no room for the NUL.
  const std::string_view field = as_text(reader.take(size)).substr(0, size - 1);
  return std::string(field.substr(0, field.find('\0')));
}

template <std::size_t size>
void read_array(ByteReader& reader, std::array<std::uint8_t, size>& out) {
  const ByteView bytes = reader.take(size);
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

tl::unexpected<Refusal> too_short(std::string_view name, ByteView datagram) {
  return refuse(
      RefusalKind::malformed,
      std::string(name) + " of " + std::to_string(datagram.size()) + " bytes is cut short");
}

Accepted<ArtNetPacket> decode_dmx(ByteReader reader, ByteView datagram) {
  ArtDmx packet;
  packet.sequence = reader.u8();
  packet.physical = reader.u8();
  const std::uint8_t sub_uni = reader.u8();
  const std::uint8_t net = reader.u8();
  const std::size_t said = reader.u16();
  if (reader.failed()) return too_short("ArtDmx", datagram);
  const auto address = PortAddress::from_number(static_cast<std::uint32_t>(net << 8 | sub_uni));
  if (!address) {
    return refuse(RefusalKind::universe,
                  "ArtDmx for Net " + std::to_string(net) + ", where 127 is the last");
  }
  packet.port_address = *address;
  // What is said to be there, as far as it is.
  const std::size_t size = std::min({said, reader.rest().size(), slot_count});
  if (said == 0) return refuse(RefusalKind::malformed, "ArtDmx with a length of 0");
  if (size == 0) return too_short("ArtDmx", datagram);
  packet.frame.size = static_cast<std::uint16_t>(size);
  std::copy_n(reader.rest().begin(), size, packet.frame.slots.begin());
  return packet;
}

Accepted<ArtNetPacket> decode_poll(ByteReader reader, ByteView datagram) {
  ArtPoll packet;
  packet.flags = reader.u8();
  packet.diagnostics_priority = reader.u8();
  if (reader.failed()) return too_short("ArtPoll", datagram);
  // Each of these is missing in packets of an earlier revision, and then 0.
  for (std::uint16_t* field :
       {&packet.target_top, &packet.target_bottom, &packet.esta_manufacturer, &packet.oem}) {
    if (reader.rest().size() < 2) break;
    *field = reader.u16();
  }
  return packet;
}

Accepted<ArtNetPacket> decode_poll_reply(ByteView datagram) {
  if (datagram.size() < min_poll_reply_size) return too_short("ArtPollReply", datagram);
  std::array<std::uint8_t, poll_reply_size> whole{};
  std::copy_n(datagram.begin(), std::min(datagram.size(), whole.size()), whole.begin());
  ByteReader reader(ByteView(whole).subspan(10));
  ArtPollReply packet;
  read_array(reader, packet.ip);                       // 10
  reader.u16();                                        // 14 Port, always 0x1936
  packet.firmware = reader.u16();                      // 16
  packet.net = reader.u8() & 0x7f;                     // 18
  packet.sub_net = reader.u8() & 0x0f;                 // 19
  packet.oem = reader.u16();                           // 20
  reader.u8();                                         // 22 UBEA version
  packet.status1 = reader.u8();                        // 23
  packet.esta_manufacturer = read_little_u16(reader);  // 24
  packet.short_name = read_name(reader, 18);           // 26
  packet.long_name = read_name(reader, 64);            // 44
  packet.report = read_name(reader, 64);               // 108
  packet.port_count = reader.u16();                    // 172
  read_array(reader, packet.port_types);               // 174
  read_array(reader, packet.good_input);               // 178
  read_array(reader, packet.good_output);              // 182
  read_array(reader, packet.input_universes);          // 186
  read_array(reader, packet.output_universes);         // 190
  packet.sacn_priority = reader.u8();                  // 194
  reader.take(5);                                      // 195 macros, remotes, spare
  packet.style = reader.u8();                          // 200
  read_array(reader, packet.mac);                      // 201
  read_array(reader, packet.bind_ip);                  // 207
  packet.bind_index = reader.u8();                     // 211
  packet.status2 = reader.u8();                        // 212
  read_array(reader, packet.good_output_b);            // 213
  packet.status3 = reader.u8();                        // 217
  reader.take(8);                                      // 218 default responder UID, user data
  packet.refresh_rate = reader.u16();                  // 226
  return packet;
}

std::vector<PortAddress> port_addresses(const ArtPollReply& reply, std::uint8_t type,
                                        const std::array<std::uint8_t, 4>& universes) {
  std::vector<PortAddress> addresses;
  for (std::size_t i = 0; i < std::min<std::size_t>(reply.port_count, universes.size()); ++i) {
    if ((reply.port_types[i] & type) == 0) continue;
    const auto number = static_cast<std::uint32_t>(
        (reply.net & 0x7f) << 8 | (reply.sub_net & 0xf) << 4 | (universes[i] & 0xf));
    addresses.push_back(*PortAddress::from_number(number));
  }
  return addresses;
}

}  // namespace

std::vector<PortAddress> ArtPollReply::outputs() const {
  return port_addresses(*this, port_outputs, output_universes);
}

std::vector<PortAddress> ArtPollReply::inputs() const {
  return port_addresses(*this, port_inputs, input_universes);
}

void encode(const ArtDmx& packet, Bytes& out) {
  ByteWriter writer(out);
  const ByteView data = packet.frame.used();
  const std::size_t padding = data.size() % 2;
  write_opcode(writer, op_dmx);                                   // 0, 8
  writer.u16(artnet_version);                                     // 10
  writer.u8(packet.sequence);                                     // 12
  writer.u8(packet.physical);                                     // 13
  writer.u8(packet.port_address.sub_uni());                       // 14
  writer.u8(packet.port_address.net());                           // 15
  writer.u16(static_cast<std::uint16_t>(data.size() + padding));  // 16
  writer.bytes(data);                                             // 18
  writer.zeros(padding);
}

void encode(const ArtPoll& packet, Bytes& out) {
  ByteWriter writer(out);
  write_opcode(writer, op_poll);           // 0, 8
  writer.u16(artnet_version);              // 10
  writer.u8(packet.flags);                 // 12
  writer.u8(packet.diagnostics_priority);  // 13
  writer.u16(packet.target_top);           // 14
  writer.u16(packet.target_bottom);        // 16
  writer.u16(packet.esta_manufacturer);    // 18
  writer.u16(packet.oem);                  // 20
}

void encode(const ArtPollReply& packet, Bytes& out) {
  ByteWriter writer(out);
  const std::size_t start = out.size();
  write_opcode(writer, op_poll_reply);                 // 0, 8; this packet has no version
  writer.bytes(packet.ip);                             // 10
  write_little_u16(writer, artnet_port);               // 14
  writer.u16(packet.firmware);                         // 16
  writer.u8(packet.net);                               // 18
  writer.u8(packet.sub_net);                           // 19
  writer.u16(packet.oem);                              // 20
  writer.u8(0);                                        // 22 UBEA version
  writer.u8(packet.status1);                           // 23
  write_little_u16(writer, packet.esta_manufacturer);  // 24
  write_name(writer, packet.short_name, 18);           // 26
  write_name(writer, packet.long_name, 64);            // 44
  write_name(writer, packet.report, 64);               // 108
  writer.u16(packet.port_count);                       // 172
  writer.bytes(packet.port_types);                     // 174
  writer.bytes(packet.good_input);                     // 178
  writer.bytes(packet.good_output);                    // 182
  writer.bytes(packet.input_universes);                // 186
  writer.bytes(packet.output_universes);               // 190
  writer.u8(packet.sacn_priority);                     // 194
  writer.zeros(5);                                     // 195 macros, remotes, spare
  writer.u8(packet.style);                             // 200
  writer.bytes(packet.mac);                            // 201
  writer.bytes(packet.bind_ip);                        // 207
  writer.u8(packet.bind_index);                        // 211
  writer.u8(packet.status2);                           // 212
  writer.bytes(packet.good_output_b);                  // 213
  writer.u8(packet.status3);                           // 217
  writer.zeros(8);                                     // 218 default responder UID, user data
  writer.u16(packet.refresh_rate);                     // 226
  writer.zeros(start + poll_reply_size - out.size());  // 228 queue policy, filler
}

void encode(const ArtSync&, Bytes& out) {
  ByteWriter writer(out);
  write_opcode(writer, op_sync);  // 0, 8
  writer.u16(artnet_version);     // 10
  writer.u16(0);                  // 12 Aux1, Aux2
}

Accepted<ArtNetPacket> decode_artnet(ByteView datagram) {
  ByteReader reader(datagram);
  if (as_text(reader.take(artnet_id.size())) != artnet_id) {
    return refuse(RefusalKind::malformed, "not Art-Net: does not begin with its name");
  }
  const std::uint16_t opcode = read_little_u16(reader);
  if (reader.failed()) return too_short("an Art-Net packet", datagram);
  if (opcode == op_poll_reply) return decode_poll_reply(datagram);
  if (opcode != op_dmx && opcode != op_poll && opcode != op_sync) {
    const std::array<std::uint8_t, 2> digits = {static_cast<std::uint8_t>(opcode >> 8),
                                                static_cast<std::uint8_t>(opcode & 0xff)};
    return refuse(RefusalKind::foreign, "Art-Net opcode 0x" + to_hex(digits) + " is not read here");
  }
  const std::uint16_t version = reader.u16();
  if (reader.failed()) return too_short("an Art-Net packet", datagram);
  if (version < artnet_version) {
    return refuse(RefusalKind::foreign,
                  "Art-Net protocol version " + std::to_string(version) + " is before 14");
  }
  if (opcode == op_dmx) return decode_dmx(reader, datagram);
  if (opcode == op_poll) return decode_poll(reader, datagram);
  return ArtSync{};
}

}  // namespace roomwire::dmx
