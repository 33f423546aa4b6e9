// The OSC bridge without its sockets: messages of a room become OSC packets, and the other way
// round.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <roomwire/ids.hpp>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/drop_counter.hpp"
#include "base/drop_log.hpp"
#include "base/time.hpp"
#include "osc/address_rules.hpp"
#include "osc/codec.hpp"
#include "osc/fair_queue.hpp"
#include "osc/json.hpp"
#include "osc/loop_guard.hpp"
#include "osc/message.hpp"
#include "osc/newest_value.hpp"

namespace roomwire::osc {

/// What becomes of the times of bundles, which mean nothing where clocks differ.
enum class TimeTags {
  keep,
  drop,  ///< Immediately.
  now,   ///< When it leaves, by our clock. Bundles within keep their distance from it.
};

struct BridgeOptions {
  osc::TypeOptions types;
  /// Somebody thought about 64 bits: no hint at the first.
  bool wide_is_chosen = false;
  osc::JsonForm form = osc::JsonForm::plain;
  AddressRules to_osc;
  AddressRules to_room;
  /// Least time between two messages of one address, in each direction; zero: no limit. Messages
  /// in bundles for the room's OSC ends, and those with a time, are not held back, as that would
  /// tear them apart; older ones of their addresses, kept back, then go no more.
  Duration interval{};
  /// Bundles from the room leave when their time has come, not at once with their time tag.
  /// With another time than that, receivers would wait once more: so `keep` is then `now`.
  bool bundle_timing = false;
  /// In both directions.
  TimeTags time_tags = TimeTags::keep;
  /// Only messages of peers whose id begins with one of these; empty: all.
  std::vector<std::string> from;
};

/// Called from within BridgeCore's functions; may not call back into it.
class BridgePort {
 public:
  virtual ~BridgePort() = default;
  /// To the OSC ends of the channel. `packet` is valid during the call.
  /// False when no end is there to take it.
  virtual bool send_osc(const std::string& channel, ByteView packet) = 0;
  /// True while the OSC ends want no more: packets then wait inside the bridge.
  virtual bool is_congested() const = 0;
  virtual void send_room(const std::string& channel, std::string json) = 0;
  /// Of one message, something went to an OSC end.
  virtual void acknowledge(const PeerId& peer, const std::string& channel) = 0;
  /// What may not be meant so: one line for a person, each thing again while it goes on.
  virtual void on_hint(const std::string& line) = 0;
  /// The first of each kind that was read in spite of how it was written (see osc::Sloppy): one
  /// line for a person who wants to know much.
  virtual void on_sloppy(const std::string& line) = 0;
  /// For --monitor; every message that passes, as it goes on.
  virtual void on_passed(bool to_osc, const std::string& channel, const osc::Message& message) = 0;
};

struct BridgeStats {
  std::uint64_t to_osc = 0;   ///< OSC messages.
  std::uint64_t to_room = 0;  ///< Room messages.
  std::uint64_t sloppy = 0;   ///< Packets, from either side.
  std::string last_address;
};

class BridgeCore {
 public:
  BridgeCore(BridgeOptions options, BridgePort& port, DropCounter& drops);

  /// For time tags: when `Time` zero was, in nanoseconds since 1970. At any time again, as the date
  /// of a small computer may be set long after it began to run.
  void set_epoch(std::chrono::nanoseconds epoch) { epoch_ = epoch; }
  bool needs_epoch() const { return options_.bundle_timing || options_.time_tags == TimeTags::now; }

  /// What bundles may wait for their time, and how far ahead that may be. Beyond: sent at once.
  static constexpr std::size_t max_scheduled = 10'000;
  static constexpr Duration longest_ahead = std::chrono::hours(1);

  /// While more than this waits for the OSC ends, nothing should be read from the room.
  static constexpr std::size_t high_mark = 4096;
  static constexpr std::size_t high_mark_bytes = std::size_t{4} << 20;
  bool is_full() const {
    return waiting_.size() >= high_mark || waiting_.bytes() >= high_mark_bytes;
  }

  void from_room(Time now, const PeerId& peer, const std::string& channel, Payload payload);
  /// `source` is a text for people. What came from another bridge is for the caller to refuse.
  /// False when nothing of it may pass.
  bool from_osc(Time now, const std::string& channel, const std::string& source, ByteView packet);
  /// The OSC ends may take more.
  void resume(Time now);

  /// Something passed that may not be meant so. What has the same `thing` is one.
  void hint(std::string_view thing, const std::string& line);

  Deadline next_timeout() const;
  void handle_timeout(Time now);
  /// At the end: what a rate kept back goes now; bundles whose time has not come are dropped.
  void finish();

  const BridgeStats& stats() const { return stats_; }

 private:
  struct FromRoom {
    std::string channel;
    Payload payload;
  };
  struct OscOut {
    std::string channel;
    osc::Packet packet;
  };
  struct RoomOut {
    std::string channel;
    osc::Message message;
    osc::TimeTag time;
  };

  void translate(Time now, const PeerId& peer, const std::string& channel, const Payload& payload);
  bool send_packets(Time now, const std::string& who, const std::string& channel,
                    std::vector<osc::Packet> packets);
  bool send_packet(Time now, const std::string& who, const std::string& channel,
                   osc::Packet packet);
  bool obey(const AddressRules& rules, const std::string& who, osc::Packet& packet);
  void retime(Time now, TimeTags how, osc::Packet& packet) const;
  bool leave(Time now, const std::string& who, OscOut out);
  bool is_for_later(Time now, const osc::Packet& packet, const std::string& channel);
  void overtake(Time now, const OscOut& out);
  bool emit(const std::string& who, const OscOut& out);
  void to_room(Time now, const std::string& channel, osc::Packet packet, osc::TimeTag time);
  void tell_room(const RoomOut& out);
  void note(bool to_osc, const std::string& channel, const osc::Packet& packet);
  void refused(const std::string& who, const osc::Refusals& refusals);
  osc::Decoded decode(const std::string& who, ByteView packet);
  void hint_at(const osc::Packet& packet);
  void pump(Time now);

  const BridgeOptions options_;
  BridgePort& port_;
  DropCounter& drops_;
  std::chrono::nanoseconds epoch_{};
  osc::FloatMemory floats_;
  FairQueue<PeerId, FromRoom> waiting_;
  std::optional<NewestValue<OscOut>> osc_rate_;
  std::optional<NewestValue<RoomOut>> room_rate_;
  std::multimap<Time, OscOut> scheduled_;
  Bytes packet_;  ///< Kept for its capacity.
  BridgeStats stats_;
  DropLog hints_;
  std::bitset<osc::sloppy_count> sloppy_;  ///< Those that were told of.
};

}  // namespace roomwire::osc
