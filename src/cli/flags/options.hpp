// What the commands can be told, once flags and environment are read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/ids.hpp>
#include <roomwire/options.hpp>
#include <string>
#include <vector>

namespace roomwire::cli {

/// How the program ends.
enum ExitCode : int {
  exit_fine = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_timed_out = 124,    ///< As timeout(1).
  exit_signal_base = 128,  ///< 128 + the signal's number, as shells have it.
};

enum class Verbosity { quiet, normal, verbose };

/// How to get into a room; common to netsend and netrecv.
struct ConnectionOptions {
  ContextOptions context;
  RoomOptions room;  ///< Its room is empty when the user named none: it is the remembered one.
  std::optional<std::chrono::milliseconds> time_limit;
  Verbosity verbosity = Verbosity::normal;
};

enum class OutputFormat {
  value,     ///< The value as compact JSON.
  raw,       ///< The same, but strings bare.
  envelope,  ///< With time, channel and sender.
};

/// An address and port to listen on.
struct ListenAddress {
  std::string address = "127.0.0.1";  ///< IPv4, or IPv6 without brackets.
  std::uint16_t port = 7777;          ///< 0 lets the system choose.
  bool operator==(const ListenAddress&) const = default;
};

}  // namespace roomwire::cli
