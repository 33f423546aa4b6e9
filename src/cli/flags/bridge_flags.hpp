// A bridge's flags, declared once: for its own command, and for `roomwire web`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/flags/command_parser.hpp"

namespace roomwire::cli {

/// How the user has to write a bridge's flags: `--rate` for its own command, `--osc-rate` for web.
class FlagNames {
 public:
  FlagNames() = default;
  /// `prefix`: empty, or such as `osc-`.
  explicit FlagNames(std::string prefix) : prefix_(std::move(prefix)) {}

  void add(const std::string& flag) { flags_.push_back(flag); }
  const std::vector<std::string>& all() const { return flags_; }
  std::string of(const std::string& flag) const { return "--" + prefix_ + flag.substr(2); }
  /// A text for a person that names flags as the bridge's own command has them.
  std::string in(std::string_view text) const;

 private:
  std::string prefix_;
  std::vector<std::string> flags_;
};

class BridgeFlags {
 public:
  /// Without a `prefix` these are the flags of the bridge's own command. With one they stand in
  /// groups of their own, which begin with `title`.
  BridgeFlags(CommandParser& parser, const std::string& prefix, std::string title);

  bool is_own_command() const { return title_.empty(); }
  /// Names are those of the bridge's own command, here and below. Group: Options, or another one.
  void add(Flag flag, const std::string& group = "Options");
  void add(const std::string& name, bool& out, const std::string& help,
           const std::string& group = "Options");

  bool has(const std::string& name) const { return parser_.has(names_.of(name)); }
  bool has_any() const;
  /// As CommandParser::need.
  void need(bool met, const std::vector<std::string>& flags, const std::string& problem) const;
  void allow_alone(const std::vector<std::string>& flags, const std::string& problem) const {
    parser_.allow_alone(flags, problem);
  }
  /// Throws Stop.
  [[noreturn]] void reject(const std::string& name, const std::string& problem) const;

  const FlagNames& names() const { return names_; }

 private:
  std::string group(const std::string& name) const;

  CommandParser& parser_;
  FlagNames names_;
  std::string title_;
};

}  // namespace roomwire::cli
