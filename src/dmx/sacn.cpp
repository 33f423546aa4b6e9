#include "dmx/sacn.hpp"

#include <algorithm>
#include <string_view>

#include "base/bytes.hpp"
#include "base/encoding.hpp"

namespace roomwire::dmx {
namespace {

constexpr std::string_view acn_id("ASC-E1.17\0\0\0", 12);
constexpr std::size_t source_name_size = 64;

// Section 10, appendix A of the standard.
constexpr std::uint32_t root_data = 4;          // VECTOR_ROOT_E131_DATA
constexpr std::uint32_t root_extended = 8;      // VECTOR_ROOT_E131_EXTENDED
constexpr std::uint32_t framing_data = 2;       // VECTOR_E131_DATA_PACKET
constexpr std::uint32_t framing_sync = 1;       // VECTOR_E131_EXTENDED_SYNCHRONIZATION
constexpr std::uint32_t framing_discovery = 2;  // VECTOR_E131_EXTENDED_DISCOVERY
constexpr std::uint32_t universe_list = 1;      // VECTOR_UNIVERSE_DISCOVERY_UNIVERSE_LIST
constexpr std::uint8_t dmp_set_property = 2;    // VECTOR_DMP_SET_PROPERTY
constexpr std::uint8_t dmp_address_type = 0xa1;

constexpr std::uint8_t option_preview = 0x80;
constexpr std::uint8_t option_terminated = 0x40;
constexpr std::uint8_t option_force_sync = 0x20;

// Where each layer's flags and length stand.
constexpr std::size_t root_at = 16;
constexpr std::size_t framing_at = 38;
constexpr std::size_t dmp_at = 115;
constexpr std::size_t list_at = 112;

/// Four bits of flags, always 7, and twelve of length: from here to the packet's end.
void write_pdu_length(ByteWriter& writer, std::size_t packet_size, std::size_t at) {
  writer.u16(static_cast<std::uint16_t>(0x7000 | (packet_size - at)));
}

void write_root(ByteWriter& writer, std::size_t packet_size, std::uint32_t vector, const Cid& cid) {
  writer.u16(0x0010);                              // 0 preamble size
  writer.u16(0);                                   // 2 postamble size
  writer.bytes(as_bytes(acn_id));                  // 4
  write_pdu_length(writer, packet_size, root_at);  // 16
  writer.u32(vector);                              // 18
  writer.bytes(cid);                               // 22
}

void write_source_name(ByteWriter& writer, std::string_view name) {
  name = name.substr(0, std::min(name.find('\0'), source_name_size - 1));
  writer.bytes(as_bytes(name));
  writer.zeros(source_name_size - name.size());
}

class SacnDecoder {
 public:
  explicit SacnDecoder(ByteView datagram) : datagram_(datagram), reader_(datagram) {}

  Accepted<SacnPacket> packet() {
    if (reader_.u16() != 0x0010 || reader_.u16() != 0 ||
        as_text(reader_.take(acn_id.size())) != acn_id) {
      return refuse(RefusalKind::malformed, "not sACN: does not begin with ACN's preamble");
    }
    // The lengths of the layers say nothing that the datagram's own does not, and there are
    // senders that have them wrong.
    reader_.u16();
    const std::uint32_t vector = reader_.u32();
    const ByteView cid = reader_.take(cid_.size());
    std::copy(cid.begin(), cid.end(), cid_.begin());
    reader_.u16();
    const std::uint32_t framing = reader_.u32();
    if (reader_.failed()) return too_short();
    if (vector != root_data && vector != root_extended) return foreign("root", vector);
    if (vector == root_data && framing == framing_data) return data();
    if (vector == root_extended && framing == framing_sync) return sync();
    if (vector == root_extended && framing == framing_discovery) return discovery();
    return foreign("framing", framing);
  }

 private:
  tl::unexpected<Refusal> too_short() const {
    return refuse(RefusalKind::malformed,
                  "sACN of " + std::to_string(datagram_.size()) + " bytes is cut short");
  }

  static tl::unexpected<Refusal> foreign(const char* layer, std::uint32_t vector) {
    return refuse(RefusalKind::foreign, "sACN with " + std::string(layer) + " vector " +
                                            std::to_string(vector) + " is not read here");
  }

  static tl::unexpected<Refusal> no_universe(std::uint16_t number) {
    return refuse(RefusalKind::universe, "sACN for universe " + std::to_string(number) +
                                             ", which is not one of 1 to 63999");
  }

  std::string source_name() {
    // Its last byte is always a NUL.
    const std::string_view field =
        as_text(reader_.take(source_name_size)).substr(0, source_name_size - 1);
    return std::string(field.substr(0, field.find('\0')));
  }

  Accepted<SacnPacket> data() {
    SacnData packet;
    packet.cid = cid_;
    packet.source_name = source_name();
    packet.priority = reader_.u8();
    packet.sync_address = reader_.u16();
    packet.sequence = reader_.u8();
    const std::uint8_t options = reader_.u8();
    packet.preview = (options & option_preview) != 0;
    packet.terminated = (options & option_terminated) != 0;
    packet.force_sync = (options & option_force_sync) != 0;
    const std::uint16_t number = reader_.u16();
    reader_.u16();  // length of the DMP layer
    if (reader_.failed()) return too_short();
    const auto universe = SacnUniverse::from_number(number);
    if (!universe) return no_universe(number);
    packet.universe = *universe;
    if (packet.priority > sacn_max_priority) {
      return refuse(
          RefusalKind::malformed,
          "sACN with priority " + std::to_string(packet.priority) + ", where 200 is the highest");
    }
    return levels(packet);
  }

  Accepted<SacnPacket> levels(SacnData& packet) {
    const std::uint8_t vector = reader_.u8();
    const std::uint8_t address_type = reader_.u8();
    const std::uint16_t first = reader_.u16();
    const std::uint16_t increment = reader_.u16();
    const std::uint16_t count = reader_.u16();
    packet.start_code = reader_.u8();
    if (reader_.failed()) return too_short();
    if (vector != dmp_set_property || address_type != dmp_address_type || first != 0 ||
        increment != 1) {
      return refuse(RefusalKind::malformed, "sACN whose DMP layer is not that of E1.31");
    }
    if (packet.start_code != levels_start_code && packet.start_code != priorities_start_code) {
      return refuse(
          RefusalKind::foreign,
          "sACN with start code " + std::to_string(packet.start_code) + " is not read here");
    }
    // What is said to be there, as far as it is.
    const std::size_t said = count > 0 ? count - 1U : 0U;
    const std::size_t size = std::min({said, reader_.rest().size(), slot_count});
    // A source may end a universe with a packet that has no levels in it.
    if (size == 0 && !packet.terminated) return too_short();
    packet.frame.size = static_cast<std::uint16_t>(size);
    std::copy_n(reader_.rest().begin(), size, packet.frame.slots.begin());
    return std::move(packet);
  }

  Accepted<SacnPacket> sync() {
    SacnSync packet;
    packet.cid = cid_;
    packet.sequence = reader_.u8();
    const std::uint16_t number = reader_.u16();
    if (reader_.failed()) return too_short();
    const auto universe = SacnUniverse::from_number(number);
    if (!universe) return no_universe(number);
    packet.sync_address = *universe;
    return packet;
  }

  Accepted<SacnPacket> discovery() {
    SacnDiscovery packet;
    packet.cid = cid_;
    packet.source_name = source_name();
    reader_.u32();  // reserved
    reader_.u16();  // length of this layer
    const std::uint32_t vector = reader_.u32();
    packet.page = reader_.u8();
    packet.last_page = reader_.u8();
    if (reader_.failed()) return too_short();
    if (vector != universe_list) return foreign("universe discovery", vector);
    const std::size_t count = std::min(reader_.rest().size() / 2, SacnDiscovery::max_universes);
    packet.universes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto universe = SacnUniverse::from_number(reader_.u16());
      if (universe) packet.universes.push_back(*universe);
    }
    return packet;
  }

  ByteView datagram_;
  ByteReader reader_;
  Cid cid_{};
};

}  // namespace

std::vector<SacnDiscovery> discovery_pages(const Cid& cid, const std::string& source_name,
                                           std::vector<SacnUniverse> universes) {
  std::sort(universes.begin(), universes.end());
  universes.erase(std::unique(universes.begin(), universes.end()), universes.end());
  std::vector<SacnDiscovery> pages;
  constexpr std::size_t size = SacnDiscovery::max_universes;
  for (std::size_t first = 0; first < universes.size(); first += size) {
    SacnDiscovery page{cid, source_name, static_cast<std::uint8_t>(pages.size()), 0, {}};
    const std::size_t count = std::min(size, universes.size() - first);
    const auto begin = universes.begin() + static_cast<std::ptrdiff_t>(first);
    page.universes.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    pages.push_back(std::move(page));
  }
  for (SacnDiscovery& page : pages)
    page.last_page = static_cast<std::uint8_t>(pages.size() - 1);
  return pages;
}

void encode(const SacnData& packet, Bytes& out) {
  ByteWriter writer(out);
  const ByteView data = packet.frame.used();
  const std::size_t size = dmp_at + 11 + data.size();
  write_root(writer, size, root_data, packet.cid);  // 0 to 37
  write_pdu_length(writer, size, framing_at);       // 38
  writer.u32(framing_data);                         // 40
  write_source_name(writer, packet.source_name);    // 44
  writer.u8(packet.priority);                       // 108
  writer.u16(packet.sync_address);                  // 109
  writer.u8(packet.sequence);                       // 111
  writer.u8(static_cast<std::uint8_t>((packet.preview ? option_preview : 0) |
                                      (packet.terminated ? option_terminated : 0) |
                                      (packet.force_sync ? option_force_sync : 0)));  // 112
  writer.u16(packet.universe.number());                                               // 113
  write_pdu_length(writer, size, dmp_at);                                             // 115
  writer.u8(dmp_set_property);                                                        // 117
  writer.u8(dmp_address_type);                                                        // 118
  writer.u16(0);                                            // 119 first property address
  writer.u16(1);                                            // 121 address increment
  writer.u16(static_cast<std::uint16_t>(data.size() + 1));  // 123 property value count
  writer.u8(packet.start_code);                             // 125
  writer.bytes(data);                                       // 126
}

void encode(const SacnSync& packet, Bytes& out) {
  ByteWriter writer(out);
  constexpr std::size_t size = 49;
  write_root(writer, size, root_extended, packet.cid);  // 0 to 37
  write_pdu_length(writer, size, framing_at);           // 38
  writer.u32(framing_sync);                             // 40
  writer.u8(packet.sequence);                           // 44
  writer.u16(packet.sync_address.number());             // 45
  writer.u16(0);                                        // 47 reserved
}

void encode(const SacnDiscovery& packet, Bytes& out) {
  ByteWriter writer(out);
  const std::size_t count = std::min(packet.universes.size(), SacnDiscovery::max_universes);
  const std::size_t size = list_at + 8 + 2 * count;
  write_root(writer, size, root_extended, packet.cid);  // 0 to 37
  write_pdu_length(writer, size, framing_at);           // 38
  writer.u32(framing_discovery);                        // 40
  write_source_name(writer, packet.source_name);        // 44
  writer.u32(0);                                        // 108 reserved
  write_pdu_length(writer, size, list_at);              // 112
  writer.u32(universe_list);                            // 114
  writer.u8(packet.page);                               // 118
  writer.u8(packet.last_page);                          // 119
  for (std::size_t i = 0; i < count; ++i)
    writer.u16(packet.universes[i].number());  // 120
}

Accepted<SacnPacket> decode_sacn(ByteView datagram) {
  return SacnDecoder(datagram).packet();
}

IpAddress sacn_multicast_group(std::uint16_t universe) {
  return IpAddress::v4({239, 255, static_cast<std::uint8_t>(universe >> 8),
                        static_cast<std::uint8_t>(universe & 0xff)});
}

}  // namespace roomwire::dmx
