#include "cli/flags/command_parser.hpp"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cctype>
#include <cstdint>

#include "cli/flags/flag_values.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

// At most one letter is missing, too many or wrong, or `text` begins `name`.
bool is_near(std::string_view text, std::string_view name) {
  if (text.size() > 4 && name.starts_with(text)) return true;
  if (text.size() > name.size()) std::swap(text, name);
  if (name.size() - text.size() > 1) return false;
  const auto [a, b] = std::mismatch(text.begin(), text.end(), name.begin());
  const auto after = a == text.end() || text.size() < name.size() ? a : a + 1;
  return std::equal(after, text.end(), b == name.end() ? b : b + 1, name.end());
}

Problem not_empty(const std::string& text, const char* what) {
  if (text.empty()) return fmt::format("is empty; give {}", what);
  if (!is_utf8(text)) return "is not UTF-8";
  return std::nullopt;
}

Problem take_ice_server(const std::string& text, ContextOptions& out) {
  if (!out.ice_servers) out.ice_servers.emplace();
  if (text == "none") {
    out.ice_servers->clear();
    return std::nullopt;
  }
  return append(parse_ice_server(text), *out.ice_servers);
}

std::vector<Flag> room_flags(ConnectionOptions& options) {
  RoomOptions& room = options.room;
  return {
      {"--room", "ID|URL", "Room, or a link with ?room= (the remembered one)", false,
       [&](const std::string& text) {
         if (auto relay = relay_of_page(text)) options.context.further_relays = {*relay};
         return store(parse_room(text), room.room);
       }},
      {"--app-id", "ID", "App that the room belongs to (patchies)", false,
       [&](const std::string& text) {
         std::string id;
         Problem problem = take_text(text, "the app's id", id);
         room.app = AppId(std::move(id));
         return problem;
       }},
  };
}

std::vector<Flag> meeting_flags(ConnectionOptions& options) {
  ContextOptions& context = options.context;
  RoomOptions& room = options.room;
  return {
      {"--password", "TEXT", "Its password; ROOMWIRE_PASSWORD hides it from ps", false,
       [&](const std::string& text) -> Problem {
         if (!is_utf8(text)) return "is not UTF-8";
         room.password = text;
         return std::nullopt;
       }},
      {"--relay", "URL", "Nostr relay; repeat for more (Trystero's own)", true,
       [&](const std::string& text) { return append(RelayUrl::parse(text), context.relays); }},
      {"--ws-relay", "URL", "Trystero WebSocket relay; repeat for more", true,
       [&](const std::string& text) {
         return append(RelayUrl::parse(text, RelayUrl::Kind::ws_relay), context.relays);
       }},
      {"--relay-set", "RELEASE", "Only the relays of one Trystero, such as 0.23.0", false,
       [&](const std::string& text) {
         return take_text(text, "a release, such as 0.23.0", context.relay_set);
       }},
  };
}

std::vector<Flag> transport_flags(ConnectionOptions& options) {
  ContextOptions& context = options.context;
  return {
      {"--ice-server", "stun:HOST:PORT", "STUN, or none; repeat for more (Trystero's)", true,
       [&](const std::string& text) { return take_ice_server(text, context); }},
      {"--ice-port", "PORT", "The one UDP port to use (any)", false,
       [&](const std::string& text) -> Problem {
         const auto port = parse_number(text, 1, 65535);
         if (!port) return port.error().message;
         context.ice_port = static_cast<std::uint16_t>(*port);
         return std::nullopt;
       }},
      {"--ice-interface", "NAME|ADDR", "Interface or address; repeat for more (all)", true,
       [&](const std::string& text) {
         context.ice_interfaces.emplace_back();
         return take_text(text, "an interface's name or address", context.ice_interfaces.back());
       }},
      {"--max-message", "BYTES", "Largest message, such as 16M (64M)", false,
       [&](const std::string& text) { return store(parse_size(text), context.max_message_bytes); }},
  };
}

CLI::Option* add(CLI::App& app, const Flag& flag, const std::string& group) {
  const auto take = [flag](const CLI::results_t& values) {
    for (const std::string& value : values) {
      if (const Problem problem = flag.take(value)) {
        reject(flag.long_name(), *problem);
      }
    }
    return true;
  };
  CLI::Option* option = app.add_option(flag.name, take, flag.help);
  option->type_name(flag.type)->group(group)->type_size(1)->expected(1);
  if (flag.repeats) option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return option;
}

std::string variable_of(const Flag& flag) {
  std::string out = "ROOMWIRE_";
  for (const char c : flag.long_name().substr(2)) {
    out.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return out;
}

std::vector<std::string> split(const std::string& text, bool is_list) {
  if (!is_list) return {text};
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

// These say the same thing in different ways: where peers are looked for.
bool chooses_relays(const Flag& flag) {
  const std::string name = flag.long_name();
  return name == "--relay" || name == "--ws-relay" || name == "--relay-set";
}

// Takes the variables of those flags that were not given. One flag that chooses relays makes the
// variables of all three count for nothing.
void take_variables(const std::vector<std::pair<Flag, CLI::Option*>>& flags,
                    const Environment& environment) {
  const bool relays_chosen = std::any_of(flags.begin(), flags.end(), [](const auto& entry) {
    return chooses_relays(entry.first) && entry.second->count() > 0;
  });
  for (const auto& [flag, option] : flags) {
    if (option->count() > 0 || (relays_chosen && chooses_relays(flag))) continue;
    const std::string name = variable_of(flag);
    const auto value = environment(name);
    if (!value || value->empty()) continue;
    const auto parts = split(*value, flag.repeats);
    if (parts.empty()) reject(name, "it names nothing");
    for (const std::string& part : parts) {
      if (const Problem problem = flag.take(part)) reject(name, *problem);
    }
  }
}

}  // namespace

void reject(const std::string& flag, const std::string& problem) {
  throw Stop{WrongUsage{flag + ": " + problem}};
}

Problem take_text(const std::string& text, const char* what, std::string& out) {
  if (auto problem = not_empty(text, what)) return problem;
  out = text;
  return std::nullopt;
}

Flag list(const char* name, const char* type, const char* help, std::vector<std::string>& out) {
  return {name, type, help, true, [&out](const std::string& text) {
            out.emplace_back();
            return take_text(text, "a value", out.back());
          }};
}

CommandParser::CommandParser(const std::string& name, const CommandHelp& help)
    : app_(help.what, "roomwire " + name) {
  app_.footer(help.examples);
  app_.get_formatter()->column_width(31);
  app_.get_formatter()->label("REQUIRED", "");
  app_.get_formatter()->label("Positionals", "Arguments");
  app_.set_help_flag("-h,--help", "Print this help");
}

void CommandParser::add_value(const Flag& flag, const std::string& group) {
  add(app_, flag, group);
}

void CommandParser::add_connection(ConnectionOptions& options) {
  add_room(options);
  for (Flag& flag : meeting_flags(options))
    add_with_variable(std::move(flag), "Connection");
  add_transport(options);
  add_value({"-W,--timeout", "SECONDS", "End after this time, with exit code 124", false,
             [&options](const std::string& text) {
               return store(parse_seconds(text), options.time_limit);
             }});
  add_verbosity(options.verbosity);
}

void CommandParser::add_room_alone(ConnectionOptions& options) {
  add_with_variable(room_flags(options).front(), "Options");
}

void CommandParser::add_room(ConnectionOptions& options) {
  for (Flag& flag : room_flags(options))
    add_with_variable(std::move(flag), "Connection");
}

void CommandParser::add_transport(ConnectionOptions& options) {
  for (Flag& flag : transport_flags(options))
    add_with_variable(std::move(flag), "Connection");
}

void CommandParser::add_tls(std::string& certificate, std::string& key) {
  app_.add_option("--tls-cert", certificate, "Certificate chain, PEM; then TLS is spoken")
      ->type_name("FILE");
  app_.add_option("--tls-key", key, "Its private key, PEM")->type_name("FILE");
}

void CommandParser::add_allow_origin(const std::string& help, std::vector<std::string>& out) {
  add_value({"--allow-origin", "ORIGIN", help, true,
             [&out](const std::string& text) { return append(parse_origin(text), out); }});
}

void CommandParser::add_verbosity(Verbosity& out) {
  app_.add_flag_callback(
      "-q,--quiet", [&out] { out = Verbosity::quiet; }, "Say nothing but errors");
  app_.add_flag_callback(
      "-v,--verbose", [&out] { out = Verbosity::verbose; }, "Say all that happens");
}

void CommandParser::parse(std::vector<std::string> arguments, const Environment& environment) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    throw Stop{Print{help()}};
  } catch (const CLI::ExtrasError&) {
    reject_extra(app_.remaining().front());
  } catch (const CLI::RequiredError& error) {
    reject(std::string(error.what()).substr(0, std::string_view(error.what()).find(' ')),
           "is missing; see " + app_.get_name() + " --help");
  } catch (const CLI::ArgumentMismatch& error) {
    reject(std::string(error.what()).substr(0, std::string_view(error.what()).find(':')),
           "takes one value, and is given once");
  } catch (const CLI::ParseError& error) {
    throw Stop{WrongUsage{error.what()}};
  }
  exclude("--quiet", "--verbose");
  take_variables(with_variables_, environment);
}

bool CommandParser::has(const std::string& name) const {
  const CLI::Option* option = app_.get_option_no_throw(name);
  return option != nullptr && option->count() > 0;
}

void CommandParser::exclude(const std::string& one, const std::string& other) const {
  if (has(one) && has(other)) reject(one, "contradicts " + other + "; leave one of them out");
}

void CommandParser::need(bool met, const std::vector<std::string>& flags,
                         const std::string& problem) const {
  if (met) return;
  for (const std::string& flag : flags) {
    if (has(flag)) reject(flag, problem);
  }
}

void CommandParser::allow_alone(const std::vector<std::string>& flags,
                                const std::string& problem) const {
  for (const CLI::Option* option : app_.get_options()) {
    const std::string name = "--" + option->get_single_name();
    if (option->count() > 0 && std::find(flags.begin(), flags.end(), name) == flags.end())
      reject(name, problem);
  }
}

// CLI11's, with its empty lines where they belong.
std::string CommandParser::help() const {
  std::string out = app_.help();
  const std::string_view twice = "\n\n\n";
  for (std::size_t at = out.find(twice); at != std::string::npos; at = out.find(twice, at))
    out.erase(at, 1);
  if (const std::size_t usage = out.find("\nUsage:"); usage != std::string::npos)
    out.insert(usage, "\n");
  return out;
}

void CommandParser::reject_extra(const std::string& extra) const {
  const std::string help = "see " + app_.get_name() + " --help";
  if (!extra.starts_with('-')) {
    if (app_.get_option_no_throw("--listen") != nullptr && parse_listen(extra)) {
      reject("'" + printable(extra, 100) + "'",
             "is one argument too many; to listen there write --listen " + printable(extra, 100));
    }
    reject("'" + printable(extra, 100) + "'",
           "is one argument too many; put a value with spaces in it in quotes, or " + help);
  }
  const std::string name = extra.substr(0, extra.find('='));
  for (const CLI::Option* option : app_.get_options()) {
    const std::string& known = option->get_single_name();
    if (name.starts_with("--") && is_near(name, "--" + known)) {
      reject(printable(name, 100), "is no flag; did you mean --" + known + "?");
    }
  }
  reject(printable(name, 100), "is no flag; " + help);
}

void CommandParser::add_with_variable(Flag flag, const std::string& group) {
  CLI::Option* option = add(app_, flag, group);
  with_variables_.emplace_back(std::move(flag), option);
}

void CommandParser::check_connection(const ConnectionOptions& options) const {
  if (options.context.relay_set.empty() || options.context.relays.empty()) return;
  const std::string problem = "chooses among Trystero's own relays; leave out ";
  // All of them are flags, or all are variables.
  if (has("--relay-set")) reject("--relay-set", problem + "--relay and --ws-relay");
  reject("ROOMWIRE_RELAY_SET", problem + "ROOMWIRE_RELAY and ROOMWIRE_WS_RELAY");
}

void CommandParser::check_tls() const {
  if (has("--tls-cert") == has("--tls-key")) return;
  reject(has("--tls-cert") ? "--tls-cert" : "--tls-key",
         "needs its other half; give both --tls-cert and --tls-key");
}

}  // namespace roomwire::cli
