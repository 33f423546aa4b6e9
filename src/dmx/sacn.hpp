// Streaming ACN packets as bytes and back (ANSI E1.31-2018).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "dmx/refusal.hpp"
#include "dmx/universe.hpp"

namespace roomwire::dmx {

/// UDP (ACN_SDT_MULTICAST_PORT).
constexpr std::uint16_t sacn_port = 5568;
/// Where sources say what they send (E131_DISCOVERY_UNIVERSE), and how often
/// (E131_UNIVERSE_DISCOVERY_INTERVAL).
constexpr std::uint16_t sacn_discovery_universe = 64'214;
constexpr Duration sacn_discovery_interval = 10s;
constexpr std::uint8_t sacn_default_priority = 100;
constexpr std::uint8_t sacn_max_priority = 200;

/// Who a source is: a UUID that stays the same (section 5.6).
using Cid = std::array<std::uint8_t, 16>;

/// Of the first slot: what the others are. 0xdd is ETC's priority per address: of each slot, from 1
/// to 200, and 0 where the source has no level for it.
constexpr std::uint8_t levels_start_code = 0;
constexpr std::uint8_t priorities_start_code = 0xdd;

/// The levels of one universe (sections 4.1, 6.2, 7), or their priorities.
struct SacnData {
  Cid cid{};
  std::string source_name;  ///< UTF-8, cut to 63 bytes.
  std::uint8_t priority = sacn_default_priority;
  /// The universe of the sync packets that show this; 0 is at once.
  std::uint16_t sync_address = 0;
  std::uint8_t sequence = 0;
  bool preview = false;     ///< Not for lights: for who looks at a plan of them.
  bool terminated = false;  ///< The source ends this universe.
  bool force_sync = false;  ///< Show frames also when the sync packets stay away.
  SacnUniverse universe;
  /// One of the two; packets of others are refused as foreign.
  std::uint8_t start_code = levels_start_code;
  Frame frame;
  bool operator==(const SacnData&) const = default;
};

/// Show what was sent with this sync address (sections 4.2, 6.3).
struct SacnSync {
  Cid cid{};
  std::uint8_t sequence = 0;
  SacnUniverse sync_address;
  bool operator==(const SacnSync&) const = default;
};

/// What a source sends (sections 4.3, 6.4, 8).
struct SacnDiscovery {
  static constexpr std::size_t max_universes = 512;

  Cid cid{};
  std::string source_name;
  std::uint8_t page = 0;  ///< Of 512 universes, up to last_page.
  std::uint8_t last_page = 0;
  std::vector<SacnUniverse> universes;  ///< Ascending, at most 512.
  bool operator==(const SacnDiscovery&) const = default;
};

/// What a source sends, as the packets that say it; `universes` in any order. None for none.
std::vector<SacnDiscovery> discovery_pages(const Cid& cid, const std::string& source_name,
                                           std::vector<SacnUniverse> universes);

/// Each appends one packet to `out`.
void encode(const SacnData& packet, Bytes& out);
void encode(const SacnSync& packet, Bytes& out);
void encode(const SacnDiscovery& packet, Bytes& out);

using SacnPacket = std::variant<SacnData, SacnSync, SacnDiscovery>;

/// One datagram. Refused are, as malformed, what is not E1.31 or has no levels in it and, as
/// foreign, vectors and start codes that are not read here. Of levels and universes, as many are
/// taken as are there, whatever the lengths say. In the list of a discovery packet, what is no
/// universe is left out.
Accepted<SacnPacket> decode_sacn(ByteView datagram);

/// 239.255.hi.lo (section 9.3.1); of the discovery universe too.
IpAddress sacn_multicast_group(std::uint16_t universe);

}  // namespace roomwire::dmx
