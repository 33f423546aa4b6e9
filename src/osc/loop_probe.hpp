// A bundle without anything in it, by which bridges see whether what one sends comes to another. No
// receiver does anything with it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <roomwire/ids.hpp>
#include <roomwire/payload.hpp>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace roomwire::osc {

/// The number is the bundle's time tag, so it should be one of about now: a server that plays
/// bundles at their time complains of old ones and keeps those of the future.
inline Bytes loop_probe(std::uint64_t number) {
  Bytes packet;
  ByteWriter writer(packet);
  writer.bytes(as_bytes(std::string_view("#bundle\0", 8)));
  writer.u64(number);
  return packet;
}

/// Of any empty bundle.
inline std::optional<std::uint64_t> loop_probe_number(ByteView packet) {
  if (packet.size() != 16 || !as_text(packet).starts_with(std::string_view("#bundle\0", 8)))
    return std::nullopt;
  return ByteReader(packet.subspan(8)).u64();
}

/// Brings together the probes that other bridges say they send and those that come, whichever is
/// first. Only what was announced is spoken of, so that strangers' bundles bring nothing about.
class LoopProbes {
 public:
  static constexpr std::size_t max_kept = 16;

  /// A bridge says that it sends this one. Where it came from, if it is here already.
  std::optional<Endpoint> announced(const PeerId& bridge, std::uint64_t number) {
    for (const Came& came : came_) {
      if (came.number == number) return came.from;
    }
    push(announced_, {bridge, number});
    return std::nullopt;
  }
  /// One came; who announced it, if somebody did.
  std::optional<PeerId> came(std::uint64_t number, const Endpoint& from) {
    for (const Announced& each : announced_) {
      if (each.number == number) return each.bridge;
    }
    push(came_, {number, from});
    return std::nullopt;
  }

 private:
  struct Announced {
    PeerId bridge;
    std::uint64_t number;
  };
  struct Came {
    std::uint64_t number;
    Endpoint from;
  };
  template <class T>
  static void push(std::deque<T>& list, T item) {
    list.push_back(std::move(item));
    if (list.size() > max_kept) list.pop_front();
  }

  std::deque<Announced> announced_;
  std::deque<Came> came_;
};

}  // namespace roomwire::osc
