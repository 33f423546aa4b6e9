// Art-Net 4 packets as bytes and back (art-net.org.uk, "Art-Net 4 Specification", revision 1.4).
// Art-Net is a trademark of Artistic Licence Engineering Ltd.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <roomwire/payload.hpp>
#include <string>
#include <variant>
#include <vector>

#include "dmx/refusal.hpp"
#include "dmx/universe.hpp"

namespace roomwire::dmx {

/// UDP, for sender and receiver.
constexpr std::uint16_t artnet_port = 0x1936;  // 6454
/// The only protocol version there has been; receivers take it and later ones.
constexpr std::uint16_t artnet_version = 14;

/// OpDmx, 0x5000: the levels of one universe.
struct ArtDmx {
  /// 1 to 255 and then 1 again; 0 where the sender does not count.
  std::uint8_t sequence = 0;
  /// The input that the data came in by; for people only.
  std::uint8_t physical = 0;
  PortAddress port_address;
  Frame frame;
  bool operator==(const ArtDmx&) const = default;
};

/// OpPoll, 0x2000: asks every node for its ArtPollReply.
struct ArtPoll {
  static constexpr std::uint8_t reply_on_change = 0x02;
  /// Asks only nodes with a Port-Address from target_bottom to target_top.
  static constexpr std::uint8_t targeted = 0x20;

  std::uint8_t flags = reply_on_change;
  std::uint8_t diagnostics_priority = 0;
  std::uint16_t target_top = 0;
  std::uint16_t target_bottom = 0;
  std::uint16_t esta_manufacturer = 0;
  std::uint16_t oem = 0;
  bool operator==(const ArtPoll&) const = default;
};

/// OpPollReply, 0x2100: who a node is, with up to four of its ports in and four out. A node with
/// more sends several, told apart by bind_index. What is of no use to us is sent as 0.
struct ArtPollReply {
  static constexpr std::size_t max_ports = 4;
  /// In port_types: the port puts Art-Net out on a wire, or brings a wire into Art-Net.
  static constexpr std::uint8_t port_outputs = 0x80;
  static constexpr std::uint8_t port_inputs = 0x40;

  std::array<std::uint8_t, 4> ip{};
  std::uint16_t firmware = 0;
  std::uint8_t net = 0;      ///< Of all its ports, bits 14 to 8 of their Port-Addresses.
  std::uint8_t sub_net = 0;  ///< Bits 7 to 4, as a number from 0 to 15.
  std::uint16_t oem = 0;
  std::uint8_t status1 = 0;
  std::uint16_t esta_manufacturer = 0;
  std::string short_name;  ///< Cut to 17 bytes.
  std::string long_name;   ///< Cut to 63 bytes.
  std::string report;      ///< "#0001 [0003] …", cut to 63 bytes.
  std::uint16_t port_count = 0;
  std::array<std::uint8_t, max_ports> port_types{};
  std::array<std::uint8_t, max_ports> good_input{};
  std::array<std::uint8_t, max_ports> good_output{};
  std::array<std::uint8_t, max_ports> input_universes{};   ///< SwIn, the lowest 4 bits.
  std::array<std::uint8_t, max_ports> output_universes{};  ///< SwOut
  std::uint8_t sacn_priority = 0;
  std::uint8_t style = 0;  ///< 0 a node, 1 a controller.
  std::array<std::uint8_t, 6> mac{};
  std::array<std::uint8_t, 4> bind_ip{};
  std::uint8_t bind_index = 0;  ///< 1 is the root; 0 means the same.
  std::uint8_t status2 = 0;
  std::array<std::uint8_t, max_ports> good_output_b{};
  std::uint8_t status3 = 0;
  std::uint16_t refresh_rate = 0;  ///< The most frames a second it can take; 0 is unknown.

  /// The Port-Addresses that it puts out, and those that it sends.
  std::vector<PortAddress> outputs() const;
  std::vector<PortAddress> inputs() const;
  bool operator==(const ArtPollReply&) const = default;
};

/// OpSync, 0x5200: show what was sent since the last one now.
struct ArtSync {
  bool operator==(const ArtSync&) const = default;
};

/// Each appends one packet to `out`. ArtDmx is padded with a 0 to an even length.
void encode(const ArtDmx& packet, Bytes& out);
void encode(const ArtPoll& packet, Bytes& out);
void encode(const ArtPollReply& packet, Bytes& out);
void encode(const ArtSync& packet, Bytes& out);

using ArtNetPacket = std::variant<ArtDmx, ArtPoll, ArtPollReply, ArtSync>;

/// One datagram. Refused are, as malformed, what is not Art-Net or cut short, and, as foreign,
/// protocol versions before 14 and other opcodes. Bytes behind a packet are ignored, as later
/// revisions add fields; of ArtDmx as many levels are taken as are there, at most 512, when its
/// length says more, and an odd number of them, as some nodes send it.
Accepted<ArtNetPacket> decode_artnet(ByteView datagram);

/// The sequence number of the packet after one with `sequence`.
constexpr std::uint8_t next_artnet_sequence(std::uint8_t sequence) {
  return sequence == 255 ? 1 : static_cast<std::uint8_t>(sequence + 1);
}

}  // namespace roomwire::dmx
