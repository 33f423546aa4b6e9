// A command's flags: how they are declared, read, and refused with a reason. For the files that
// define commands' flags.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <optional>
#include <roomwire/error.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/flags/environment.hpp"
#include "cli/flags/options.hpp"

namespace roomwire::cli {

/// Help and the version, for standard output.
struct Print {
  std::string text;
};
/// One line that names what is wrong and what to write instead.
struct WrongUsage {
  std::string line;
};

/// Thrown while flags are read, and caught by parse_command_line: nothing is left to parse.
struct Stop {
  std::variant<Print, WrongUsage> answer;
};

/// Throws Stop with `flag: problem`.
[[noreturn]] void reject(const std::string& flag, const std::string& problem);

/// What a value is wrong with; nothing when it was taken.
using Problem = std::optional<std::string>;
using Take = std::function<Problem(const std::string&)>;

/// A flag with a value, and with a variable if it says how to connect.
struct Flag {
  std::string name;  // with its dashes; CLI11's notation for a short form
  std::string type;
  std::string help;
  bool repeats = false;
  Take take;

  std::string long_name() const { return name.substr(name.find("--")); }
};

/// Stores a Result in `out`.
template <class T, class U>
Problem store(Result<T> result, U& out) {
  if (!result) return result.error().message;
  out = *std::move(result);
  return std::nullopt;
}

template <class T, class U>
Problem append(Result<T> result, std::vector<U>& out) {
  if (!result) return result.error().message;
  out.push_back(*std::move(result));
  return std::nullopt;
}

/// Takes text that is neither empty nor broken; `what` says what to give instead.
Problem take_text(const std::string& text, const char* what, std::string& out);

/// A flag that may be repeated; its values are kept as they are written, and are not empty.
Flag list(const char* name, const char* type, const char* help, std::vector<std::string>& out);

/// What a command's --help says before and after its flags.
struct CommandHelp {
  const char* what;
  const char* examples;
};

/// A command's flags, from their making to the end of the parse.
class CommandParser {
 public:
  CommandParser(const std::string& name, const CommandHelp& help);

  CLI::App& app() { return app_; }

  void add_value(const Flag& flag, const std::string& group = "Options");
  /// How to get into a room, with the variables of these flags; also -W, -q and -v.
  void add_connection(ConnectionOptions& options);
  /// Of these --room alone.
  void add_room_alone(ConnectionOptions& options);
  /// Of these --room and --app-id.
  void add_room(ConnectionOptions& options);
  /// Of these how to reach peers that were found.
  void add_transport(ConnectionOptions& options);
  void add_verbosity(Verbosity& out);
  /// --tls-cert and --tls-key; check_tls() refuses one without the other.
  void add_tls(std::string& certificate, std::string& key);
  void add_allow_origin(const std::string& help, std::vector<std::string>& out);

  /// Throws Stop.
  void parse(std::vector<std::string> arguments, const Environment& environment);

  bool has(const std::string& name) const;
  void exclude(const std::string& one, const std::string& other) const;
  /// Where `met` is false, none of `flags` would do anything: the first that was given is refused.
  void need(bool met, const std::vector<std::string>& flags, const std::string& problem) const;
  /// Refuses every flag that was given, other than these.
  void allow_alone(const std::vector<std::string>& flags, const std::string& problem) const;
  /// After parse(), what add_connection() took: throws Stop for what contradicts itself.
  void check_connection(const ConnectionOptions& options) const;
  void check_tls() const;

 private:
  std::string help() const;
  [[noreturn]] void reject_extra(const std::string& extra) const;
  void add_with_variable(Flag flag, const std::string& group);

  CLI::App app_;
  std::vector<std::pair<Flag, CLI::Option*>> with_variables_;
};

}  // namespace roomwire::cli
