// roomwire relay: the embedded relay server as a program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/command.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

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

/// Throws Stop.
RelayOptions parse_relay_command(const std::vector<std::string>& arguments,
                                 const Environment& environment);

Command relay_command();

}  // namespace roomwire::cli
