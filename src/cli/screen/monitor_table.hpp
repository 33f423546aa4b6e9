// What a monitor has seen, and how it looks. No clock and no terminal of its own.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <roomwire/room.hpp>
#include <string>
#include <utility>
#include <vector>

namespace roomwire::cli {

class MonitorTable {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Channels with a line of their own; what comes on more is counted together.
  static constexpr std::size_t max_channels = 256;

  MonitorTable(Time now, std::string room) : room_(std::move(room)), ticks_{now, now} {}

  void take(Time now, const std::string& channel, const Message& message);
  void joined(const PeerId& peer, std::optional<Path> path);
  void left(const PeerId& peer);
  /// Nothing: it does not answer.
  void measured(const PeerId& peer, std::optional<std::chrono::microseconds> round_trip);
  /// To be called at regular times: rates are those of the last two intervals.
  void tick(Time now);

  /// At most `lines` lines (4 or more), the last one without its newline. Text from the network is
  /// printable.
  std::string text(Time now, std::size_t lines) const;

 private:
  /// Messages, in all and a second.
  struct Counter {
    std::uint64_t count = 0;
    std::array<std::uint64_t, 2> before{};  // at the last two ticks
    double rate = 0;

    void tick(double seconds);
  };
  struct Channel {
    Counter messages;
    PeerId from;
    std::string value;
    Time last;
  };
  struct Peer {
    std::optional<Path> path;
    std::optional<std::chrono::microseconds> round_trip;
    bool is_silent = false;
  };

  std::vector<std::string> channel_lines(Time now) const;
  std::vector<std::string> peer_lines() const;

  std::string room_;
  std::map<std::string, Channel> channels_;
  Channel others_;
  std::map<PeerId, Peer> peers_;
  Counter all_;
  std::array<Time, 2> ticks_;
};

}  // namespace roomwire::cli
