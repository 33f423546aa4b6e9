// Who sends a universe: programs, told apart by where they send from and who they say they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "dmx/merge.hpp"
#include "dmx/sacn.hpp"
#include "dmx/sequence.hpp"

namespace roomwire::dmx {

/// An address alone is not enough: two scripts on one machine have one. Neither is a CID, of which
/// some libraries have a fixed one for every program that uses them.
struct Identity {
  Endpoint from;
  Cid cid{};         ///< Of sACN.
  std::string name;  ///< Of sACN.

  /// Apart from the port.
  bool is_like(const Identity& other) const {
    return from.address == other.from.address && cid == other.cid && name == other.name;
  }
  /// For people: 10.0.0.1:6454, or 'desk' at 10.0.0.1:5568.
  std::string text() const;
  bool operator==(const Identity&) const = default;
};

struct Sender {
  Sender(SourceId number, Identity who, Sequence::OrderOf order)
      : id(std::move(number)), identity(std::move(who)), levels(order), priorities(order) {}

  SourceId id;  ///< Never used twice.
  Identity identity;
  /// Of its levels and of its priorities, which are counted together by some, each by others.
  Sequence levels;
  Sequence priorities;
  Time heard;                 ///< Its last levels.
  Time heard_priorities;      ///< Its last priorities of channels.
  std::uint64_t packets = 0;  ///< From the port that it has now.
  /// It opens a socket for each packet, and this was the port before.
  std::optional<std::uint16_t> port_before;
};

/// Of one universe.
class Senders {
 public:
  static constexpr std::size_t max = Merger::max_sources;
  /// So many who spoke once, each from a port of its own, are one program that opens a socket for
  /// each packet; the next port is its too.
  static constexpr std::size_t max_who_spoke_once = 3;

  explicit Senders(Sequence::OrderOf order) : order_(order) {}

  /// The one who sent a packet; null for one too many. Valid until the next.
  Sender* find_or_add(const Identity& identity);
  const Sender* find(const SourceId& id) const;
  void forget(const SourceId& id);

  /// Another program with the CID of `sender`, who has spoken twice, heard since `sender` spoke: so
  /// both are there, and it is not one that was restarted. Of one program that sends by two
  /// addresses the numbers are the same.
  Sender* twin_of(const Sender& sender);

 private:
  Sender* known(const Identity& identity);
  Sender* with_many_sockets(const Identity& identity);

  Sequence::OrderOf order_;
  std::vector<Sender> senders_;
  std::uint64_t count_ = 0;
};

}  // namespace roomwire::dmx
