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

struct NetsendOptions {
  ConnectionOptions connection;
  std::string channel;
  std::optional<std::string> message;  ///< Nothing: read standard input, or `file`.
  std::optional<std::string> file;     ///< `-` is standard input, as a whole.
  bool as_text = false;
  /// How many to wait for; nothing: until the room has settled.
  std::optional<std::size_t> peers;
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
  std::size_t spool = std::size_t{1} << 30U;  ///< On disk, in bytes.
};

/// As written: the command reads what is OSC's, and names the flag when it cannot.
struct OscOptions {
  ConnectionOptions connection;
  std::vector<std::string> channels;   ///< Empty: osc.
  std::vector<std::string> to;         ///< [CHANNEL=]URL
  std::vector<std::string> listen;     ///< [CHANNEL=]URL
  std::vector<std::string> allow_out;  ///< Out: from the room to OSC.
  std::vector<std::string> deny_out;
  std::vector<std::string> allow_in;
  std::vector<std::string> deny_in;
  std::vector<std::string> maps;   ///< /ROOM=/OSC
  std::vector<std::string> types;  ///< PATTERN=TYPE
  std::string numbers = "auto";
  std::string booleans = "tags";
  std::string wide;  ///< Empty: int64, with a hint.
  std::string arrays = "flatten";
  std::vector<std::string> from;   ///< Beginnings of peer ids.
  std::uint64_t rate = 0;          ///< Messages a second of one address; 0: no limit.
  std::vector<std::string> every;  ///< INTERVAL=/ADDRESS ARGUMENT…
  bool strict_source = false;
  bool reuse = false;
  bool zeroconf = false;
  bool reply = false;
  bool ack = false;
  bool typed = false;
  bool bundle_timing = false;
  std::string time_tags = "keep";
  bool monitor = false;
  bool dry_run = false;
};

/// As written, like those of osc.
struct DmxOptions {
  ConnectionOptions connection;
  std::vector<std::string> channels;  ///< Empty: dmx.
  std::vector<std::string> to;
  std::vector<std::string> listen;
  bool counts_from_one = false;  ///< DMX channels in messages, rules and output.
  std::uint64_t full = 255;      ///< The value that is full in messages.
  std::string on_leave = "hold";
  std::string merge = "ltp";
  std::vector<std::string> from;   ///< Beginnings of peer ids.
  std::vector<std::string> allow;  ///< [UNIVERSE:]CHANNELS; empty: all channels.
  std::vector<std::string> max;    ///< [UNIVERSE:]CHANNELS=MAXIMUM
  std::string grand_master = "100%";
  std::uint64_t rate = 44;
  std::optional<std::uint64_t> priority;
  std::optional<std::string> source_name;
  bool artsync = false;
  std::string sync_universe;  ///< Empty: none.
  bool discover = false;      ///< Lists nodes and sources, and joins no room.
  bool monitor = false;
  bool dry_run = false;
};

/// An address and port to listen on.
struct ListenAddress {
  std::string address = "127.0.0.1";  ///< IPv4, or IPv6 without brackets.
  std::uint16_t port = 7777;          ///< 0 lets the system choose.
  bool operator==(const ListenAddress&) const = default;
};

struct MonitorOptions {
  ConnectionOptions connection;
  bool as_json = false;
};

struct RoomCommandOptions {
  enum class Action { show, make, set, share };
  Action action = Action::show;
  RoomId room;       ///< Of set, or in place of the remembered one.
  std::string page;  ///< Of the link to share.
  std::optional<std::string> png;
  bool is_overridden = false;  ///< Another room than the remembered one is in the environment.
};

/// The page, its relay and, if asked for, bridges in one process.
struct WebOptions {
  ConnectionOptions connection;  ///< Of the bridges' peer; the page joins its room.
  std::vector<ListenAddress> listen;
  bool local = false;  ///< No public relay, no STUN.
  std::string tls_certificate;
  std::string tls_key;
  std::vector<std::string> allow_origins;  ///< Pages that may use the relay, beside its own.
  std::vector<std::string> osc_to;         ///< As those of osc, and so on.
  std::vector<std::string> osc_listen;
  std::vector<std::string> dmx_to;
  std::vector<std::string> dmx_listen;

  bool has_osc() const { return !osc_to.empty() || !osc_listen.empty(); }
  bool has_dmx() const { return !dmx_to.empty() || !dmx_listen.empty(); }
};

struct RelayOptions {
  std::vector<ListenAddress> listen;
  std::string tls_certificate;  ///< PEM file; empty: no TLS.
  std::string tls_key;
  std::vector<std::string> allow_origins;  ///< Pages that may use it; empty: any.
  std::optional<std::size_t> max_connections;
  std::optional<std::size_t> max_subscriptions;  ///< Of a client.
  std::optional<std::size_t> max_message_bytes;
  std::optional<std::size_t> messages_per_second;  ///< Of a client, on average.
  Verbosity verbosity = Verbosity::normal;
};

}  // namespace roomwire::cli
