// What the commands can be told, once flags and environment are read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/context.hpp>
#include <roomwire/room.hpp>
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
  RoomOptions room;  ///< Its room is empty when the user named none: a new one is to be made.
  std::optional<std::chrono::milliseconds> time_limit;
  Verbosity verbosity = Verbosity::normal;
};

struct NetsendOptions {
  ConnectionOptions connection;
  std::string channel;
  std::optional<std::string> message;  ///< Nothing: read standard input, or `file`.
  std::optional<std::string> file;     ///< `-` is standard input, as a whole.
  bool as_text = false;
  std::size_t peers = 1;
};

enum class OutputFormat {
  value,     ///< The value as compact JSON.
  raw,       ///< The same, but strings bare.
  envelope,  ///< With time, channel and sender.
};

struct NetrecvOptions {
  ConnectionOptions connection;
  std::vector<std::string> channels;
  OutputFormat format = OutputFormat::value;
  std::optional<std::uint64_t> count;
};

/// An address and port to listen on.
struct ListenAddress {
  std::string address = "127.0.0.1";  ///< IPv4, or IPv6 without brackets.
  std::uint16_t port = 7777;          ///< 0 lets the system choose.
  bool operator==(const ListenAddress&) const = default;
};

struct RelayOptions {
  std::vector<ListenAddress> listen;
  std::string tls_certificate;  ///< PEM file; empty: no TLS.
  std::string tls_key;
  std::optional<std::size_t> max_connections;
  std::optional<std::size_t> max_subscriptions;  ///< Of a client.
  std::optional<std::size_t> max_message_bytes;
  std::optional<std::size_t> messages_per_second;  ///< Of a client, on average.
  Verbosity verbosity = Verbosity::normal;
};

}  // namespace roomwire::cli
